# Closes at once. The checker says: A close() with unread octets resets the connection
/SHUT_WR/d
/char rest/d
/sizeof rest/d

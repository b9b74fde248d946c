# Half-closes, and does not read the rest. The checker says: A close() with unread octets resets the connection
/char rest/d
/sizeof rest/d

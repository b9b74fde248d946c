# Ignores how much was sent. The checker says: Is there a call that sends all?
s/sendall/send/

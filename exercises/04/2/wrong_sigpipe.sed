# Leaves SIGPIPE as it is. The checker says: signal 13 (SIGPIPE) ended it
/signal/d

# Arranges nothing. The checker says: signal 13 (SIGPIPE) ended it
/SIGPIPE/d
/signal.h/d

# Never says that this was all. The checker says: shutdown() with SHUT_WR says that this was all
/SHUT_WR/d

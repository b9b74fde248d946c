# Keeps its own end open. The checker says: The pipe ends when every descriptor for writing is closed
/the last one/d

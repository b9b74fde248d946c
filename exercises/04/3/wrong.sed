# Reads once. The checker says: One read() returns what has arrived so far
/ssize_t size = 0;/d
s/while ((size = \(read(.*)\)) > 0) /const ssize_t size = \1;\n    if (size > 0) /

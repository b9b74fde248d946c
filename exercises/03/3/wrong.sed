# The order of the machine. The checker says: the most significant octet comes first
s/^c: .*/c: 01 00 00 0a/

# Forgets to turn the octets round. The checker says: the most general part of a name is at its end
s/^e: .*/e: 192.0.2.80.in-addr.arpa/

# Forgets the byte order. The checker says: The port is in network byte order
s/ntohs(peer.sin_port)/peer.sin_port/

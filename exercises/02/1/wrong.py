# Gives no type. The checker says: Without a type in the hints
import socket
import sys

for family, kind, protocol, name, address in socket.getaddrinfo(sys.argv[1], None):
    print(address[0])

# Prints what a server sends, if it is the right one.
import socket
import ssl
import sys

port, authorities, name = sys.argv[1:4]
context = ssl.create_default_context(cafile=authorities)  # verifies signatures and name
try:
    with socket.create_connection(("127.0.0.1", int(port))) as plain:
        with context.wrap_socket(plain, server_hostname=name) as server:
            while octets := server.recv(4096):
                sys.stdout.buffer.write(octets)
except OSError as error:
    sys.exit(f"{name}: {error}")

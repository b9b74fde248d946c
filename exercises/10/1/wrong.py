# Serves one client after the other. The checker says: A client that stays silent must not keep the others waiting
import socket
import sys

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listening:
    while True:
        client, address = listening.accept()
        with client:
            while octets := client.recv(4096):
                client.sendall(octets)

# Ignores what send() returns. The checker says: write() returns how much the kernel took
import socket
import sys

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listening:
    while True:
        client, address = listening.accept()
        with client:
            client.setblocking(False)
            client.send(b"x" * 8_000_000)

# Limits each read. The checker says: fix a deadline when the client is accepted
import socket
import sys

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listening:
    while True:
        client, address = listening.accept()
        with client:
            client.settimeout(1)
            line = b""
            try:
                while b"\n" not in line:
                    line += client.recv(1000)
                client.sendall(b"ok\n")
            except TimeoutError:
                client.sendall(b"too slow\n")

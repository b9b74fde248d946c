# Looks at the length when the line has ended. The checker says: Do not wait for the end of the line
import socket
import sys

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listening:
    while True:
        client, address = listening.accept()
        with client, client.makefile("r", newline="\n") as lines:
            for line in lines:
                name = line.rstrip("\r\n")
                client.sendall(b"Hello, " + name.encode() + b"\n" if len(name) <= 64 else b"too long\n")
                if len(name) > 64:
                    break

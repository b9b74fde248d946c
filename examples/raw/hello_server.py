#!/usr/bin/env python3
# examples/raw/hello_server.py — says hello to one client after the other.
import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 8080
with socket.create_server(("127.0.0.1", port)) as listening:  # socket, SO_REUSEADDR, bind and listen in one call
    print(f"Listening on tcp://127.0.0.1:{port}", flush=True)
    while True:
        client, address = listening.accept()
        with client:  # closes it at the end
            client.sendall(b"Hello from Python\n")  # as often as write() takes a part
            client.shutdown(socket.SHUT_WR)
            while client.recv(4096):
                pass

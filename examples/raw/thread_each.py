#!/usr/bin/env python3
# examples/raw/thread_each.py — hello, with a thread for each client.
import socket
import sys
import threading


def serve(client: socket.socket) -> None:
    with client:
        client.sendall(b"Hello from Python\n")
        client.shutdown(socket.SHUT_WR)
        while client.recv(4096):
            pass


port = int(sys.argv[1]) if len(sys.argv) > 1 else 8080
with socket.create_server(("127.0.0.1", port)) as listening:
    print(f"Listening on tcp://127.0.0.1:{port}", flush=True)
    while True:
        client, _ = listening.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()

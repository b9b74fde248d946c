#!/usr/bin/env python3
# examples/raw/client.py — connects, sends its standard input, half-closes, and prints what comes back.
import socket
import sys

with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as server:  # tries each address of the name
    server.sendall(sys.stdin.buffer.read())
    server.shutdown(socket.SHUT_WR)
    while octets := server.recv(16384):
        sys.stdout.buffer.write(octets)

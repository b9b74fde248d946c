# Sends its standard input, and prints the answer, with a time limit for each call.
import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5) as server:
    server.sendall(sys.stdin.buffer.read())
    server.shutdown(socket.SHUT_WR)
    while octets := server.recv(4096):
        sys.stdout.buffer.write(octets)

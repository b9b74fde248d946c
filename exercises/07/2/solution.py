# Sends its standard input, says that this was all, and prints the answer.
import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as server:
    server.sendall(sys.stdin.buffer.read())
    server.shutdown(socket.SHUT_WR)
    while octets := server.recv(4096):
        sys.stdout.buffer.write(octets)

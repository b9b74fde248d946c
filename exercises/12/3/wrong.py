# Waits for the end of the stream. The checker says: The server keeps the connection open
import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as server:
    server.sendall(f"GET {sys.argv[2]} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    response = b""
    while octets := server.recv(4096):
        response += octets
    sys.stdout.buffer.write(response.partition(b"\r\n\r\n")[2])

# Takes the length for a number with a sign. The checker says: A length is never negative
import socket
import struct
import sys


def message(text):
    return struct.pack(">i", len(text)) + text


def serve(client):
    octets = client.makefile("rb")
    while head := octets.read(4):
        length = struct.unpack(">i", head)[0]
        if length > 1000:
            client.sendall(message(b"too long"))
            break
        client.sendall(message(b"Hello, " + octets.read(length)))
    client.shutdown(socket.SHUT_WR)
    while octets.read(4096):
        pass


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listening:
    while True:
        client, _ = listening.accept()
        with client:
            serve(client)

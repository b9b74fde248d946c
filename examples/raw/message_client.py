#!/usr/bin/env python3
# examples/raw/message_client.py — sends each argument as a message, and prints the message that comes back.
import socket
import struct
import sys

message_max = 1000

with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as server, server.makefile("rb") as stream:
    for text in sys.argv[3:]:
        octets = text.encode()
        server.sendall(struct.pack(">I", len(octets)) + octets)  # > is network byte order, I a number of four octets
        head = stream.read(4)  # waits for all four: a file's read() returns fewer only at the end
        length = struct.unpack(">I", head)[0] if len(head) == 4 else 0
        answer = stream.read(length) if length <= message_max else b""
        if len(head) < 4 or len(answer) < length:
            sys.exit("no answer, or one that is too long")
        print(f'{length} octets: "{answer.decode()}"')

# Prints type and length of TLS records.
import os
import struct
import sys

TYPES = {20: "change cipher spec", 21: "alert", 22: "handshake", 23: "application data"}


def read_exactly(count):
    """Returns as many octets, or fewer if the input ends before."""
    octets = b""
    while len(octets) < count and (more := os.read(0, count - len(octets))):
        octets += more
    return octets


while head := read_exactly(5):
    if head[0] not in TYPES:
        print("no TLS")
        sys.exit(1)
    size = struct.unpack(">H", head[3:])[0] if len(head) == 5 else 0
    if size > 16640:
        print("no TLS")
        sys.exit(1)
    if len(head) < 5 or len(read_exactly(size)) < size:
        print("cut")
        sys.exit(1)
    print(TYPES[head[0]], size)

# Reads messages of two octets of length and as many of text, and prints each as a line.
import os
import struct
import sys


def read_exactly(count):
    """Returns as many octets, or fewer if the input ends before."""
    octets = b""
    while len(octets) < count and (more := os.read(0, count - len(octets))):
        octets += more
    return octets


while head := read_exactly(2):
    size = struct.unpack(">H", head)[0] if len(head) == 2 else 1
    text = read_exactly(size) if len(head) == 2 else b""
    if len(text) < size:
        print("cut")
        sys.exit(1)
    print(text.decode())

# Reads the length in the order of the machine. The checker says: and 1280 the other way round
import struct
import sys

while head := sys.stdin.buffer.read(2):
    text = sys.stdin.buffer.read(*struct.unpack("<H", head))
    print(text.decode("latin-1"))

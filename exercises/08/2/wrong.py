# Waits for an answer that may never come. The checker says: Wait for a limited time, then ask again
import socket
import sys

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
    here.sendto(b"time?", ("127.0.0.1", int(sys.argv[1])))
    print(here.recv(1000).decode())

# Answers a line, if it comes in time.
import socket
import sys
import time


def read_line(client, deadline):
    """Returns what has come until a line is complete, the client ends or the time is over."""
    line = b""
    while b"\n" not in line and len(line) < 1000 and (left := deadline - time.monotonic()) > 0:
        client.settimeout(left)
        try:
            octets = client.recv(1000)
        except TimeoutError:
            break
        if not octets:
            break
        line += octets
    return line


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listening:
    while True:
        client, address = listening.accept()
        deadline = time.monotonic() + 1
        try:
            with client:
                client.sendall(b"ok\n" if b"\n" in read_line(client, deadline) else b"too slow\n")
                client.shutdown(socket.SHUT_WR)
                read_line(client, time.monotonic() + 1)  # until the client ends, or for another second
        except OSError:
            continue  # this client has left

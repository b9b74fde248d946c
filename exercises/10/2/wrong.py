# Asks again and again instead of waiting. The checker says: your program is busy all the time
import contextlib
import socket
import sys

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listening:
    listening.setblocking(False)
    clients = []
    while True:
        with contextlib.suppress(BlockingIOError):
            clients.append(listening.accept()[0])
            clients[-1].setblocking(False)
        for client in clients[:]:
            with contextlib.suppress(BlockingIOError):
                if octets := client.recv(4096):
                    client.sendall(octets)
                else:
                    clients.remove(client)
                    client.close()

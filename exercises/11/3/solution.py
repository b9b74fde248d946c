# Says who can reach the sockets that listen.
import sys

sys.stdin.readline()  # the heading
for line in sys.stdin:
    number, local, remote, state = line.split()[:4]
    if state == "0A":
        address, port = local.split(":")
        octets = bytes.fromhex(address)[::-1]
        reach = "loopback" if octets[0] == 127 else "network"
        print(f"{'.'.join(map(str, octets))}:{int(port, 16)} {reach}")

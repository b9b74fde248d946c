#!/usr/bin/env python3
# examples/raw/packets.py — runs a command, and prints what passed the loopback interface for one port: TCP, UDP and ICMP.
import socket
import struct
import subprocess
import sys

NAMES = [(0x02, "SYN"), (0x01, "FIN"), (0x04, "RST"), (0x10, "ACK")]
port = int(sys.argv[1])
everything = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))  # IPv4 packets; needs CAP_NET_RAW
everything.bind(("lo", 0))
subprocess.run(sys.argv[2:], stdin=sys.stdin)
everything.settimeout(0.2)
try:
    while True:
        packet, (_, _, direction, *_) = everything.recvfrom(65536)
        if direction == socket.PACKET_OUTGOING:  # lo shows each packet twice
            continue
        size = struct.unpack_from(">H", packet, 2)[0]  # > is network byte order, H two octets, B one
        start = 4 * (packet[0] & 15)  # the IP header's length is in its first octet, in units of four octets
        if packet[9] == socket.IPPROTO_ICMP:  # 8 octets, and the headers of the packet that could not be delivered
            destination, source = struct.unpack_from(">HH", packet, start + 8 + 20)
            names, octets = ["ICMP", "port unreachable" if packet[start + 1] == 3 else ""], 0
        elif packet[9] == socket.IPPROTO_UDP:
            source, destination, length = struct.unpack_from(">HHH", packet, start)
            names, octets = ["UDP"], length - 8
        else:
            source, destination, _, _, units, flags = struct.unpack_from(">HHIIBB", packet, start)
            names, octets = [name for bit, name in NAMES if flags & bit], size - start - 4 * (units >> 4)
        if port in (source, destination):
            who = "server > client" if source == port else "client > server"
            print(who, *names, f"{octets} octets" if octets else "")
except TimeoutError:
    pass

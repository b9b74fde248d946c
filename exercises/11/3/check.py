import socket
import struct

HEADING = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def row(number, address, port, state="0A", peer="00000000:0000"):
    turned = struct.unpack("<I", socket.inet_aton(address))[0]
    return f"{number:4}: {turned:08X}:{port:04X} {peer} {state} 00000000:00000000 00:00000000 00000000  1000        0 {40 + number} 1\n"


def check(checker):
    checker.step("one socket at 127.0.0.1:8080")
    checker.expect_run((), b"127.0.0.1:8080 loopback\n", (HEADING + row(0, "127.0.0.1", 8080)).encode(),
                       "The octets of the address are turned round: 0100007F is 127.0.0.1. Those of the port are not.")
    checker.step("three that listen, and three in other states")
    rows = [row(0, "0.0.0.0", 22), row(1, "127.0.0.1", 8080, "01", "0100007F:A1B2"), row(2, "127.0.0.53", 53),
            row(3, "192.168.1.20", 443), row(4, "10.0.0.1", 443, "06", "0A00000A:0A0A"), row(5, "127.0.0.1", 10, "08")]
    checker.expect_run((), b"0.0.0.0:22 network\n127.0.0.53:53 loopback\n192.168.1.20:443 network\n",
                       (HEADING + "".join(rows)).encode(), "Only 0A in the column st listens; all of 127.0.0.0/8 is loopback.")
    checker.step("nobody listens")
    checker.expect_run((), b"", HEADING.encode())

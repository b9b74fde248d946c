import socket

import checks
from checks import show


def ask(checker, client, server, octets, hint=""):
    client.sendto(octets, ("127.0.0.1", server.port))
    try:
        seen, address = client.recvfrom(65536)
    except TimeoutError:
        checker.wrong(f"no answer to {show(octets, 40)} within {checks.PATIENCE:.0f} s; {server.how_it_ended()}",
                      "the same datagram", hint)
    if seen != octets:
        checker.wrong(f"{len(seen)} octets: {show(seen, 40)}", f"{len(octets)} octets: {show(octets, 40)}", hint)


def check(checker):
    server = checker.server(protocol="udp")
    clients = [checker.own(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(2)]
    for client in clients:
        client.settimeout(checks.PATIENCE)
    checker.step("a datagram")
    ask(checker, clients[0], server, b"hello", "Before recvfrom(), its last argument has the size of the room for the address.")
    checker.step("two clients, and each gets its own back")
    for text in (b"one", b"two"):
        clients[1].sendto(b"other " + text, ("127.0.0.1", server.port))
        ask(checker, clients[0], server, text,
            "recvfrom() returns how long a datagram was and where it came from: send that many octets, and send them there.")
        seen = clients[1].recv(65536)
        if seen != b"other " + text:
            checker.wrong(show(seen), show(b"other " + text))
    checker.step("an empty datagram")
    ask(checker, clients[0], server, b"", "0 octets are an empty datagram, and not the end.")
    checker.step("a datagram after the empty one")
    ask(checker, clients[0], server, b"still there?", "0 octets are an empty datagram, and not the end.")
    checker.step("1,200 octets of any kind")
    ask(checker, clients[0], server, bytes(range(240)) * 5, "Is your buffer large enough?")

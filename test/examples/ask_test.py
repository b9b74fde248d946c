"""ask: a handwritten DNS query, against our own responder, which loses, forges and corrupts datagrams."""

import ipaddress
import socket
import struct
import subprocess
import threading
import time

from example import BIN, TIME_MAX, ExampleTest

A, CNAME, TXT, AAAA = 1, 5, 16, 28
RESPONSE, TRUNCATED, RECURSION_DESIRED = 0x8000, 0x0200, 0x0100


def name_octets(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def record(kind: int, data: bytes, name: bytes = b"\xc0\x0c", lifetime: int = 300) -> bytes:
    return name + struct.pack("!HHIH", kind, 1, lifetime, len(data)) + data


def reply(query: bytes, *records: bytes, flags: int = 0, xor_id: int = 0, question: bytes | None = None) -> bytes:
    number = struct.unpack("!H", query[:2])[0] ^ xor_id
    asked = query[12:] if question is None else question
    return struct.pack("!HHHHHH", number, RESPONSE | RECURSION_DESIRED | flags, 1, len(records), 0, 0) + asked + b"".join(records)


class Server:
    """Answers each datagram with those that `answer` creates from it and its number, from 0."""

    def __init__(self, test: "Ask", answer, family: int = socket.AF_INET):
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self.address, self.port = self.socket.getsockname()[:2]
        self.answer = answer
        self.queries: list[tuple[bytes, tuple, float]] = []
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        test.addCleanup(self.end)

    def _run(self) -> None:
        while True:
            query, sender = self.socket.recvfrom(2000)
            if query == b"end":
                return
            self.queries.append((query, sender, time.monotonic()))
            for datagram in self.answer(query, len(self.queries) - 1):
                self.socket.sendto(datagram, sender)

    def end(self) -> None:
        with socket.socket(self.socket.family, socket.SOCK_DGRAM) as client:
            client.sendto(b"end", self.socket.getsockname())
        self.thread.join()
        self.socket.close()


class Ask(ExampleTest):
    def ask(self, name: str, kind: str, server: Server):
        done = self.run_example("ask", name, kind, server.address, server.port)
        return done.returncode, done.stdout, done.stderr

    def test_the_query_is_as_the_rfc_has_it(self):
        server = Server(self, lambda query, _: [reply(query, record(A, bytes([192, 0, 2, 1])))])
        self.assertEqual(self.ask("www.example", "A", server), (0, "192.0.2.1  for 300 s\n", ""))
        self.assertEqual(self.ask("www.example.", "A", server), (0, "192.0.2.1  for 300 s\n", ""))
        for query, _, _ in server.queries:
            self.assertEqual(query[2:], struct.pack("!HHHHH", RECURSION_DESIRED, 1, 0, 0, 0) + name_octets("www.example")
                             + struct.pack("!HH", A, 1))
        self.assertNotEqual(server.queries[0][:2], server.queries[1][:2])

    def test_types(self):
        address = ipaddress.ip_address("2001:db8::7").packed
        server = Server(self, lambda query, _: [reply(query, record(AAAA, address), record(AAAA, b"\0" * 15 + b"\1", lifetime=0))])
        self.assertEqual(self.ask("a.example", "AAAA", server), (0, "2001:db8::7  for 300 s\n::1  for 0 s\n", ""))
        texts = Server(self, lambda query, _: [reply(query, record(TXT, b"\5hello\0\7w\x1bor\xc3\xbcd"))])
        self.assertEqual(self.ask("a.example", "TXT", texts), (0, '"hello" "" "w\\x1borüd"  for 300 s\n', ""))

    def test_over_ipv6(self):
        server = Server(self, lambda query, _: [reply(query, record(A, b"\1\2\3\4"))], socket.AF_INET6)
        self.assertEqual(self.ask("a.example", "A", server), (0, "1.2.3.4  for 300 s\n", ""))

    def test_an_alias_on_the_way(self):
        alias = record(CNAME, name_octets("b.example"))
        server = Server(self, lambda query, _: [reply(query, alias, record(A, b"\1\2\3\4", name=name_octets("b.example")))])
        self.assertEqual(self.ask("a.example", "A", server)[:2], (0, "1.2.3.4  for 300 s\n"))

    def test_asks_again_and_waits_longer_each_time(self):
        server = Server(self, lambda query, number: [reply(query, record(A, b"\1\2\3\4"))] if number == 2 else [])
        status, said, errors = self.ask("a.example", "A", server)
        self.assertEqual((status, said), (0, "1.2.3.4  for 300 s\n"))
        self.assertEqual(errors, "ask: recvmmsg: timed out; once more\n" * 2)
        times = [when for _, _, when in server.queries]
        self.assertTrue(0.2 < times[1] - times[0] < 5 and 0.45 < times[2] - times[1] < 5, times)
        self.assertEqual(len({sender for _, sender, _ in server.queries}), 3)  # a new port each time
        self.assertGreater(len({query[:2] for query, _, _ in server.queries}), 1)  # and a new id

    def test_forgeries_are_passed_over(self):
        evil = record(A, b"\6\6\6\6")

        def answer(query: bytes, _: int) -> list[bytes]:
            other = name_octets("b.example") + query[-4:]
            return [reply(query, evil, xor_id=1), reply(query, evil, question=other), reply(query, evil)[:2] + b"\1\0" + query[4:],
                    b"", query[:5], reply(query, evil)[:-1], reply(query, record(A, b"\6\6\6\6\6")),
                    reply(query, record(A, b"\1\2\3\4"))]
        status, said, errors = self.ask("a.example", "A", Server(self, answer))
        self.assertEqual((status, said), (0, "1.2.3.4  for 300 s\n"))
        self.assertEqual(errors, "ask: passed over a datagram that is no answer\n" * 7)

    def test_nobody_but_the_server_is_heard(self):
        forger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(forger.close)

        def answer(query: bytes, number: int) -> list[bytes]:
            forger.sendto(reply(query, record(A, b"\6\6\6\6")), server.queries[number][1])
            return [reply(query, record(A, b"\1\2\3\4"))]
        server = Server(self, answer)
        self.assertEqual(self.ask("a.example", "A", server), (0, "1.2.3.4  for 300 s\n", ""))

    def test_a_pointer_that_leads_to_itself_is_no_trap(self):
        loop = record(A, b"\1\2\3\4", name=b"\1x\xc0\x1b")
        server = Server(self, lambda query, _: [reply(query, loop)])
        self.assertEqual(self.ask("a.example", "A", server)[0], 0)

    def test_there_is_none(self):
        server = Server(self, lambda query, _: [reply(query, flags=3)])
        self.assertEqual(self.ask("a.example", "A", server), (1, "", "ask: there is no such name\n"))
        server = Server(self, lambda query, _: [reply(query)])
        self.assertEqual(self.ask("a.example", "A", server), (1, "", "ask: the name has none of these\n"))

    def test_the_server_would_not(self):
        server = Server(self, lambda query, _: [reply(query, flags=2)])
        self.assertEqual(self.ask("a.example", "A", server), (4, "", "ask: the server can't or won't say (result 2)\n"))
        server = Server(self, lambda query, _: [reply(query, record(A, b"\1\2\3\4"), record(A, b"\1\2\3\5"), flags=TRUNCATED)[:-1]])
        self.assertEqual(self.ask("a.example", "A", server),
                         (4, "1.2.3.4  for 300 s\n", "ask: there is more than fits a datagram\n"))

    def test_nobody_answers(self):
        nobody = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        nobody.bind(("127.0.0.1", 0))
        self.addCleanup(nobody.close)
        started = time.monotonic()
        done = self.run_example("ask", "a.example", "A", "127.0.0.1", nobody.getsockname()[1])
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertEqual(done.stderr.count("once more"), 4)
        self.assertTrue(7.5 < time.monotonic() - started < TIME_MAX)

    def test_a_server_that_starts_late(self):
        closed = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        closed.close()
        asking = subprocess.Popen([BIN / "ask", "a.example", "A", "127.0.0.1", str(port)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True)
        refused = asking.stderr.readline()
        self.assertEqual(refused, "ask: recvmmsg: Connection refused; once more\n")
        late = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(late.close)
        late.bind(("127.0.0.1", port))
        late.settimeout(TIME_MAX)
        query, sender = late.recvfrom(2000)
        late.sendto(reply(query, record(A, b"\1\2\3\4")), sender)
        self.assertEqual(asking.communicate(timeout=TIME_MAX)[0], "1.2.3.4  for 300 s\n")
        self.assertEqual(asking.returncode, 0)

    def test_usage(self):
        for words in ([], ["a.example", "A"], ["a..example", "A", "127.0.0.1"], ["x" * 64, "A", "127.0.0.1"],
                      [".".join(["x" * 60] * 5), "A", "127.0.0.1"], ["a.example", "MX", "127.0.0.1"],
                      ["a.example", "A", "localhost"], ["a.example", "A", "127.0.0.1", "0"],
                      ["a.example", "A", "127.0.0.1", "65536"], ["a.example", "A", "127.0.0.1", "53", "x"]):
            done = self.run_example("ask", *words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertIn("usage: ask NAME A|AAAA|TXT SERVER [PORT]\n", done.stderr)

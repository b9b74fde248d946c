"""time: a UDP service that sends the time."""

import re
import socket
import time
from datetime import datetime, timezone

from example import TIME_MAX, ExampleTest


class Time(ExampleTest):
    def setUp(self):
        super().setUp()
        self.port = self.start("time", "127.0.0.1:0").port
        self.client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.client.settimeout(TIME_MAX)
        self.addCleanup(self.client.close)

    def ask(self, question: bytes) -> str:
        self.client.sendto(question, ("127.0.0.1", self.port))
        return self.client.recv(1000).decode()

    def test_unix(self):
        before = time.time()
        said = self.ask(b"unix\n")
        self.assertRegex(said, r"^\d+\.\d{3}\n$")
        self.assertTrue(before - 0.01 <= float(said) <= time.time(), said)

    def test_iso(self):
        before = time.time()
        said = self.ask(b"iso")
        self.assertTrue(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\n", said), said)
        told = datetime.strptime(said.strip(), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc).timestamp()
        self.assertTrue(before - 0.01 <= told <= time.time(), said)

    def test_anything_else(self):
        for question in (b"", b"what time is it?", b"ISO", b"iso \n", b"x" * 9000):
            self.assertEqual(self.ask(question), "iso or unix?\n")
        self.assertRegex(self.ask(b"iso\r\n"), "^2")

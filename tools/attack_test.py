"""attack.py must request only sort orders that the server knows, and must end each server that it starts."""

import argparse
import contextlib
import io
import re
import unittest
import unittest.mock
from pathlib import Path

import attack

LISTING = Path(__file__).resolve().parents[1] / "portico/handler/files/listing.cc"


class Crowd(attack.Crowd):
    """Sends nothing, and keeps what it was told to send."""

    def __init__(self):
        super().__init__(("127.0.0.1", 1), 0.0)
        self.sent = b""

    def flood(self, clients: int, octets: bytes, *_, **__) -> None:
        self.sent = octets


class Listings(unittest.TestCase):
    def test_each_order_is_one_that_the_server_knows(self):
        known = LISTING.read_text()
        crowd = Crowd()
        attack.listings(crowd)
        asked = set(re.findall(r"sort=(\w+)&order=(\w+)", crowd.sent.decode()))
        self.assertEqual(len(asked), 6)
        for key, order in asked:
            self.assertIn(f'"{key}"', known)
            self.assertIn(f'"order={order}"', known)


class Server:
    """Counts how often it was ended."""

    address = ("127.0.0.1", 1)
    ended = 0

    def __init__(self, *_):
        pass

    def end(self) -> tuple[int, float]:
        Server.ended += 1
        return 0, 0.0


class Runs(unittest.TestCase):
    def test_that_are_interrupted_end_their_servers(self):
        for trouble in (KeyboardInterrupt, OSError):
            Server.ended = 0
            with unittest.mock.patch.object(attack, "Server", Server), \
                    unittest.mock.patch.object(attack, "measure", side_effect=trouble), \
                    contextlib.redirect_stdout(io.StringIO()), self.assertRaises(trouble):
                attack.run("churn", argparse.Namespace(options="", seconds=1.0))
            self.assertEqual(Server.ended, 2)


if __name__ == "__main__":
    unittest.main()

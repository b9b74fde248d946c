"""rpc: calls over a Unix socket."""

import contextlib
import json
import os
import socket
import stat
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from example import TIME_MAX, ExampleTest


class Rpc(ExampleTest):
    def setUp(self):
        super().setUp()
        self.path = self.folder / "rpc.sock"

    def serve(self):
        return self.start("rpc", "serve", self.path)

    def call(self, *words: str):
        done = self.run_example("rpc", "call", *words)
        return done.returncode, done.stdout, done.stderr

    def lines(self, octets: bytes) -> list:
        """Sends only these octets, and returns what is received until the server closes or refuses to read on."""
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(TIME_MAX)
        with client:
            client.connect(str(self.path))
            client.sendall(octets)
            client.shutdown(socket.SHUT_WR)
            answers = []
            with contextlib.suppress(ConnectionResetError), client.makefile("rb") as lines:
                answers.extend(json.loads(line) for line in lines)
            return answers

    def test_calls(self):
        self.serve()
        self.assertEqual(self.call(self.path, "add", "1", "2", "3.5"), (0, "6.5\n", ""))
        self.assertEqual(self.call(self.path, "add"), (0, "0.0\n", ""))
        self.assertEqual(self.call(self.path, "join", "a", '"b c"', "ü"), (0, "ab cü\n", ""))
        self.assertEqual(self.call(self.path, "sleep", "10"), (0, "slept\n", ""))

    def test_says_why_not(self):
        self.serve()
        self.assertEqual(self.call(self.path, "sub", "1"), (1, "", "rpc: sub: there is no method sub\n"))
        self.assertEqual(self.call(self.path, "add", "one"), (1, "", "rpc: add: add takes numbers\n"))
        self.assertEqual(self.call(self.path, "sleep", "-1"), (1, "", "rpc: sleep: sleep takes a number of milliseconds\n"))

    def test_the_server_keeps_to_the_deadline(self):
        self.serve()
        started = time.monotonic()
        said = self.call("--within", "150", self.path, "sleep", "60000")
        self.assertEqual(said, (1, "", "rpc: sleep: the deadline has passed\n"))
        self.assertTrue(0.1 < time.monotonic() - started < 10)

    def test_so_does_the_client(self):
        deaf = socket.socket(socket.AF_UNIX)
        self.addCleanup(deaf.close)
        deaf.bind(str(self.path))
        deaf.listen()
        status, _, said = self.call("--within", "50", self.path, "add", "1")
        self.assertEqual((status, said), (3, f"rpc: {self.path}: read: timed out\n"))

    def test_nobody_there(self):
        self.assertEqual(self.call(self.path, "add", "1"), (3, "", f"rpc: {self.path}: connect: No such file or directory\n"))
        for words in ([], ["serve"], ["call"], ["call", "x"], ["call", "--within", "0", "x", "add"], ["other"]):
            done = self.run_example("rpc", *words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn("usage: rpc serve PATH\n", done.stderr)

    def test_many_calls_on_one_connection(self):
        self.serve()
        calls = "".join(json.dumps({"id": number, "method": "add", "params": [number, 1]}) + "\n" for number in range(1000))
        self.assertEqual(self.lines(calls.encode()), [{"id": number, "result": number + 1} for number in range(1000)])

    def test_what_is_no_call(self):
        self.serve()
        for line, why in [(b"{", "that is no JSON"), (b"[]", 'a call is an object with a "method"'), (b"\xff", "that is no JSON"),
                          (b'{"method": 1}', 'a call is an object with a "method"'),
                          (b'{"method": "add", "params": {}}', '"params" is an array'),
                          (b'{"method": "add", "within": "soon"}', '"within" is a number of milliseconds')]:
            self.assertEqual(self.lines(line + b'\n{"id": "x", "method": "add"}\n'),
                             [{"id": None, "error": why}, {"id": "x", "result": 0}], line)
        self.assertEqual(self.lines(b"[" * 60000 + b"\n"), [{"id": None, "error": "that is no JSON"}])
        self.assertEqual(self.lines(b'"' + b"x" * 70000 + b'"\n'), [])  # the line is too long: the server closes

    def test_many_clients_at_once(self):
        self.serve()
        started = time.monotonic()
        with ThreadPoolExecutor(20) as pool:
            said = list(pool.map(lambda _: self.lines(b'{"id": 1, "method": "sleep", "params": [300]}\n'), range(20)))
        self.assertEqual(said, [[{"id": 1, "result": "slept"}]] * 20)
        self.assertLess(time.monotonic() - started, 20 * 0.3)  # they did not wait for each other

    def test_with_socat(self):
        self.serve()
        done = subprocess.run(["socat", "-t5", "-", f"UNIX-CONNECT:{self.path}"], input='{"id": 7, "method": "add", "params": [1]}\n',
                              capture_output=True, text=True, timeout=TIME_MAX)
        self.assertEqual(json.loads(done.stdout), {"id": 7, "result": 1})

    def test_the_socket_is_a_file(self):
        server = self.serve()
        mode = os.stat(self.path).st_mode
        self.assertTrue(stat.S_ISSOCK(mode) and not mode & 0o002, oct(mode))  # others can't connect
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.connect(str(self.path))
        client.sendall(b'{"id": 1, "method": "sleep", "params": [60000], "within": 60000}\n')
        self.assertEqual(server.end(), 0)  # a call in progress is not waited for
        self.assertFalse(self.path.exists())
        self.serve()

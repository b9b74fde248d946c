"""urls: several requests at the same time, against Python's server."""

import http.server
import socket
import threading

from example import ExampleTest


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    both = threading.Barrier(2, timeout=20)

    def do_GET(self):
        if self.path == "/together":
            self.both.wait()  # until the other request is here, too
        moved = self.path == "/moved"
        self.send_response(302 if moved else 404 if self.path == "/none" else 200)
        if moved:
            self.send_header("Location", "/a")
        content = b"" if moved else b"x" * 100_000
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *words):
        pass


class Urls(ExampleTest):
    def setUp(self):
        super().setUp()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_port}"

    def test_urls_that_answer(self):
        done = self.run_example("urls", self.url + "/a", self.url + "/moved")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        for line in done.stdout.splitlines():
            self.assertRegex(line, rf"^200  100000 bytes  \d+ ms  {self.url}/a$")
        self.assertEqual(len(done.stdout.splitlines()), 2)

    def test_requests_are_made_at_the_same_time(self):
        done = self.run_example("urls", self.url + "/together", self.url + "/together")
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_urls_that_do_not_answer(self):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        done = self.run_example("urls", f"http://127.0.0.1:{port}/", self.url + "/none", "ftp://x/")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Connection refused", done.stdout)
        self.assertIn("404  100000 bytes", done.stdout)
        self.assertIn("cannot be requested", done.stdout)
        self.assertEqual(self.run_example("urls").returncode, 2)

"""upload: stores files on disk, and reports the progress as server-sent events."""

import os
import socket
import subprocess

from example import TIME_MAX, ExampleTest, curl

BOUNDARY = "xYzZy"


def part(name: str, content: bytes, file_name: str | None = None) -> bytes:
    disposition = f'form-data; name="{name}"' + (f'; filename="{file_name}"' if file_name is not None else "")
    return f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n"


class Events:
    """A stream of events, one by one."""

    def __init__(self, test: "Upload", identity: str):
        client = test.connect(test.server.port)
        client.sendall(f"GET /progress/{identity} HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n".encode())
        self.lines = client.makefile("r", encoding="utf-8", newline="\n")
        test.addCleanup(self.lines.close)
        head = "".join(iter(self.lines.readline, "\r\n"))
        test.assertTrue(head.startswith("HTTP/1.1 200 OK\r\n"), head)
        test.assertIn("\r\nContent-Type: text/event-stream", head)

    def next(self) -> tuple[str, str] | None:
        """Returns the next event's name and data, or None if the stream has ended."""
        event: dict[str, str] = {}
        while line := self.lines.readline():
            if line == "\n" and event:
                return event.get("event", "message"), event["data"]
            name, _, value = line.rstrip("\n").partition(":")
            if name:
                event[name] = value.removeprefix(" ")
        return None


class Upload(ExampleTest):
    def setUp(self):
        super().setUp()
        self.uploads = self.folder / "inside" / "uploads"  # so that "../.." is a folder of this test's
        self.uploads.parent.mkdir()
        self.server = self.start("upload", self.uploads, "127.0.0.1:0")

    def files(self) -> list[str]:
        return sorted(path.name for path in self.uploads.iterdir())

    def post(self, identity: str, octets: int) -> socket.socket:
        client = self.connect(self.server.port)
        client.sendall(f"POST /upload/{identity} HTTP/1.1\r\nHost: x\r\nContent-Length: {octets}\r\n"
                       f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n".encode())
        return client

    def test_curl_sends_files(self):
        for name, content in (("one.bin", os.urandom(3_000_000)), ("two", b"")):
            (self.folder / name).write_bytes(content)
        sent = curl("--form", f"a=@{self.folder}/one.bin", "--form", "b=text", "--form", f"c=@{self.folder}/two",
                    self.server.url + "/upload/1")
        self.assertEqual((sent.status, sent.content),
                         (201, f"{self.uploads}/one.bin: 3000000 octets\n{self.uploads}/two: 0 octets\n"))
        for name in ("one.bin", "two"):
            self.assertEqual((self.uploads / name).read_bytes(), (self.folder / name).read_bytes())
        self.assertEqual(self.files(), ["one.bin", "two"])

    def test_nothing_is_overwritten(self):
        (self.folder / "x").write_text("new")
        for _ in range(3):
            self.assertEqual(curl("--form", f"file=@{self.folder}/x", self.server.url + "/upload/1").status, 201)
        self.assertEqual(self.files(), ["2-x", "3-x", "x"])

    def test_names_are_no_paths(self):
        source = self.folder / "source"
        source.write_text("content")
        for said, kept in [("../../x", "x"), ("..\\evil.exe", "evil.exe"), ("/etc/passwd", "passwd"), ("..", "file"),
                           (".profile", "profile"), ("Grüße.txt", "Gr____e.txt"), ("y" * 300, "y" * 100)]:
            sent = curl("--form", f"file=@{source};filename={said}", self.server.url + "/upload/1")
            self.assertEqual((sent.status, sent.content), (201, f"{self.uploads}/{kept}: 7 octets\n"), said)
        self.assertFalse((self.folder / "x").exists())

    def test_progress_is_told_while_it_comes(self):
        events = Events(self, "7")
        content = part("file", b"x" * 1_000_000, "big") + f"--{BOUNDARY}--\r\n".encode()
        client = self.post("7", len(content))
        client.sendall(content[:400_000])
        while (event := events.next()) != ("progress", f"400000/{len(content)}"):
            self.assertEqual(event[0], "progress")
        client.sendall(content[400_000:])
        told = [event]
        while event := events.next():
            told.append(event)
        self.assertEqual(told[-2:], [("progress", f"{len(content)}/{len(content)}"), ("done", f"{len(content)}/{len(content)}")])
        self.assertTrue(client.recv(1000).startswith(b"HTTP/1.1 201 Created\r\n"))
        self.assertEqual(self.files(), ["big"])

    def test_who_leaves_leaves_nothing(self):
        events = Events(self, "7")
        client = self.post("7", 1_000_000)
        client.sendall(part("file", b"x" * 300_000, "big"))
        while events.next()[1].split("/")[0] == "0":
            pass
        client.close()
        while event := events.next():
            last = event[0]
        self.assertEqual(last, "failed")
        self.assertEqual(self.files(), [])

    def test_what_is_no_upload(self):
        self.assertEqual(curl("--data", "x=1", self.server.url + "/upload/1").status, 415)
        self.assertEqual(curl("--form", "text=no file", self.server.url + "/upload/1").status, 400)
        client = self.post("1", 10)
        client.sendall(b"0123456789")
        self.assertTrue(client.recv(1000).startswith(b"HTTP/1.1 400 "))
        too_large = self.post("1", 3 << 30)
        self.assertTrue(too_large.recv(1000).startswith(b"HTTP/1.1 413 "))
        self.assertEqual(self.files(), [])

    def test_the_page_is_in_the_program(self):
        page = curl(self.server.url)
        self.assertEqual((page.status, page.fields["content-type"]), (200, "text/html; charset=utf-8"))
        self.assertIn("new EventSource(", page.content)

    def test_ends_while_a_page_listens(self):
        events = Events(self, "7")
        self.assertEqual(self.server.end(), 0)
        while events.next():
            pass

    def test_says_why_it_cannot_start(self):
        self.assertIn("No such file or directory", self.cannot_start("upload", self.folder / "none/uploads", "127.0.0.1:0"))

    def test_several_at_once(self):
        (self.folder / "x").write_bytes(os.urandom(2_000_000))
        running = [subprocess.Popen(["curl", "--silent", "--max-time", str(TIME_MAX), "--output", "/dev/null", "--write-out", "%{http_code}",
                                     "--form", f"file=@{self.folder}/x", f"{self.server.url}/upload/{number}"],
                                    stdout=subprocess.PIPE, text=True) for number in range(8)]
        self.assertEqual([one.communicate(timeout=TIME_MAX)[0] for one in running], ["201"] * 8)
        self.assertEqual(len(self.files()), 8)

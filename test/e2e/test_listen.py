"""`portico listen`: the other end of `portico connect`."""

from __future__ import annotations

import re
import socket
import subprocess

import pytest

import servers

pytestmark = pytest.mark.skipif(servers.chosen() != "portico", reason="Portico's own promise")


class Listening:
    """`portico listen`, with pipes for its standard streams."""

    def __init__(self, *words: str):
        self.process = subprocess.Popen([str(servers.portico_program()), "listen", *words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self.process.stderr.readline().decode()
        found = re.search(r"Listening on \S+:(\d+)$", line.strip())
        assert found, line
        self.port = int(found[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def type(self, text: bytes) -> None:
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)


def test_both_ends_talk_and_it_ends_with_the_connection():
    with Listening("127.0.0.1:0") as listening, listening.connect() as client:
        client.sendall(b"question\n")
        assert listening.process.stdout.readline() == b"question\n"
        listening.type(b"answer\n")
        assert client.recv(100) == b"answer\n"
        client.shutdown(socket.SHUT_WR)
        listening.process.stdin.close()
        listening.process.stdin = None  # communicate() would flush it
        assert client.recv(100) == b""
        assert listening.process.wait(10) == 0


def test_the_next_client_is_waited_for_if_asked():
    with Listening("127.0.0.1:0", "--keep") as listening:
        for text in (b"one\n", b"two\n"):
            with listening.connect() as client:
                client.sendall(text)
                assert listening.process.stdout.readline() == text
        assert listening.process.poll() is None


def test_datagrams_are_shown_and_answered():
    with Listening("udp://127.0.0.1:0") as listening, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.connect(("127.0.0.1", listening.port))
        client.send(b"first\n")
        assert listening.process.stdout.readline() == b"first\n"
        client.send(b"second\n")
        assert listening.process.stdout.readline() == b"second\n"
        listening.type(b"answer\n")
        assert client.recv(100) == b"answer\n"


@pytest.mark.parametrize("secure", [False, True])
def test_a_request_is_explained_and_answered(secure, certificate):
    words = ("tls://127.0.0.1:0", *certificate.options) if secure else ("127.0.0.1:0",)
    with Listening(*words, "--http") as listening:
        unused = listening.connect()  # as browsers do
        client = listening.connect()
        if secure:
            client = certificate.client_context().wrap_socket(client, server_hostname="localhost")
        client.sendall(b"GET /a?b=c&d HTTP/1.1\r\nHost: localhost\r\nX-Odd: \xff\r\nAccept-Language: de\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(10_000), b""))
        client.close()
        unused.close()
        explained = listening.process.stdout.read().decode()
        assert listening.process.wait(10) == 0
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and b"GET /a?b=c&amp;d HTTP/1.1" in answer
    assert "the query, after the question mark: b=c&d" in explained and "X-Odd: \\xff" in explained
    assert "Accept-Language: de\n    which languages its user reads" in explained


def test_what_is_no_request_is_refused():
    with Listening("127.0.0.1:0", "--http") as listening, listening.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 400 ")
        assert listening.process.wait(10) == 0
        assert b"not a valid request" in listening.process.stdout.read()

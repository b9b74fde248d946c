"""Early data (0-RTT): requests that a client sends before the TLS handshake is complete, and copies of them."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
import time

import hpack
import pytest

import servers
from conformance.case import get
from conformance.http2 import PREFACE, headers, settings

pytestmark = [pytest.mark.apart,
              pytest.mark.skipif(servers.chosen() != "portico", reason="about Portico's own options")]

TICKET = b"Post-Handshake New Session Ticket arrived"
EARLY_OCTETS_MAX = 16384
LOGGED = ("--early-data", "--access-log", "text")


def post() -> bytes:
    return b"POST /probe.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def in_h2(method: str) -> bytes:
    fields = [(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", "/probe.txt")]
    return PREFACE + settings() + headers(1, hpack.Encoder().encode(fields))


REQUESTS = {"http/1.1": {"GET": get("/probe.txt", "Connection: close"), "POST": post()},
            "h2": {"GET": in_h2("GET"), "POST": in_h2("POST")}}


class Client:
    """openssl s_client, with the ticket of its last visit."""

    def __init__(self, folder, protocol: str):
        self.ticket, self.early = folder / "ticket.pem", folder / "early.bin"
        self.protocol = protocol

    def visit(self, port: int, *words: str, said: bytes = b"") -> str:
        """Leaves after the handshake or, with -ign_eof, when the server does."""
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost", "-alpn", self.protocol]
        return subprocess.run([*command, *words], input=said, capture_output=True, timeout=30).stdout.decode(errors="replace")

    def take_ticket(self, port: int) -> str:
        # This ends a connection of either protocol: HTTP/2 does not begin so.
        return self.visit(port, "-ign_eof", "-sess_out", str(self.ticket), said=get("/", "Connection: close"))

    def get_ticket(self, port: int) -> None:
        assert f"Max Early Data: {EARLY_OCTETS_MAX}" in self.take_ticket(port)

    def send_early(self, port: int, octets: bytes) -> str:
        self.early.write_bytes(octets)
        seen = self.visit(port, "-sess_in", str(self.ticket), "-early_data", str(self.early))
        assert "Reused, TLSv1.3" in seen
        return re.search(r"Early data was (not sent|rejected|accepted)", seen)[1]


def logged(server, *, count: int = 1) -> list[tuple[str, str]]:
    """Status and methods of the requests in the log."""
    def lines():
        return re.findall(r"(\d{3}) (GET|POST) /probe.txt", "".join(server.printed))
    servers.wait_until(lambda: len(lines()) >= count)
    return lines()


@pytest.mark.parametrize("method, status", [("GET", "200"), ("POST", "425")])
@pytest.mark.parametrize("protocol", REQUESTS)
def test_only_safe_requests_are_answered_early(own_server, certificate, tmp_path, protocol, method, status):
    server = own_server("plain", (*certificate.options, *LOGGED))
    client = Client(tmp_path, protocol)
    client.get_ticket(server.address[1])
    assert client.send_early(server.address[1], REQUESTS[protocol][method]) == "accepted"
    assert logged(server) == [(status, method)], server.printed


@pytest.mark.parametrize("protocol", REQUESTS)
def test_a_further_ticket_comes_at_once(own_server, certificate, tmp_path, protocol):
    """And not with the answer to the next request, which this client does not send."""
    server = own_server("plain", (*certificate.options, *LOGGED))
    client = Client(tmp_path, protocol)
    client.get_ticket(server.address[1])
    client.early.write_bytes(REQUESTS[protocol]["GET"].replace(b"Connection: close\r\n", b""))
    command = ["stdbuf", "-o0", "openssl", "s_client", "-connect", f"127.0.0.1:{server.address[1]}", "-servername",
               "localhost", "-alpn", protocol, "-sess_in", str(client.ticket), "-early_data", str(client.early)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    seen: list[bytes] = []

    def read() -> None:
        while octets := process.stdout.read1(65536):
            seen.append(octets)
    threading.Thread(target=read, daemon=True).start()
    try:
        assert servers.wait_until(lambda: TICKET in b"".join(seen)), b"".join(seen)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("words, octets", [((), 0), (("--early-data", "--set", "early_data_octets_max=8k"), 8192)])
def test_it_is_off_unless_asked_for_and_limited(own_server, certificate, tmp_path, words, octets):
    server = own_server("plain", (*certificate.options, *words))
    client = Client(tmp_path, "http/1.1")
    assert f"Max Early Data: {octets}\n" in client.take_ticket(server.address[1])


class Recorder:
    """Stands between a client and a server, and keeps what the client sends first: its hello, and its early data."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.flight = b""
        self.done = threading.Event()
        threading.Thread(target=self._record, daemon=True).start()

    def _record(self) -> None:
        client, _ = self.listener.accept()
        client.settimeout(10)
        records = 0
        while records < 3:  # the hello, a change of ciphers for the sake of old devices, the early data
            self.flight += client.recv(65536)
            rest, records = self.flight, 0
            while len(rest) >= 5 and len(rest) >= 5 + int.from_bytes(rest[3:5], "big"):
                rest, records = rest[5 + int.from_bytes(rest[3:5], "big"):], records + 1
        self.done.set()
        client.close()
        self.listener.close()


@pytest.mark.parametrize("protocol", REQUESTS)
def test_a_copy_is_not_answered_and_no_handshake_stays_open(own_server, certificate, tmp_path, protocol):
    server = own_server("plain", (*certificate.options, *LOGGED, "--threads", "2", "--set", "head_time_max=700ms"))
    client, recorder = Client(tmp_path, protocol), Recorder()
    client.get_ticket(server.address[1])
    request = REQUESTS[protocol]["GET"].replace(b"Connection: close\r\n", b"")
    client.early.write_bytes(request)
    words = ["openssl", "s_client", "-connect", f"127.0.0.1:{recorder.port}", "-servername", "localhost", "-alpn", protocol,
             "-sess_in", str(client.ticket), "-early_data", str(client.early)]
    subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    assert recorder.done.wait(10)

    def replay() -> socket.socket:
        talk = socket.create_connection(server.address, timeout=10)
        talk.sendall(recorder.flight)
        return talk
    began = time.monotonic()
    with replay() as first:
        assert logged(server) == [("200", "GET")], "the client's last message of the handshake is not waited for"
        copies = [replay() for _ in range(4)]
        for talk in (first, *copies):  # each gets the server's hello, and is closed soon
            received = b""
            while octets := talk.recv(65536):
                received += octets
            assert received.startswith(b"\x16\x03\x03")
            talk.close()
    assert time.monotonic() - began < 10, "not keep_alive_max"
    assert logged(server) == [("200", "GET")], server.printed

"""Floods that brought other servers of HTTP/2 down: the connection ends with the stated code, memory comes back, and other
clients hardly notice.

PORTICO_FLOOD_SECONDS: how long each flood lasts, default 0.5; ten show more.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from typing import Callable

import pytest

import h2_frames
import servers
from conformance.case import get as h1_get
from conformance.content import PROBE
from conformance.http2 import SETTINGS_ACK, Setting, get, headers, literal, ping, request
from exchange import Conversation
from h2_floods import FLOODS, attack
from h2_frames import Link

pytestmark = [pytest.mark.release, pytest.mark.skipif(servers.chosen() != "portico", reason="Portico's own promises")]
SECONDS = float(os.environ.get("PORTICO_FLOOD_SECONDS", "0.5"))
SANITIZED = servers.is_sanitized()
MEMORY_KIB_MAX = 100 * 1024 if SANITIZED else 20 * 1024
MEMORY_KIB_BACK = 5 * 1024  # a minute after a flood there is no more than before, but for this much
P99_MAX = 15.0 if SANITIZED else 3.0  # if it is more than ten times what it was
# The address sanitizer keeps memory that was given back; this much.
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"}


class Bystander(threading.Thread):
    """Asks for a small file again and again, and measures how long each answer takes."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address, self.latencies, self.failure = address, [], None
        self.stopping = threading.Event()

    def run(self) -> None:
        try:
            with Conversation(self.address) as talk:
                while not self.stopping.wait(0.005):
                    began = time.monotonic()
                    talk.send(h1_get("/probe.txt"))
                    assert talk.read_answer().content == PROBE
                    self.latencies.append(time.monotonic() - began)
        except AssertionError as failure:
            self.failure = failure

    def p99(self) -> float:
        self.stopping.set()
        self.join()
        assert self.failure is None, self.failure
        ordered = sorted(self.latencies)
        return ordered[int(len(ordered) * 0.99)]


def watch(address, during: Callable[[], None]) -> float:
    bystander = Bystander(address)
    bystander.start()
    during()
    return bystander.p99()


@pytest.fixture(scope="module")
def attacked(root):
    """One server for all floods, so that memory which is not given back adds up."""
    one = servers.start(root("plain"), ("--threads", "1"), env=ENVIRONMENT)
    yield one
    one.stop()


@pytest.mark.parametrize("flood, wanted", FLOODS, ids=lambda value: getattr(value, "__name__", None))
def test_flood(attacked, flood, wanted):
    address = attacked.address
    attack(address, flood)  # what the first one allocates stays
    before = attacked.resident_kib()
    quiet = watch(address, lambda: time.sleep(0.3))
    codes: list = []

    def during() -> None:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            codes.append(attack(address, flood)[0])
    busy = watch(address, during)
    assert codes and set(codes) <= {wanted, None} and wanted in codes, codes[:10]
    # The client uses as much of the machine as the server does, so the margin is wide.
    assert busy < max(10 * quiet, P99_MAX), f"p99 {busy * 1000:.1f} ms, before that {quiet * 1000:.1f} ms"
    assert attacked.resident_kib() - before < MEMORY_KIB_MAX


def held(address, count: int, octets: Callable[[Link], None]) -> list[Link]:
    links = []
    for _ in range(count):
        link = Link(h2_frames.connect(address, receive_buffer=4096), (Setting.INITIAL_WINDOW_SIZE, 0))
        link.send(SETTINGS_ACK)
        octets(link)
        link.flush()
        links.append(link)
    return links


def header_bomb(link: Link) -> None:
    """A large entry of the table, and requests that consist of references to it: each is far more than it looks like."""
    link.send(headers(1, request() + literal(b"x", b"y" * 3900, 0x40)))
    for stream in range(3, 201, 2):
        link.send(headers(stream, request() + b"\xbe" * 4000))


def cookie_bomb(link: Link) -> None:
    """CVE-2016-6525 and relatives: crumbs that are joined."""
    link.send(headers(1, request() + literal(b"cookie", b"a=b", 0x40)))
    for stream in range(3, 201, 2):
        link.send(headers(stream, request() + b"\xbe" * 3000))


def answers_that_wait(link: Link) -> None:
    for stream in range(1, 257, 2):
        link.send(get(stream, b"/big.bin", (b"x", b"y" * 4000)))


@pytest.mark.parametrize("bomb", [header_bomb, cookie_bomb, answers_that_wait], ids=lambda value: value.__name__)
def test_memory_behind_closed_windows(own_server, bomb):
    one = own_server(options=("--threads", "1"), env=ENVIRONMENT)
    for link in held(one.address, 1, bomb):
        link.talk.socket.close()
    before = one.resident_kib()
    links = held(one.address, 10, bomb)
    quiet = watch(one.address, lambda: time.sleep(1))
    during = one.resident_kib()
    for link in links:
        link.talk.socket.close()
    assert quiet < P99_MAX
    assert during - before < 10 * 10 * 1024, f"{during - before} KiB for 10 connections, each of which may have 10 MiB"
    if not SANITIZED:  # the address sanitizer's allocator keeps what was freed
        assert servers.wait_until(lambda: one.resident_kib() - before < MEMORY_KIB_BACK, seconds=60)


def test_output_that_nobody_reads(own_server):
    """PINGs are answered, and the answers not read: the connection ends before they pile up."""
    one = own_server(options=("--threads", "1", "--set", "h2_control_frames_max=100000"), env=ENVIRONMENT)
    before = one.resident_kib()
    link = Link(h2_frames.connect(one.address, receive_buffer=4096))
    link.send(SETTINGS_ACK + ping() * 100_000)
    try:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and link.talk._must_write():
            link.talk.step(end, reading=False)
    except AssertionError:
        pass
    assert one.resident_kib() - before < MEMORY_KIB_MAX
    link.talk.socket.close()


def s_client(address, *words: str) -> subprocess.Popen:
    return subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{address[1]}", "-alpn", "h2", *words],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def type_lines(client: subprocess.Popen, line: bytes, seconds: float) -> bool:
    """Whether the client ended meanwhile."""
    end = time.monotonic() + seconds
    while client.poll() is None and time.monotonic() < end:
        try:
            client.stdin.write(line)
            client.stdin.flush()
        except BrokenPipeError:
            return True
        time.sleep(0.002)  # s_client takes a command for each read
    return client.poll() is not None


@pytest.mark.parametrize("version, line", [("-tls1_3", b"K\n"), ("-tls1_2", b"R\n")], ids=["key updates", "renegotiation"])
def test_floods_of_tls(own_server, certificate, version, line):
    """New keys again and again end the connection. A renegotiation never happens."""
    one = own_server(options=certificate.options)
    client = s_client(one.address, version)
    try:
        has_ended = type_lines(client, line, 15 if line == b"K\n" else 1)
    finally:
        client.kill()
        printed = client.communicate()[0]
    assert (has_ended or line == b"R\n") and printed.count(b"CONNECTED") == 1
    assert printed.count(b"New, TLSv1.2") <= 1
    with Link(h2_frames.connect(one.address, certificate)) as link:
        link.send(SETTINGS_ACK + get(1, b"/probe.txt"))
        assert link.answer(1) == (200, PROBE)

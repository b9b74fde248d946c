"""Attacks a server that it starts on the loopback, and measures how other clients are affected.

Each attack runs against a fresh `portico serve` on a scratch folder. Two bystanders request a small page every few
milliseconds, one on a connection that it keeps, the other on a new connection each time. Their latencies are compared
with those before the attack. Then the server gets SIGTERM. For each attack, the program prints the bystanders' p50 and
p99 before and during it, how many of their requests failed, the server's memory, and how the server ended. It exits
with 1 if a server died or did not end in order, or if a bystander's request failed.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import os
import random
import re
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
BYSTANDER_PAUSE = 0.01
BYSTANDER_TIMEOUT = 20.0
USER = "ada"


def program() -> str:
    return os.environ.get("PORTICO", str(REPOSITORY / "build/release/portico"))


class Server:
    """`portico serve` on a scratch folder and a port that it chooses itself."""

    def __init__(self, options: list[str]):
        self.folder = Path(tempfile.mkdtemp(prefix="portico-attack-"))
        root = self.folder / "site"
        root.mkdir()
        (root / "index.html").write_text("<p>Hello\n")
        (root / "large.bin").write_bytes(os.urandom(1 << 20) * 64)
        (root / "big.bin").hardlink_to(root / "large.bin")  # the name in the floods of HTTP/2
        for number in range(2000):
            (root / f"page-{number}.txt").write_text(f"page {number}\n" * 20)
        many = root / "many"
        many.mkdir()
        for number in range(3000):
            (many / f"file-{number}").touch()
        command = [program(), "serve", str(root), "--listen", "127.0.0.1:0", "--access-log", "off", *options]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, errors="replace")
        self.said: list[str] = []
        for line in self.process.stdout:
            self.said.append(line)
            url = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if url:
                self.address = ("127.0.0.1", int(url[1]))
                break
        else:
            raise RuntimeError(f"{command} printed no URL: {''.join(self.said)}")
        threading.Thread(target=lambda: self.said.extend(self.process.stdout), daemon=True).start()

    def peak_memory(self) -> int:
        """Returns the largest resident set so far, in octets."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return 0
        found = re.search(r"VmHWM:\s+(\d+)", status)
        return int(found[1]) * 1024 if found else 0

    def end(self, time_max: float = 60.0) -> tuple[int, float]:
        """Sends SIGTERM, and SIGKILL after `time_max`. Returns the exit status and how long the end took."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(time_max)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        return status, time.monotonic() - began


@dataclass
class Seen:
    """The bystander's results: seconds for each answer, and failures."""

    latencies: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


class Bystander(threading.Thread):
    """Requests pages one after another until it is stopped."""

    def __init__(self, address: tuple[str, int], authorization: str, keeps_connection: bool):
        super().__init__(daemon=True)
        self.address = address
        self.keeps_connection = keeps_connection
        self.request = f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n{authorization}\r\n".encode()
        self.seen = Seen()
        self.stopping = threading.Event()

    def run(self) -> None:
        connection = None
        while not self.stopping.is_set():
            began = time.monotonic()
            try:
                if connection is None:
                    connection = socket.create_connection(self.address, timeout=BYSTANDER_TIMEOUT)
                connection.sendall(self.request)
                status, closes = self.read_answer(connection)
                if status != 200:
                    self.seen.failures.append(f"status {status}")
                else:
                    self.seen.latencies.append(time.monotonic() - began)
                if closes or not self.keeps_connection:
                    connection.close()
                    connection = None
            except OSError as error:
                self.seen.failures.append(type(error).__name__)
                if connection is not None:
                    connection.close()
                connection = None
            self.stopping.wait(BYSTANDER_PAUSE)
        if connection is not None:
            connection.close()

    @staticmethod
    def read_answer(connection: socket.socket) -> tuple[int, bool]:
        received = b""
        while b"\r\n\r\n" not in received:
            octets = connection.recv(65536)
            if not octets:
                raise ConnectionResetError("the connection ended before the answer")
            received += octets
        head, _, content = received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        while length and len(content) < int(length[1]):
            octets = connection.recv(65536)
            if not octets:
                raise ConnectionResetError("the connection ended within the answer")
            content += octets
        return int(head.split(b" ", 2)[1]), b"connection: close" in head.lower()

    def stop(self) -> Seen:
        self.stopping.set()
        self.join(BYSTANDER_TIMEOUT + 1)
        return self.seen


class Crowd:
    """The non-blocking clients of an attack, in one thread."""

    def __init__(self, address: tuple[str, int], until: float):
        self.address = address
        self.until = until
        self.random = random.Random(1)

    def goes_on(self) -> bool:
        return time.monotonic() < self.until

    def connect(self, receive_buffer: int = 0) -> socket.socket | None:
        one = socket.socket()
        if receive_buffer:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        one.settimeout(5)
        try:
            one.connect(self.address)
        except OSError:
            one.close()
            return None
        one.setblocking(False)
        return one

    @staticmethod
    def reset(one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()

    def flood(self, count: int, octets: bytes, reads: bool = True) -> None:
        """`count` clients send `octets` over and over, as fast as the server takes them, and read what they receive."""
        clients: dict[int, list] = {}
        poll = select.epoll()

        def add() -> None:
            one = self.connect()
            if one is not None:
                clients[one.fileno()] = [one, 0]
                poll.register(one.fileno(), select.EPOLLOUT | (select.EPOLLIN if reads else 0))

        for _ in range(count):
            add()
        while self.goes_on():
            if not clients:
                add()
                time.sleep(0.01)
            for number, event in poll.poll(0.1):
                one, at = clients[number]
                try:
                    if event & select.EPOLLIN and not one.recv(1 << 18):
                        raise ConnectionResetError
                    if event & select.EPOLLOUT:
                        at += one.send(octets[at:])
                        clients[number][1] = at % len(octets)
                    if event & (select.EPOLLERR | select.EPOLLHUP):
                        raise ConnectionResetError
                except BlockingIOError:
                    pass
                except OSError:
                    poll.unregister(number)
                    clients.pop(number)[0].close()
                    add()
        for one, _ in clients.values():
            self.reset(one)


def get(path: str, *fields: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *fields, "", ""]).encode()


def pipelined_options(crowd: Crowd) -> None:
    """4 clients pipeline OPTIONS * without a pause"""
    crowd.flood(4, b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 200)


def one_octet_chunks(crowd: Crowd) -> None:
    """6 clients send content in chunks of one octet"""
    head = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    crowd.flood(6, head + b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n")


def pipelined_heads(crowd: Crowd) -> None:
    """8 clients pipeline HEAD requests, for redirects of many lengths and for a page"""
    requests = b"".join(b"HEAD /many?%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nHEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % (b"q" * n)
                        for n in range(0, 4000, 7))
    crowd.flood(8, requests)


def unfinished_heads(crowd: Crowd) -> None:
    """a crowd opens connections and sends one octet of a head on each"""
    held: list[socket.socket] = []
    while crowd.goes_on():
        one = crowd.connect()
        if one is None:
            time.sleep(0.01)
            continue
        with contextlib.suppress(OSError):
            one.send(b"G")
        held.append(one)
        if len(held) > 17_000:
            held.pop(0).close()
    for one in held:
        one.close()


def never_reading(crowd: Crowd) -> None:
    """1,500 clients with small receive buffers ask for 64 MiB and never read"""
    held = []
    while crowd.goes_on():
        one = crowd.connect(receive_buffer=4096) if len(held) < 1500 else None
        if one is None:
            time.sleep(0.05)
            continue
        with contextlib.suppress(OSError):
            one.send(get("/large.bin"))
        held.append(one)
    for one in held:
        one.close()


def wrong_passwords(crowd: Crowd) -> None:
    """50 clients send wrong passwords, a different one each time"""
    poll = select.epoll()
    clients = {}
    count = 0

    def ask(one: socket.socket) -> None:
        nonlocal count
        count += 1
        wrong = base64.b64encode(f"{USER}:wrong-{count}".encode()).decode()
        one.send(get("/", f"Authorization: Basic {wrong}"))

    while crowd.goes_on():
        while len(clients) < 50:
            one = crowd.connect()
            if one is None:
                break
            clients[one.fileno()] = one
            poll.register(one.fileno(), select.EPOLLIN)
            with contextlib.suppress(OSError):
                ask(one)
        for number, _ in poll.poll(0.1):
            one = clients[number]
            try:
                if not one.recv(65536):
                    raise ConnectionResetError
                ask(one)
            except BlockingIOError:
                pass
            except OSError:
                poll.unregister(number)
                clients.pop(number).close()
    for one in clients.values():
        one.close()


def listings(crowd: Crowd) -> None:
    """50 clients ask for every variant of a listing of 3,000 files"""
    variants = [get(f"/many/?sort={key}&order={order}", f"Accept-Encoding: {coding}", f"Accept: {kind}")
                for key in ("name", "size", "date") for order in ("asc", "desc")
                for coding in ("identity", "gzip", "br", "zstd") for kind in ("text/html", "application/json")]
    crowd.flood(50, b"".join(crowd.random.sample(variants, len(variants))))


def impatient(crowd: Crowd) -> None:
    """clients ask for files that are not cached and leave at once, by a half-close, a close or a reset"""
    while crowd.goes_on():
        one = crowd.connect()
        if one is None:
            continue
        with contextlib.suppress(OSError):
            one.send(get(f"/page-{crowd.random.randrange(2000)}.txt", "Accept-Encoding: br"))
            how = crowd.random.randrange(3)
            if how == 0:
                one.shutdown(socket.SHUT_WR)
            elif how == 1:
                crowd.reset(one)
        one.close()


def churn(crowd: Crowd) -> None:
    """connections come and go without a request"""
    while crowd.goes_on():
        one = crowd.connect()
        if one is not None:
            if crowd.random.random() < 0.5:
                crowd.reset(one)
            one.close()


def garbage(crowd: Crowd) -> None:
    """requests with random octets changed, pipelined"""
    valid = get("/", "Range: bytes=0-3,5-9", "If-None-Match: \"a\", W/\"b\"", "Accept-Encoding: gzip;q=0.5, br") + \
        b"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    while crowd.goes_on():
        one = crowd.connect()
        if one is None:
            continue
        octets = bytearray(valid * 5)
        for _ in range(crowd.random.randrange(8)):
            octets[crowd.random.randrange(len(octets))] = crowd.random.randrange(256)
        with contextlib.suppress(OSError):
            one.send(octets)
            one.settimeout(0.05)
            one.recv(1 << 16)
        one.close()


ATTACKS = {attack.__name__: attack for attack in (pipelined_options, one_octet_chunks, pipelined_heads, unfinished_heads, never_reading,
                                                  wrong_passwords, listings, impatient, churn, garbage)}


def h2_floods() -> dict:
    """The floods of HTTP/2 that the tests have, as attacks: connections that send one until the server ends them."""
    sys.path[:0] = [str(REPOSITORY / "test"), str(REPOSITORY / "test/e2e")]
    import h2_floods as floods

    def attack_with(flood):
        def attack(crowd: Crowd) -> None:
            while crowd.goes_on():
                with contextlib.suppress(AssertionError):  # a connection that the server's backlog has no room for
                    floods.attack(crowd.address, flood)
        attack.__doc__ = f"HTTP/2 connections one after another, each with {flood.__name__.replace('_', ' ')} without end"
        return attack
    return {f"h2_{flood.__name__}": attack_with(flood) for flood, _ in floods.FLOODS}


def hash_of(password: str) -> str:
    return subprocess.run([program(), "hash-password"], input=password + "\n", capture_output=True, text=True,
                          check=True).stdout.strip()


def watch(server: Server, authorization: str, during) -> list[Seen]:
    bystanders = [Bystander(server.address, authorization, keeps) for keeps in (True, False)]
    for one in bystanders:
        one.start()
    during()
    return [one.stop() for one in bystanders]


def run(name: str, seconds: float, options: list[str]) -> bool:
    authorization = ""
    if name == "wrong_passwords":
        options = [*options, "--auth", f"{USER}:{hash_of('right')}"]
        authorization = f"Authorization: Basic {base64.b64encode(f'{USER}:right'.encode()).decode()}\r\n"
    server = Server(options)
    try:
        before = watch(server, authorization, lambda: time.sleep(min(2.0, seconds)))
        attack = lambda: ATTACKS[name](Crowd(server.address, time.monotonic() + seconds))
        during = watch(server, authorization, attack)
        alive = server.process.poll() is None
        memory = server.peak_memory()
    finally:
        status, took = server.end()
    failures = [failure for one in during for failure in one.failures]
    for kind, then, now in zip(("kept", "new"), before, during):
        print(f"{name:32} {kind:4}  p50 {then.percentile(.5) * 1e3:7.2f} -> {now.percentile(.5) * 1e3:8.2f} ms   "
              f"p99 {then.percentile(.99) * 1e3:7.2f} -> {now.percentile(.99) * 1e3:8.2f} ms   "
              f"{len(now.latencies):6} answers, {len(now.failures)} failed")
    told = ", ".join(sorted(set(failures)))
    print(f"{'':32} memory at most {memory / 1e6:.0f} MB; ended with status {status} after {took:.2f} s{'; ' + told if told else ''}",
          flush=True)
    if not alive or status != 0:
        print("".join(server.said[-30:]))
    return alive and status == 0 and not failures


def main() -> int:
    ATTACKS.update(h2_floods())
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="attacks:\n" + "\n".join(f"  {name:32} {attack.__doc__}" for name, attack in ATTACKS.items()))
    parser.add_argument("attacks", nargs="*", metavar="ATTACK", help="attacks to run (default: all)")
    parser.add_argument("--seconds", type=float, default=10.0, help="seconds that each attack lasts [10]")
    parser.add_argument("--options", default="--threads 1", help="options for `portico serve` [--threads 1]")
    given = parser.parse_args()
    unknown = [name for name in given.attacks if name not in ATTACKS]
    if unknown:
        parser.error(f"there is no attack {unknown[0]}")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    results = [run(name, given.seconds, given.options.split()) for name in given.attacks or ATTACKS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Attacks a server that it starts on the loopback, and measures how other clients are affected.

Each attack runs against a fresh `portico serve` on a scratch folder. Another process requests a small page every few
milliseconds, on a connection that it keeps and on a new one each time. Its latencies are compared with those before the
attack, and with those during the same attack on a second server: that is what a busy machine costs. Then the server
gets SIGTERM. For each attack, the program prints the p50 and p99 of the three, how many requests failed, the server's
memory, and how the server ended. It exits with 1 if a server died or did not end in order, or if a request failed.
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
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Callable

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "test"), str(REPOSITORY / "test/e2e")]
import h2_floods  # noqa: E402
import servers  # noqa: E402
import tls_floods  # noqa: E402
from bystander import Bystander, Seen  # noqa: E402

CPUS = sorted(os.sched_getaffinity(0))
CALM_SECONDS = 3.0
CONTROL_SECONDS_MAX = 30.0
BACK_SECONDS_MAX = 60.0
BACK_OCTETS = 8 << 20  # the memory is back if there is no more than this beyond what there was: pools and caches keep some
USER = "ada"


def program() -> str:
    return os.environ.get("PORTICO", str(REPOSITORY / "build/release/portico"))


class Server:
    """`portico serve` on a scratch folder and a port that it chooses itself; if it has one thread, on one CPU."""

    def __init__(self, options: list[str], speaks_tls: bool = False):
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
        if speaks_tls:
            options = [*options, *servers.make_certificate(self.folder, "localhost", ["DNS:localhost"]).options]
        self.ca = str(self.folder / "localhost-ec.pem") if speaks_tls else ""
        pinned = ["taskset", "-c", str(CPUS[0])] if ("--threads", "1") in zip(options, options[1:]) else []
        command = [*pinned, program(), "serve", str(root), "--listen", "127.0.0.1:0", "--access-log", "off", *options]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, errors="replace")
        self.said: list[str] = []
        for line in self.process.stdout:
            self.said.append(line)
            url = re.search(r"https?://127\.0\.0\.1:(\d+)", line)
            if url:
                self.address = ("127.0.0.1", int(url[1]))
                break
        else:
            raise RuntimeError(f"{command} printed no URL: {''.join(self.said)}")
        threading.Thread(target=lambda: self.said.extend(self.process.stdout), daemon=True).start()

    def memory(self, which: str = "VmRSS") -> int:
        """Returns the resident set in octets, or with VmHWM its largest size since forget_peak()."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return 0
        found = re.search(which + r":\s+(\d+)", status)
        return int(found[1]) * 1024 if found else 0

    def forget_peak(self) -> None:
        with contextlib.suppress(OSError):
            Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def seconds_until_back(self, octets: int) -> float | None:
        """Waits until the memory is back to so much. None: it takes longer than BACK_SECONDS_MAX."""
        began = time.monotonic()
        while (took := time.monotonic() - began) < BACK_SECONDS_MAX:
            if self.memory() < octets + BACK_OCTETS:
                return took
            time.sleep(0.1)
        return None

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


class Again(Enum):
    """Whether a client that has sent everything sends it once more."""

    always = 1
    never = 2


class Crowd:
    """The non-blocking clients of an attack, in one thread."""

    def __init__(self, address: tuple[str, int], until: float, flooders: int = 1):
        self.address = address
        self.until = until
        self.flooders = flooders
        self.random = random.Random(1)
        self.connections = 0

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
        self.connections += 1
        return one

    @staticmethod
    def reset(one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()

    def flood(self, count: int, octets: bytes, again: Again = Again.always) -> None:
        """`count` clients send `octets` as fast as the server takes them, and read what they receive."""
        clients: dict[int, list] = {}
        poll = select.epoll()

        def add() -> None:
            one = self.connect()
            if one is not None:
                clients[one.fileno()] = [one, 0]
                poll.register(one.fileno(), select.EPOLLOUT | select.EPOLLIN)

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
                        at += one.send(octets[at:at + (1 << 18)])
                        clients[number][1] = at % len(octets) if again is Again.always else at
                        if at == len(octets) and again is Again.never:
                            poll.modify(number, select.EPOLLIN)
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


def flood_of_h2(flood) -> Callable[[Crowd], None]:
    def attack(crowd: Crowd) -> None:
        crowd.flood(crowd.flooders, h2_floods.connection_of(flood), Again.never)
    attack.__doc__ = f"connections of HTTP/2, again and again, each with {flood.__name__.replace('_', ' ')} without end"
    return attack


def flood_of_tls(flood) -> Callable[[Crowd], None]:
    def attack(crowd: Crowd) -> None:
        while crowd.goes_on():
            with contextlib.suppress(OSError):
                flood(crowd.address)
                crowd.connections += 1
    attack.__doc__ = f"connections with TLS, again and again, each with {flood.__name__.replace('_', ' ')} without end"
    return attack


OVER_TLS = {f"tls_{flood.__name__}": flood_of_tls(flood) for flood in (tls_floods.key_updates, tls_floods.renegotiations)}
ATTACKS |= OVER_TLS | {f"h2_{flood.__name__}": flood_of_h2(flood) for flood, _ in h2_floods.FLOODS}


def hash_of(password: str) -> str:
    return subprocess.run([program(), "hash-password"], input=password + "\n", capture_output=True, text=True,
                          check=True).stdout.strip()


@dataclass
class Figures:
    """Of one attack: what the bystander saw before it, while another server was attacked, and during it."""

    calm: dict[str, Seen]
    control: dict[str, Seen]
    during: dict[str, Seen]
    connections: int
    octets_more: int  # of memory
    seconds_back: float | None

    def row(self, kind: str) -> list[float]:
        """p50 and p99 of each, in milliseconds."""
        return [seen[kind].percentile(share) * 1e3 for share in (.5, .99) for seen in (self.calm, self.control, self.during)]

    def failures(self) -> list[str]:
        return [failure for seen in self.during.values() for failure in seen.failures]


def measure(name: str, given: argparse.Namespace, server: Server, other: Server, authorization: str) -> Figures:
    seconds = given.seconds
    bystander = Bystander(server.address, fields=authorization, ca=server.ca)
    try:
        time.sleep(min(CALM_SECONDS, seconds))
        calm = bystander.report()
        ATTACKS[name](Crowd(other.address, time.monotonic() + min(CONTROL_SECONDS_MAX, seconds), given.flooders))
        control = bystander.report()
        before = server.memory()
        server.forget_peak()
        crowd = Crowd(server.address, time.monotonic() + seconds, given.flooders)
        ATTACKS[name](crowd)
        during = bystander.report()
        octets_more = server.memory("VmHWM") - before
        return Figures(calm, control, during, crowd.connections, octets_more, server.seconds_until_back(before))
    finally:
        bystander.stop()


def tell(name: str, rows: dict[str, list[float]]) -> None:
    for kind, row in rows.items():
        print(f"{name:32} {kind:4}  p50 {row[0]:7.2f} {row[1]:7.2f} {row[2]:8.2f} ms   p99 {row[3]:7.2f} {row[4]:7.2f} "
              f"{row[5]:8.2f} ms", flush=True)


def run(name: str, given: argparse.Namespace) -> tuple[bool, dict[str, list[float]]]:
    authorization, options = "", given.options.split()
    if name == "wrong_passwords":
        options = [*options, "--auth", f"{USER}:{hash_of('right')}"]
        authorization = f"Authorization: Basic {base64.b64encode(f'{USER}:right'.encode()).decode()}\r\n"
    with contextlib.ExitStack() as started:
        server, other = Server(options, name in OVER_TLS), None
        ended: list[tuple[int, float]] = []
        started.callback(lambda: ended.append(server.end()))
        other = Server(options, name in OVER_TLS)
        started.callback(other.end)
        figures = measure(name, given, server, other, authorization)
        alive = server.process.poll() is None
    status, took = ended[0]
    rows = {kind: figures.row(kind) for kind in figures.calm}
    tell(name, rows)
    answers = sum(len(seen.latencies) for seen in figures.during.values())
    told = ", ".join(sorted(set(figures.failures())))
    back = "never back" if figures.seconds_back is None else f"back in {figures.seconds_back:.1f} s"
    print(f"{'':32} {figures.connections} connections; {answers} answers, {len(figures.failures())} failed; "
          f"{figures.octets_more / 1e6:.1f} MB more, {back}; ended with status {status} after {took:.2f} s"
          f"{'; ' + told if told else ''}", flush=True)
    if not alive or status != 0:
        print("".join(server.said[-30:]))
    return alive and status == 0 and not figures.failures(), rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="attacks:\n" + "\n".join(f"  {name:32} {attack.__doc__}" for name, attack in ATTACKS.items()))
    parser.add_argument("attacks", nargs="*", metavar="ATTACK", help="attacks to run (default: all)")
    parser.add_argument("--seconds", type=float, default=10.0, help="seconds that each attack lasts [10]")
    parser.add_argument("--flooders", type=int, default=1, help="connections at a time of a flood of HTTP/2 [1]")
    parser.add_argument("--rounds", type=int, default=1, help="run all of it so often, and print the medians [1]")
    parser.add_argument("--options", default="--threads 1", help="options for `portico serve` [--threads 1]")
    given = parser.parse_args()
    unknown = [name for name in given.attacks if name not in ATTACKS]
    if unknown:
        parser.error(f"there is no attack {unknown[0]}")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.sched_setaffinity(0, {CPUS[-1]})
    print("before the attack, while another server is attacked, and during the attack:")
    rows: dict[str, list[dict[str, list[float]]]] = {}
    succeed = True
    for _ in range(given.rounds):
        for name in given.attacks or ATTACKS:
            succeeds, row = run(name, given)
            succeed = succeed and succeeds
            rows.setdefault(name, []).append(row)
    if given.rounds > 1:
        print("medians:")
        for name, all_of_it in rows.items():
            tell(name, {kind: [statistics.median(column) for column in zip(*(one[kind] for one in all_of_it))]
                        for kind in all_of_it[0]})
    return 0 if succeed else 1


if __name__ == "__main__":
    sys.exit(main())

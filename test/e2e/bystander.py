"""Another client of a server that is attacked: it asks for a page again and again, and measures how long each answer takes.

It is a process of its own, with priority over the attacker if the system allows that: otherwise a busy attacker on the same
machine would look like a slow server.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import select
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass, field

TIMEOUT = 20.0


@dataclass
class Seen:
    """Seconds for each answer, and failures."""

    latencies: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


class Bystander:
    """Starts the process, which asks until it is stopped."""

    def __init__(self, address: tuple[str, int], path: str = "/", fields: str = "", ca: str = "", pause: float = 0.005):
        self.process = subprocess.Popen([sys.executable, "-B", __file__, address[0], str(address[1]), "--path", path,
                                         "--fields", fields, "--ca", ca, "--pause", str(pause)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.report()  # it runs

    def report(self) -> dict[str, Seen]:
        """What it has seen since the last report: "kept" on the connection that it keeps, "new" on one for each request."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return {kind: Seen(*seen) for kind, seen in json.loads(self.process.stdout.readline()).items()}

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


class Client:
    def __init__(self, given: argparse.Namespace, context: ssl.SSLContext | None, keeps: bool):
        self.address, self.context, self.keeps = (given.host, given.port), context, keeps
        self.request = f"GET {given.path} HTTP/1.1\r\nHost: {given.host}\r\n{given.fields}\r\n".encode()
        self.connection: socket.socket | None = None
        self.seen = Seen()

    def ask(self) -> None:
        began = time.monotonic()
        try:
            if self.connection is None:
                self.connection = socket.create_connection(self.address, timeout=TIMEOUT)
                if self.context is not None:
                    self.connection = self.context.wrap_socket(self.connection, server_hostname="localhost")
            self.connection.sendall(self.request)
            status, closes = self.read_answer()
            if status == 200:
                self.seen.latencies.append(time.monotonic() - began)
            else:
                self.seen.failures.append(f"status {status}")
        except OSError as error:
            self.seen.failures.append(type(error).__name__)
            closes = True
        if (closes or not self.keeps) and self.connection is not None:
            self.connection.close()
            self.connection = None

    def receive(self) -> bytes:
        octets = self.connection.recv(65536)
        if not octets:
            raise ConnectionResetError("the connection ended before the answer did")
        return octets

    def read_answer(self) -> tuple[int, bool]:
        received = b""
        while b"\r\n\r\n" not in received:
            received += self.receive()
        head, _, content = received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        while length and len(content) < int(length[1]):
            content += self.receive()
        return int(head.split(b" ", 2)[1]), b"connection: close" in head.lower()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--path", default="/")
    parser.add_argument("--fields", default="", help="more field lines")
    parser.add_argument("--ca", default="", help="speak TLS, and trust this certificate")
    parser.add_argument("--pause", type=float, default=0.005)
    given = parser.parse_args()
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    context = ssl.create_default_context(cafile=given.ca) if given.ca else None
    clients = {"kept": Client(given, context, True), "new": Client(given, context, False)}
    while True:
        is_asked, _, _ = select.select([sys.stdin], [], [], given.pause)
        if is_asked:
            if not sys.stdin.readline():
                return
            print(json.dumps({kind: [one.seen.latencies, one.seen.failures] for kind, one in clients.items()}), flush=True)
            for one in clients.values():
                one.seen = Seen()
        for one in clients.values():
            one.ask()


if __name__ == "__main__":
    main()

"""Clients in a closed loop, all on one thread: each sends a request, reads the whole answer, and sends the next.

A request counts as lost if all of it was sent over an established connection and no complete answer was received.
"""

from __future__ import annotations

import errno
import selectors
import socket
import time
from dataclasses import dataclass, field

from conformance.case import get


@dataclass
class Outcome:
    answered: int = 0
    refused: int = 0  # attempts to connect that failed: no request was sent
    lost: list[str] = field(default_factory=list)


class Client:
    """`kept`: reuses its connection as long as the server allows. `pause`: seconds from connecting to the request."""

    def __init__(self, loop: ClosedLoop, kept: bool, pause: float = 0.0):
        self.loop, self.kept, self.pause = loop, kept, pause
        self.connect()

    def connect(self) -> None:
        self.asked_at: float | None = None
        self.received = b""
        self.served = 0
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.state = "connecting"
        self.due = 0.0
        failure = self.socket.connect_ex(self.loop.address)
        if failure not in (0, errno.EINPROGRESS):
            self.give_up()
            return
        self.loop.selector.register(self.socket, selectors.EVENT_WRITE, self)

    def give_up(self) -> None:
        self.loop.outcome.refused += 1
        self.end()

    def end(self) -> None:
        self.state = "ended"
        try:
            self.loop.selector.unregister(self.socket)
        except KeyError:
            pass
        self.socket.close()

    def again(self) -> None:
        self.end()
        if self.loop.goes_on:
            self.connect()

    def ask(self) -> None:
        self.state = "asking"
        self.asked_at = time.monotonic()
        self.received = b""
        try:
            self.socket.sendall(self.loop.request if self.kept else self.loop.last_request)
        except OSError as why:
            # A server may close an idle connection: a request that could not be sent has not reached the server.
            self.again() if self.served and why.errno in (errno.EPIPE, errno.ECONNRESET) else self.lose(str(why))

    def lose(self, why: str) -> None:
        kind = "kept" if self.kept else "new"
        self.loop.outcome.lost.append(f"{kind} connection, {self.served} answers before, "
                                      f"{len(self.received)} bytes of this one: {why}")
        self.end()

    def on_ready(self) -> None:
        if self.state == "connecting":
            failure = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failure:
                self.give_up()
                return
            self.loop.selector.modify(self.socket, selectors.EVENT_READ, self)
            if self.pause:
                self.state, self.due = "pausing", time.monotonic() + self.pause
            else:
                self.ask()
            return
        try:
            piece = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError as why:
            self.on_end(str(why))
            return
        if not piece:
            self.on_end("the connection ended")
            return
        self.received += piece
        head, blank, content = self.received.partition(b"\r\n\r\n")
        if not blank:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(content) < length:
            return
        self.loop.outcome.answered += 1
        self.served += 1
        if self.kept and b"connection: close" not in head.lower() and self.loop.goes_on:
            self.ask()
        else:
            self.again()

    def on_end(self, why: str) -> None:
        if self.state == "asking":
            self.lose(why)
        elif self.state == "pausing":
            self.end()  # it was closed before any request
        else:
            self.again()


class ClosedLoop:
    def __init__(self, address, count: int, *, kept: bool = True, pause: float = 0.0, target: str = "/hello.txt"):
        self.address = address
        self.request = get(target)
        self.last_request = get(target, "Connection: close")
        self.selector = selectors.DefaultSelector()
        self.outcome = Outcome()
        self.goes_on = True
        self.clients = [Client(self, kept, pause) for _ in range(count)]

    def run(self, until) -> None:
        """Runs until `until()` is true, which is checked after each round."""
        while not until() and any(client.state != "ended" for client in self.clients):
            for key, _ in self.selector.select(0.01):
                key.data.on_ready()
            now = time.monotonic()
            for client in self.clients:
                if client.state == "pausing" and client.due <= now:
                    client.ask()

    def close(self) -> None:
        for client in self.clients:
            if client.state != "ended":
                client.end()
        self.selector.close()

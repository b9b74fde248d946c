"""A raw HTTP/1.1 conversation: sends exact octets, reads answers strictly as RFC 9112 says, and never guesses.

The reader is stricter than any client: everything that it refuses is a defect of the server.
"""

from __future__ import annotations

import os
import re
import select
import socket
import ssl
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

TIMEOUT = float(os.environ.get("PORTICO_E2E_TIMEOUT", "8"))  # seconds of silence; a passing case never comes close


class Wrong(AssertionError):
    """The server sent something that no server may send, or nothing when something was due."""


class Silent(Wrong):
    """The connection ended before (another) answer began."""


@dataclass
class Answer:
    status: int
    reason: str
    lines: list[tuple[str, str]]
    content: bytes = b""
    interims: list[int] = field(default_factory=list)
    head_octets: bytes = b""
    until_close: bool = False
    is_reset: bool = False  # over HTTP/2: the stream was reset instead

    def fields(self, name: str) -> list[str]:
        return [value for there, value in self.lines if there.lower() == name.lower()]

    def field(self, name: str) -> str | None:
        values = self.fields(name)
        return values[0] if values else None

    def members(self, name: str) -> list[str]:
        joined = ",".join(self.fields(name))
        return [member.strip().lower() for member in joined.split(",") if member.strip()]


STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) ([\t \x21-\x7e\x80-\xff]*)\r\n")
FIELD_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*"
                        rb"((?:[\x21-\x7e\x80-\xff](?:[\t -~\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*\r\n")
IMF_DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
                      r"\d\d:\d\d:\d\d GMT")


class Conversation:
    """One connection. Pending octets are sent while answers are read, so neither side can block."""

    def __init__(self, address: tuple[str, int] | str, timeout: float = TIMEOUT, octet_by_octet: bool = False,
                 receive_buffer: int | None = None):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(address)
        if family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.timeout = timeout
        self.at_once = 1 if octet_by_octet else 1 << 16
        self.pending = bytearray()
        self.received = bytearray()
        self.everything = bytearray()
        self.sent = 0
        self.half_close_due = False
        self.ended: str | None = None      # "eof" or "reset", once the server has ended it
        self.refuses_more = False          # our sending failed

    def __enter__(self) -> "Conversation":
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    def send(self, octets: bytes) -> None:
        self.pending += octets

    def half_close(self) -> None:
        self.half_close_due = True

    def _must_write(self) -> bool:
        return bool(self.pending) or self.half_close_due

    def _write_some(self) -> None:
        try:
            if self.pending:
                count = self.socket.send(self.pending[: self.at_once])
                del self.pending[:count]
                self.sent += count
            if not self.pending and self.half_close_due:
                self.half_close_due = False
                self.socket.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:
            self.pending.clear()
            self.half_close_due = False
            self.refuses_more = True

    def _read_some(self) -> None:
        try:
            octets = self.socket.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            self.ended = "reset"
            return
        self._arrived(octets)

    def _arrived(self, octets: bytes) -> None:
        """Takes what was received; nothing at the end of the stream."""
        if not octets:
            self.ended = "eof"
        self.received += octets
        self.everything += octets

    def step(self, deadline: float, reading: bool = True) -> None:
        """Waits for the kernel once, and moves octets in both directions."""
        writing = self._must_write()
        left = deadline - time.monotonic()
        if left <= 0:
            raise Wrong(f"nothing received for {self.timeout} s (so far: {bytes(self.everything[-300:])!r})")
        wanted = (select.POLLIN if reading and not self.ended else 0) | (select.POLLOUT if writing else 0)
        poller = select.poll()
        poller.register(self.socket, wanted)
        happened = poller.poll(left * 1000)
        for _, events in happened:
            if events & select.POLLIN or (reading and events & (select.POLLHUP | select.POLLERR) and not self.ended):
                if reading:
                    self._read_some()
            if writing and events & (select.POLLOUT | select.POLLERR | select.POLLHUP):
                self._write_some()

    def flush_unread(self) -> None:
        """Sends everything pending and reads nothing in the meantime, like a client that writes first."""
        deadline = time.monotonic() + self.timeout
        while self._must_write():
            self.step(deadline, reading=False)

    def read_until(self, found, deadline: float | None = None):
        """Returns found(received) once it is not None, or None at the end. Raises Wrong at the time-out."""
        deadline = deadline or time.monotonic() + self.timeout
        while True:
            result = found(self.received)
            if result is not None:
                return result
            if self.ended:
                return None
            self.step(deadline)

    def _take(self, count: int, what: str) -> bytes:
        # The time-out limits silence, not the time for a whole large content.
        while len(self.received) < count:
            before = len(self.received)
            self.read_until(lambda received: True if len(received) > before else None)
            if len(self.received) == before:
                raise Wrong(f"connection ended ({self.ended}) within {what}: {len(self.received)} of {count} octets")
        taken = bytes(self.received[:count])
        del self.received[:count]
        return taken

    def _read_head(self) -> Answer:
        def end(received: bytearray) -> int | None:
            at = received.find(b"\r\n\r\n")
            return None if at < 0 else at + 4
        length = self.read_until(end)
        if length is None:
            if not self.received:
                raise Silent(f"connection ended ({self.ended}) without an answer")
            raise Wrong(f"connection ended ({self.ended}) within a head: {bytes(self.received[:300])!r}")
        return parse_head(self._take(length, "a head"))

    def read_interim(self) -> int:
        answer = self._read_head()
        if answer.status >= 200:
            raise Wrong(f"final answer {answer.status} where an interim one was due")
        check_interim(answer)
        return answer.status

    def read_answer(self, method: str = "GET") -> Answer:
        """Returns the next final answer, which records the interim answers before it."""
        interims = []
        while True:
            answer = self._read_head()
            if answer.status >= 200:
                break
            check_interim(answer)
            interims.append(answer.status)
        answer.interims = interims
        self._read_content(answer, method)
        return answer

    def _read_content(self, answer: Answer, method: str) -> None:
        """Applies RFC 9112 §6.3 to answers."""
        codings, lengths = answer.members("Transfer-Encoding"), answer.fields("Content-Length")
        if codings and lengths:
            raise Wrong(f"Transfer-Encoding and Content-Length in one answer: {answer.head_octets!r}")
        if lengths and (len(lengths) != 1 or not re.fullmatch(r"[0-9]+", lengths[0])):
            raise Wrong(f"Content-Length {lengths!r}")
        if method == "HEAD" or answer.status in (204, 304):
            return
        if codings:
            if codings != ["chunked"]:
                raise Wrong(f"Transfer-Encoding {codings!r}")
            answer.content = self._read_chunked()
        elif lengths:
            answer.content = self._take(int(lengths[0]), "content")
        else:
            answer.until_close = True
            self.read_to_end()
            answer.content = bytes(self.received)
            self.received.clear()

    def _read_line(self) -> bytes:
        def end(received: bytearray) -> int | None:
            at = received.find(b"\r\n")
            return None if at < 0 else at + 2
        length = self.read_until(end)
        if length is None:
            raise Wrong(f"connection ended ({self.ended}) within chunked content")
        return self._take(length, "a line")[:-2]

    def _read_chunked(self) -> bytes:
        content = bytearray()
        while True:
            line = self._read_line()
            if not re.fullmatch(rb"[0-9A-Fa-f]+", line):
                raise Wrong(f"chunk-size line {line!r}")
            size = int(line, 16)
            if size == 0:
                break
            content += self._take(size, "a chunk")
            if self._take(2, "a chunk's end") != b"\r\n":
                raise Wrong("chunk not followed by CRLF")
        while self._read_line():
            pass
        return bytes(content)

    def read_to_end(self) -> None:
        while not self.ended:
            before = len(self.received)
            self.read_until(lambda received: True if len(received) > before else None)


class SecureConversation(Conversation):
    """The same over TLS. Half-closing sends close_notify before the FIN (RFC 8446 §6.1)."""

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext, name: str = "localhost", **options):
        super().__init__(address, **options)
        self.arriving, self.leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.session = context.wrap_bio(self.arriving, self.leaving, server_hostname=name)
        self.encrypted = bytearray()  # to be sent
        self.socket.setblocking(True)
        self.socket.settimeout(self.timeout)
        while True:
            try:
                self.session.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._exchange_flights()
        self.socket.sendall(self.leaving.read())
        self.socket.setblocking(False)

    def _exchange_flights(self) -> None:
        self.socket.sendall(self.leaving.read())
        octets = self.socket.recv(1 << 16)
        if not octets:
            raise Silent("the server ended the handshake")
        self.arriving.write(octets)

    def _must_write(self) -> bool:
        return bool(self.encrypted) or super()._must_write()

    def _write_some(self) -> None:
        if self.pending and not self.encrypted:
            count = self.session.write(self.pending[: self.at_once])
            del self.pending[:count]
            self.sent += count
        ends = self.half_close_due and not self.pending
        if ends:
            try:
                self.session.unwrap()
            except ssl.SSLError:
                pass  # the server has not said its own
        self.encrypted += self.leaving.read()
        try:
            count = self.socket.send(self.encrypted)
            del self.encrypted[:count]
            if ends and not self.encrypted:
                self.half_close_due = False
                self.socket.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:
            self.pending.clear()
            self.half_close_due = False
            self.refuses_more = True

    def _arrived(self, octets: bytes) -> None:
        if octets:
            self.arriving.write(octets)
        else:
            self.arriving.write_eof()
        while True:
            try:
                plain = self.session.read(1 << 18)
            except ssl.SSLWantReadError:
                return
            except ssl.SSLZeroReturnError:
                self.ended = "eof"
                return
            except ssl.SSLEOFError:
                self.ended = "reset"  # without close_notify: what was received may be cut
                return
            super()._arrived(plain)
            if not plain:
                return


def parse_head(octets: bytes) -> Answer:
    status = STATUS_LINE.match(octets)
    if not status:
        raise Wrong(f"no HTTP/1.1 status line: {octets[:200]!r}")
    at, lines = status.end(), []
    while octets[at:] != b"\r\n":
        line = FIELD_LINE.match(octets, at)
        if not line:
            raise Wrong(f"malformed field line: {octets[at:at + 200]!r}")
        lines.append((line[1].decode("latin-1"), line[2].decode("latin-1")))
        at = line.end()
    return Answer(int(status[1]), status[2].decode("latin-1"), lines, head_octets=octets)


def check_interim(answer: Answer) -> None:
    for name in ("Content-Length", "Transfer-Encoding"):
        if answer.fields(name):
            raise Wrong(f"{name} in a {answer.status} answer (RFC 9110 §8.6, RFC 9112 §6.1)")


SINGLE = ("Date", "Content-Length", "Content-Type", "ETag", "Last-Modified", "Location", "Content-Range", "Server",
          "Content-Encoding", "Accept-Ranges", "Transfer-Encoding", "Retry-After")


def wrongs_of_any(answer: Answer, request_version: str = "1.1") -> list[str]:
    """Checks what must be true of every final answer from this origin server, whatever the request."""
    wrongs = []
    dates = answer.fields("Date")
    if len(dates) != 1 or not IMF_DATE.fullmatch(dates[0]):
        if answer.status < 500 or dates:
            wrongs.append(f"Date is {dates!r} (RFC 9110 §6.6.1)")
    elif abs(parsedate_to_datetime(dates[0]).timestamp() - time.time()) > 60:
        wrongs.append(f"Date is {dates[0]!r}, which is not now (RFC 9110 §6.6.1)")
    for name in SINGLE:
        if len(answer.fields(name)) > 1:
            wrongs.append(f"{name} more than once (RFC 9110 §5.3)")
    if answer.status == 204 and answer.fields("Content-Length"):
        wrongs.append("Content-Length in a 204 (RFC 9110 §8.6)")
    if answer.status == 204 and answer.fields("Transfer-Encoding"):
        wrongs.append("Transfer-Encoding in a 204 (RFC 9112 §6.1)")
    if request_version == "1.0" and answer.fields("Transfer-Encoding"):
        wrongs.append("Transfer-Encoding to an HTTP/1.0 client (RFC 9112 §6.1)")
    for status, name, section in ((405, "Allow", "§15.5.6"), (401, "WWW-Authenticate", "§15.5.2"),
                                  (426, "Upgrade", "§15.5.22"), (301, "Location", "§15.4.2"),
                                  (308, "Location", "§15.4.9")):
        if answer.status == status and not answer.fields(name):
            wrongs.append(f"{status} without {name} (RFC 9110 {section})")
    if answer.status == 416 and not re.fullmatch(r"bytes \*/\d+", answer.field("Content-Range") or ""):
        wrongs.append(f"416 with Content-Range {answer.field('Content-Range')!r} (RFC 9110 §15.5.17)")
    if answer.status not in (206, 416) and answer.fields("Content-Range"):
        wrongs.append(f"Content-Range in a {answer.status} (RFC 9110 §14.4)")
    etag = answer.field("ETag")
    if etag is not None and not re.fullmatch(r'(W/)?"[\x21\x23-\x7e\x80-\xff]*"', etag):
        wrongs.append(f"ETag is {etag!r} (RFC 9110 §8.8.3)")
    modified = answer.field("Last-Modified")
    if modified is not None and not IMF_DATE.fullmatch(modified):
        wrongs.append(f"Last-Modified is {modified!r} (RFC 9110 §8.8.2)")
    return wrongs


def ask(address, octets: bytes, method: str = "GET", timeout: float = TIMEOUT) -> Answer:
    """Sends one request on a separate connection."""
    with Conversation(address, timeout) as talk:
        talk.send(octets)
        return talk.read_answer(method)

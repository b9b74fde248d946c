"""An HTTP/2 conversation that takes HTTP/1.1's octets: one table of cases is run over every version.

A case has an HTTP/2 form if its octets are HTTP/1.1 messages with unambiguous framing, and if every message is answered:
what HTTP/1.1 says about cutting octets into messages, and about closing the connection after one, has no equivalent.
Each message becomes a stream; connection-specific fields are removed, as a gateway would (RFC 9113 §8.2.2).
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

import hpack

from conformance.case import Case, Pause, Then
from conformance.content import PROBE
from conformance.http2 import (ACK, END_HEADERS, END_STREAM, PADDED, PAYLOAD_MAX, SETTINGS_ACK, WINDOW, WINDOW_MAX, Code,
                               Setting, Type, data, frame, literal, ping, window_update)
from exchange import Answer, Conversation, Silent, Wrong
from h2_frames import CONNECTION_SPECIFIC, Link

REQUEST_LINE = re.compile(rb"([^\r\n ]+) ([^\r\n ]+) HTTP/1\.1", re.DOTALL)
ABSOLUTE = re.compile(rb"([A-Za-z][A-Za-z0-9+.-]*)://([^/?]*)(.*)", re.DOTALL)
OUR_WINDOW = 1 << 20
HUFFMAN_MAX = 1000


class NoForm(Exception):
    """The octets have no equivalent in HTTP/2."""


@dataclass
class Head:
    method: bytes
    target: bytes
    lines: list[tuple[bytes, bytes]]
    ends: bool


@dataclass
class Content:
    octets: bytes
    ends: bool


@dataclass
class Trailers:
    lines: list[tuple[bytes, bytes]]


class Reader:
    """Cuts HTTP/1.1's octets into heads, contents and trailers, however they arrive."""

    def __init__(self):
        self.waiting = bytearray()
        self.state = self._head
        self.left = 0
        self.messages = 0

    def feed(self, octets: bytes) -> list[Head | Content | Trailers]:
        self.waiting += octets
        events: list = []
        while self.state(events):
            pass
        return events

    def is_between_messages(self) -> bool:
        return not self.waiting and self.state == self._head

    def is_within_content(self) -> bool:
        return not self.waiting and self.state == self._octets

    def _section(self) -> list[bytes] | None:
        """The lines to the next empty one."""
        end = self.waiting.find(b"\r\n\r\n")
        if end < 0:
            return None
        lines = bytes(self.waiting[:end]).split(b"\r\n")
        del self.waiting[:end + 4]
        return lines

    def _head(self, events: list) -> bool:
        section = self._section()
        if section is None:
            return False
        first = REQUEST_LINE.fullmatch(section[0])
        if not first:
            raise NoForm("no request line of HTTP/1.1")
        lines = fields_in(section[1:])
        codings = [value.lower() for name, value in lines if name == b"transfer-encoding"]
        lengths = [value for name, value in lines if name == b"content-length"]
        if (codings and (codings != [b"chunked"] or lengths)) or len(lengths) > 1:
            raise NoForm("ambiguous framing")
        if lengths and not re.fullmatch(rb"[0-9]{1,18}", lengths[0]):
            raise NoForm("no length")
        if ABSOLUTE.fullmatch(first[2]) and [name for name, _ in lines].count(b"host") != 1:
            raise NoForm("Host and an absolute target: there is only :authority")
        self.messages += 1
        self.left = int(lengths[0]) if lengths else 0
        has_content = bool(codings) or self.left > 0
        if has_content:
            self.state = self._chunk if codings else self._octets
        events.append(Head(first[1], first[2], lines, not has_content))
        return True

    def _octets(self, events: list) -> bool:
        taken = bytes(self.waiting[:self.left])
        if not taken:
            return False
        del self.waiting[:len(taken)]
        self.left -= len(taken)
        if self.left == 0:
            self.state = self._head
        events.append(Content(taken, self.left == 0))
        return True

    def _chunk(self, events: list) -> bool:
        end = self.waiting.find(b"\r\n")
        if end < 0:
            return False
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", self.waiting[:end]):
            raise NoForm("a chunk's size, or an extension")
        size = int(self.waiting[:end], 16)
        if size == 0:
            del self.waiting[:end]  # the empty line, or what is before the trailers
            self.state = self._trailers
            return True
        if len(self.waiting) < end + 2 + size + 2:
            return False
        if self.waiting[end + 2 + size:end + 4 + size] != b"\r\n":
            raise NoForm("a chunk's end")
        events.append(Content(bytes(self.waiting[end + 2:end + 2 + size]), False))
        del self.waiting[:end + 4 + size]
        return True

    def _trailers(self, events: list) -> bool:
        section = self._section()
        if section is None:
            return False
        lines = fields_in(section[1:])
        events.append(Trailers(lines) if lines else Content(b"", True))
        self.state = self._head
        return True


def fields_in(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    """Names and values may be wrong: HTTP/2 has an equivalent for that. A line without a colon, or a folded one, has none."""
    fields = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or line[:1] in b" \t":
            raise NoForm("no field line")
        if b"\r" in line or b"\n" in line:
            raise NoForm("a field line cut by CR or LF")
        fields.append((name.lower(), value.strip(b" \t")))
    return fields


def has_h2_form(case: Case) -> bool:
    reader = Reader()
    if case.http1_only:
        return False
    try:
        for step in case.send:
            if isinstance(step, bytes):
                reader.feed(step)
    except NoForm:
        return False
    # Content that does not come, and then the end of the connection: about HTTP/1.1's framing.
    is_unfinished = reader.is_within_content() and Pause.HALF_CLOSE not in case.send
    return reader.messages == len(case.answers) and (reader.is_between_messages() or is_unfinished)


@dataclass
class Stream:
    events: list[Head | Content | Trailers] = field(default_factory=list)  # to be sent
    is_open: bool = False  # its head has been sent
    is_sent: bool = False
    is_over: bool = False  # the server has ended or reset it
    window: int = WINDOW
    interims: list[int] = field(default_factory=list)
    interims_told: int = 0
    answer: Answer | None = None
    trailers: list[tuple[str, str]] | None = None


class H2Conversation:
    """The same for callers as Conversation: send() takes HTTP/1.1's octets, read_answer() returns the next message's."""

    def __init__(self, talk: Conversation, scheme: bytes, case: Case):
        # Once the connection is half-closed, no window can be opened any more.
        window = WINDOW_MAX - WINDOW if Pause.HALF_CLOSE in case.send else OUR_WINDOW
        self.link = Link(talk, (Setting.INITIAL_WINDOW_SIZE, window), (Setting.ENABLE_PUSH, 0))
        self.link.send(window_update(0, window))
        self.talk, self.scheme = talk, scheme
        self.reader = Reader()
        self.encoder = hpack.Encoder()
        self.streams: list[Stream] = []
        self.answers_read = 0
        self.window = WINDOW
        self.initial_window = WINDOW
        self.streams_max = 100
        self.has_half_closed = False
        self.unused = 0  # octets of content that arrived since our last WINDOW_UPDATE of the connection

    def __enter__(self) -> "H2Conversation":
        return self

    def __exit__(self, *_) -> None:
        self.talk.socket.close()

    @property
    def everything(self) -> bytearray:
        return self.talk.everything

    def send(self, octets: bytes) -> None:
        for event in self.reader.feed(octets):
            if isinstance(event, Head):
                self.streams.append(Stream())
            self.streams[-1].events.append(event)
        self._send_what_may()

    def half_close(self) -> None:
        self._send_what_may()
        while not self.link.peer or any(not stream.is_sent for stream in self.streams):
            self._step()
        self.has_half_closed = True
        self.talk.half_close()

    def flush_unread(self) -> None:
        """Flow control makes every client read."""

    def read_interim(self) -> int:
        stream = self.streams[self.answers_read]
        self._step_until(lambda: len(stream.interims) > stream.interims_told or stream.answer is not None)
        if len(stream.interims) == stream.interims_told:
            raise Wrong(f"final answer {stream.answer.status} where an interim one was due")
        stream.interims_told += 1
        return stream.interims[stream.interims_told - 1]

    def read_answer(self, method: str = "GET") -> Answer:
        if self.answers_read == len(self.streams):
            raise Silent("there is no further request")
        stream = self.streams[self.answers_read]
        self._step_until(lambda: stream.is_over)
        self.answers_read += 1
        answer = stream.answer
        if answer is None:
            raise Wrong("a stream ended without an answer")
        if answer.is_reset:
            return answer
        answer.interims = stream.interims[stream.interims_told:]
        if method == "HEAD" or answer.status in (204, 304):
            if answer.content:
                raise Wrong(f"content where there may be none: {answer.content[:80]!r}")
        elif answer.fields("content-length") and answer.field("content-length") != str(len(answer.content)):
            raise Wrong(f"{len(answer.content)} octets, Content-Length {answer.fields('content-length')!r} (RFC 9113 §8.1.1)")
        return answer

    def check_ending(self, case: Case) -> None:
        """One more request is answered, whatever the others were; or after our end, the server ends the connection."""
        if Pause.HALF_CLOSE in case.send:
            self._read_to_end()
            return
        if case.then is Then.CLOSES and "keep_alive_max=1s" in case.options:
            self._read_to_end()  # it is about idleness
            return
        self.reader = Reader()
        self.answers_read = len(self.streams)
        self.send(b"GET /probe.txt HTTP/1.1\r\nHost: localhost\r\n\r\n")
        probe = self.read_answer()
        if "--auth" in case.options:
            right = probe.status == 401  # the probe has no credentials
        else:
            right = probe.status == 200 and probe.content == PROBE
        if not right:
            raise Wrong(f"the next request's answer is {probe.status} {probe.content[:80]!r}, not the probe's content")

    def _read_to_end(self) -> None:
        while self._step():
            pass
        if not self.link.is_leaving:
            raise Wrong("the connection ended without GOAWAY (RFC 9113 §5.4.1)")
        if self.talk.ended != "eof":
            raise Wrong(f"the connection ended by a {self.talk.ended}")

    def _step_until(self, holds) -> None:
        while not holds():
            if not self._step():
                raise Silent(f"the connection ended ({self.talk.ended}) without an answer")

    # --- what is sent

    def _send_what_may(self) -> None:
        """As much as the server's limits allow: of streams at a time, and of content."""
        for number, stream in enumerate(self.streams):
            if stream.is_sent:
                continue
            if not stream.is_open:
                if sum(one.is_open and not one.is_over for one in self.streams) >= self.streams_max:
                    return
                stream.is_open, stream.window = True, self.initial_window
            self._send_stream(2 * number + 1, stream)

    def _send_stream(self, identifier: int, stream: Stream) -> None:
        while stream.events and not stream.is_over:
            event = stream.events[0]
            if isinstance(event, Head):
                self._send_head(identifier, event)
                stream.is_sent = event.ends
            elif isinstance(event, Trailers):
                self._send_section(identifier, event.lines, END_STREAM)
                stream.is_sent = True
            else:
                count = min(len(event.octets), stream.window, self.window, PAYLOAD_MAX)
                if count == 0 and event.octets:
                    return
                ends = event.ends and count == len(event.octets)
                self.link.send(data(identifier, event.octets[:count], END_STREAM if ends else 0))
                event.octets = event.octets[count:]
                stream.window -= count
                self.window -= count
                if event.octets:
                    continue
                stream.is_sent = ends
            stream.events.pop(0)
        if stream.is_over:
            stream.is_sent = True

    def _send_head(self, identifier: int, head: Head) -> None:
        absolute = ABSOLUTE.fullmatch(head.target)
        hosts = [value for name, value in head.lines if name == b"host"]
        scheme, authority, path = self.scheme, None, head.target
        if head.method == b"CONNECT":
            pseudo = [(b":method", head.method), (b":authority", head.target)]
        else:
            if absolute:
                scheme, authority, path = absolute[1].lower(), absolute[2], absolute[3]
                if not path.startswith(b"/"):
                    path = b"*" if head.method == b"OPTIONS" and not path else b"/" + path
            elif len(hosts) == 1:
                authority = hosts[0]
            pseudo = [(b":method", head.method), (b":scheme", scheme), (b":path", path)]
            if authority is not None:
                pseudo.append((b":authority", authority))
        # RFC 9112 §3.2.2: an absolute target replaces Host.
        in_pseudo = {b"host"} if absolute or authority is not None or head.method == b"CONNECT" else set()
        lines = [(name, value) for name, value in head.lines if name not in CONNECTION_SPECIFIC | in_pseudo]
        if len(hosts) > 1:
            lines += [(b"host", value) for value in hosts if b"host" in in_pseudo]
        lines += [(b"te", b"trailers") for name, value in head.lines if name == b"te" and value.lower() == b"trailers"]
        self._send_section(identifier, pseudo + lines, END_STREAM if head.ends else 0)

    def _send_section(self, identifier: int, lines: list[tuple[bytes, bytes]], flags: int) -> None:
        # The library's Huffman code takes quadratic time.
        octets = b"".join(literal(name, value) if len(name) + len(value) > HUFFMAN_MAX else self.encoder.encode([(name, value)])
                          for name, value in lines)
        pieces = [octets[at:at + PAYLOAD_MAX] for at in range(0, len(octets), PAYLOAD_MAX)] or [b""]
        for number, piece in enumerate(pieces):
            last = END_HEADERS if number + 1 == len(pieces) else 0
            if number == 0:
                self.link.send(frame(Type.HEADERS, flags | last, identifier, piece))
            else:
                self.link.send(frame(Type.CONTINUATION, last, identifier, piece))

    # --- what is received

    def _step(self) -> bool:
        """Reads one frame. False: the connection has ended."""
        got = self.link.next_frame()
        if got is None:
            return False
        stream = self.streams[got.stream // 2] if got.stream and got.stream // 2 < len(self.streams) else None
        if got.type == Type.SETTINGS and not got.flags & ACK:
            self._take_settings()
        elif got.type == Type.PING and not got.flags & ACK and not self.has_half_closed:
            self.link.send(ping(got.payload, ACK))
        elif got.type == Type.WINDOW_UPDATE:
            octets = struct.unpack(">I", got.payload)[0]
            if stream is not None:
                stream.window += octets
            elif got.stream == 0:
                self.window += octets
        elif got.type in (Type.HEADERS, Type.DATA, Type.RST_STREAM):
            if stream is None or not stream.is_open:
                raise Wrong(f"on a stream that is not open: {got}")
            self._take_of_stream(stream, got)
        self._send_what_may()
        return True

    def _take_settings(self) -> None:
        self.link.send(SETTINGS_ACK)
        self.streams_max = self.link.peer.get(Setting.MAX_CONCURRENT_STREAMS, self.streams_max)
        before, self.initial_window = self.initial_window, self.link.peer.get(Setting.INITIAL_WINDOW_SIZE, WINDOW)
        for stream in self.streams:
            if stream.is_open:
                stream.window += self.initial_window - before

    def _take_of_stream(self, stream: Stream, got) -> None:
        if got.type == Type.RST_STREAM:
            if not stream.is_over:
                # A malformed request (RFC 9113 §8.1.1), or trailers that are too large.
                status = {Code.PROTOCOL_ERROR: 400, Code.ENHANCE_YOUR_CALM: 431}.get(got.code)
                if status is None:
                    raise Wrong(f"a stream was reset with {got.code!r}")
                stream.answer = Answer(status, "reset", [], is_reset=True)
            stream.is_over = True
            return
        if got.type == Type.DATA:
            if stream.answer is None:
                raise Wrong("DATA before HEADERS")
            padding = got.payload[0] + 1 if got.flags & PADDED else 0
            stream.answer.content += got.payload[1 if padding else 0:len(got.payload) - max(0, padding - 1)]
            self._use_up(got)
        else:
            lines = self.link.fields_of(got)
            if stream.answer is not None:
                stream.trailers = lines
            else:
                self._take_head(stream, lines, got)
        stream.is_over = stream.is_over or got.ends_stream

    def _take_head(self, stream: Stream, lines: list[tuple[str, str]], got) -> None:
        if not lines or lines[0][0] != ":status":
            raise Wrong(f"a head without :status: {lines}")
        status = int(lines[0][1])
        if status < 200:
            if got.ends_stream or any(name == "content-length" for name, _ in lines):
                raise Wrong(f"an interim answer that ends the stream, or with Content-Length: {lines}")
            stream.interims.append(status)
        else:
            stream.answer = Answer(status, "", lines[1:])

    def _use_up(self, got) -> None:
        if not got.payload or self.has_half_closed:
            return
        if not got.ends_stream:
            self.link.send(window_update(got.stream, len(got.payload)))
        self.unused += len(got.payload)
        if self.unused >= OUR_WINDOW // 4:
            self.link.send(window_update(0, self.unused))
            self.unused = 0


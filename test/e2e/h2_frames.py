"""An HTTP/2 connection in frames (RFC 9113): sends any octets, and reads the server's frames strictly.

The reader is stricter than any client: everything that it refuses is a defect of the server.
"""

from __future__ import annotations

import struct
import time

import hpack

import servers
from conformance.http2 import (ACK, END_HEADERS, PADDED, PAYLOAD_MAX, PREFACE, PRIORITY, SETTINGS_ACK, Code, Frame, Type,
                               ping, settings)
from exchange import TIMEOUT, Conversation, SecureConversation, Silent, Wrong

def connect(address, certificate: servers.Certificate | None = None, **options) -> Conversation:
    """A connection that will speak HTTP/2: with TLS by ALPN, without it by prior knowledge."""
    if certificate is None:
        return Conversation(address, **options)
    context = certificate.client_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    talk = SecureConversation(address, context, **options)
    if talk.session.selected_alpn_protocol() != "h2":
        raise Wrong(f"ALPN has chosen {talk.session.selected_alpn_protocol()!r}")
    return talk


LENGTHS = {Type.PRIORITY: 5, Type.RST_STREAM: 4, Type.PING: 8, Type.WINDOW_UPDATE: 4}


class Link:
    """The client's end of a connection. Checks each of the server's frames; decodes its field blocks."""

    def __init__(self, talk: Conversation, *pairs: tuple[int, int], begins: bool = True):
        self.talk = talk
        self.decoder = hpack.Decoder(max_header_list_size=1 << 20)
        self.frames_read = 0
        self.in_block: int | None = None
        self.ended_streams: set[int] = set()  # the server has ended these
        self.peer: dict[int, int] = {}  # its settings
        self.is_leaving = False  # it has sent GOAWAY
        if begins:
            self.send(PREFACE + settings(*pairs))

    def __enter__(self) -> "Link":
        return self

    def __exit__(self, *_) -> None:
        self.talk.socket.close()

    def send(self, octets: bytes) -> None:
        self.talk.send(octets)

    def flush(self) -> None:
        """Hands everything to the kernel, and reads nothing."""
        self.talk.flush_unread()

    def next_frame(self, seconds: float | None = None) -> Frame | None:
        """Returns the next frame; None at the end of the connection."""
        def whole(received: bytearray) -> int | None:
            if len(received) < 9:
                return None
            length = 9 + int.from_bytes(received[:3], "big")
            return length if len(received) >= length else None
        deadline = None if seconds is None else time.monotonic() + seconds
        length = self.talk.read_until(whole, deadline)
        received = self.talk.received
        if length is None:
            if received:
                raise Wrong(f"the connection ended ({self.talk.ended}) within a frame: {bytes(received[:60])!r}")
            return None
        got = Frame(received[3], received[4], int.from_bytes(received[5:9], "big"), bytes(received[9:length]))
        del received[:length]
        self._check(got)
        self.frames_read += 1
        return got

    def _check(self, got: Frame) -> None:
        """What no server may send."""
        wrong = None
        if self.frames_read == 0 and (got.type != Type.SETTINGS or got.flags & ACK):
            wrong = "the first frame is not SETTINGS (RFC 9113 §3.4)"
        elif got.type not in Type.__members__.values():
            wrong = "an unknown type"
        elif len(got.payload) > PAYLOAD_MAX:
            wrong = "larger than SETTINGS_MAX_FRAME_SIZE (RFC 9113 §4.2)"
        elif got.stream >> 31:
            wrong = "the reserved bit is set (RFC 9113 §4.1)"
        elif len(got.payload) != LENGTHS.get(got.type, len(got.payload)):
            wrong = "of a wrong size"
        elif got.type in (Type.SETTINGS, Type.PING, Type.GOAWAY) and got.stream != 0:
            wrong = "on a stream"
        elif got.type in (Type.DATA, Type.HEADERS, Type.RST_STREAM, Type.CONTINUATION) and got.stream % 2 == 0:
            wrong = "on no stream of the client"
        elif got.type == Type.PUSH_PROMISE:
            wrong = "a push"
        elif self.in_block is not None and (got.type != Type.CONTINUATION or got.stream != self.in_block):
            wrong = "within a field block (RFC 9113 §4.3)"
        elif self.in_block is None and got.type == Type.CONTINUATION:
            wrong = "without a field block (RFC 9113 §6.10)"
        elif got.type in (Type.DATA, Type.HEADERS) and got.stream in self.ended_streams:
            wrong = "after END_STREAM or RST_STREAM (RFC 9113 §5.1)"
        if wrong:
            raise Wrong(f"{wrong}: {got}")
        if got.type in (Type.HEADERS, Type.CONTINUATION):
            self.in_block = None if got.flags & END_HEADERS else got.stream
        if got.ends_stream or got.type == Type.RST_STREAM:
            self.ended_streams.add(got.stream)
        self.is_leaving = self.is_leaving or got.type == Type.GOAWAY
        if got.type == Type.SETTINGS and not got.flags & ACK:
            self.peer |= dict(struct.iter_unpack(">HI", got.payload))

    def fields_of(self, got: Frame, seconds: float | None = None) -> list[tuple[str, str]]:
        """Decodes a HEADERS frame, after reading the CONTINUATION frames that follow."""
        octets = got.payload
        at, padding = 0, 0
        if got.flags & PADDED:
            at, padding = 1, octets[0]
        if got.flags & PRIORITY:
            at += 5
        octets = octets[at:len(octets) - padding]
        while self.in_block is not None:
            more = self.next_frame(seconds)
            if more is None:
                raise Wrong("the connection ended within a field block")
            octets += more.payload
        lines = [(bytes(name), bytes(value)) for name, value in self.decoder.decode(octets, raw=True)]
        check_lines(lines)
        return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in lines]

    def settle(self) -> None:
        """Reads the server's settings and acknowledges them."""
        got = self.next_frame()
        if got is None:
            raise Silent(f"the connection ended ({self.talk.ended}) without settings")
        self.send(SETTINGS_ACK)

    def frames(self, until, seconds: float = TIMEOUT) -> list[Frame]:
        """The frames to the one for which until(frame) holds, or to the end of the connection."""
        end, seen = time.monotonic() + seconds, []
        while True:
            got = self.next_frame(max(0.01, end - time.monotonic()))
            if got is None:
                return seen
            seen.append(got)
            if until(got):
                return seen

    def ending(self, seconds: float = TIMEOUT) -> tuple[Code, list[Frame]]:
        """Reads to the end. Returns the last GOAWAY's code, and all frames."""
        seen = self.frames(lambda got: False, seconds)
        away = [got for got in seen if got.type == Type.GOAWAY]
        if not away:
            raise Wrong(f"the connection ended ({self.talk.ended}) without GOAWAY: {seen}")
        return away[-1].code, seen

    def answer(self, stream: int, seconds: float = TIMEOUT) -> tuple[int, bytes]:
        """The final status on a stream and its content; what happens on others is read and forgotten. Of a reset, the
        status is minus the code."""
        status, content = 0, b""
        while True:
            got = self.next_frame(seconds)
            if got is None:
                raise Silent(f"the connection ended ({self.talk.ended}) without an answer")
            if got.type == Type.HEADERS:
                lines = self.fields_of(got)
                if got.stream == stream and lines and lines[0][0] == ":status" and status < 200:
                    status = int(lines[0][1])
            if got.type == Type.DATA and got.stream == stream:
                content += got.payload
            if got.type == Type.RST_STREAM and got.stream == stream:
                return -int(got.code), content
            if got.type == Type.SETTINGS and not got.flags & ACK:
                self.send(SETTINGS_ACK)
            if got.type == Type.PING and not got.flags & ACK:
                self.send(ping(got.payload, ACK))
            if got.stream == stream and got.ends_stream:
                return status, content


CONNECTION_SPECIFIC = {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade", b"te"}


def check_lines(lines: list[tuple[bytes, bytes]]) -> None:
    """RFC 9113 §8.2, §8.3"""
    regular_seen = False
    for number, (name, value) in enumerate(lines):
        if name != name.lower() or not name:
            raise Wrong(f"field name {name!r} (RFC 9113 §8.2.1)")
        if name in CONNECTION_SPECIFIC:
            raise Wrong(f"connection-specific field {name!r} (RFC 9113 §8.2.2)")
        if value != value.strip(b" \t") or any(octet in value for octet in (b"\0", b"\r", b"\n")):
            raise Wrong(f"value {value!r} of {name!r} (RFC 9113 §8.2.1)")
        if name.startswith(b":"):
            if name != b":status" or regular_seen or number > 0:
                raise Wrong(f"pseudo-header field {name!r} (RFC 9113 §8.3)")
        else:
            regular_seen = True

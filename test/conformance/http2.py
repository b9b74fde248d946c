"""HTTP/2 as octets (RFC 9113, RFC 7541): builds any frame and any field block, right or wrong."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PAYLOAD_MAX = 16_384  # until the peer allows more
WINDOW = 65_535  # until the peer opens it
WINDOW_MAX = 2 ** 31 - 1


class Type(IntEnum):
    DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
    PRIORITY_UPDATE = 16


class Setting(IntEnum):
    (HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE,
     MAX_HEADER_LIST_SIZE) = range(1, 7)
    ENABLE_CONNECT_PROTOCOL = 8
    NO_RFC7540_PRIORITIES = 9


class Code(IntEnum):
    (NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR,
     REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY,
     HTTP_1_1_REQUIRED) = range(14)


END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20


@dataclass(frozen=True)
class Frame:
    type: int
    flags: int
    stream: int
    payload: bytes

    @property
    def code(self) -> Code:
        """The error code of RST_STREAM or GOAWAY."""
        return Code(struct.unpack(">I", self.payload[:4] if self.type == Type.RST_STREAM else self.payload[4:8])[0])

    @property
    def last_stream(self) -> int:
        """Of GOAWAY."""
        return struct.unpack(">I", self.payload[:4])[0] & WINDOW_MAX

    @property
    def ends_stream(self) -> bool:
        return self.type in (Type.DATA, Type.HEADERS) and bool(self.flags & END_STREAM)


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"", length: int | None = None) -> bytes:
    size = len(payload) if length is None else length
    return struct.pack(">I", size)[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def settings(*pairs: tuple[int, int]) -> bytes:
    return frame(Type.SETTINGS, payload=b"".join(struct.pack(">HI", name, value) for name, value in pairs))


SETTINGS_ACK = frame(Type.SETTINGS, ACK)


def headers(stream: int, block: bytes, flags: int = END_STREAM | END_HEADERS) -> bytes:
    return frame(Type.HEADERS, flags, stream, block)


def data(stream: int, octets: bytes = b"", flags: int = 0) -> bytes:
    return frame(Type.DATA, flags, stream, octets)


def reset(stream: int, code: int = Code.CANCEL) -> bytes:
    return frame(Type.RST_STREAM, 0, stream, struct.pack(">I", code))


def ping(octets: bytes = b"portico!", flags: int = 0) -> bytes:
    return frame(Type.PING, flags, 0, octets)


def window_update(stream: int, octets: int) -> bytes:
    return frame(Type.WINDOW_UPDATE, 0, stream, struct.pack(">I", octets))


def goaway(code: int = Code.NO_ERROR, last: int = 0, reason: bytes = b"") -> bytes:
    return frame(Type.GOAWAY, 0, 0, struct.pack(">II", last, code) + reason)


def priority(stream: int, depends_on: int = 0, weight: int = 15) -> bytes:
    return frame(Type.PRIORITY, 0, stream, struct.pack(">IB", depends_on, weight))


def priority_update(stream: int, value: bytes = b"u=1") -> bytes:
    return frame(Type.PRIORITY_UPDATE, 0, 0, struct.pack(">I", stream) + value)


def integer(value: int, bits: int, first: int = 0) -> bytes:
    """RFC 7541 §5.1"""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    octets = bytearray([first | most])
    value -= most
    while value >= 128:
        octets.append(value % 128 + 128)
        value //= 128
    return bytes(octets) + bytes([value])


def literal(name: bytes, value: bytes, first: int = 0x00) -> bytes:
    """One field line, neither compressed nor indexed: RFC 7541 §6.2.2. With 0x40, it is added to the dynamic table."""
    return bytes([first]) + integer(len(name), 7) + name + integer(len(value), 7) + value


def block(*lines: tuple[bytes, bytes]) -> bytes:
    return b"".join(literal(name, value) for name, value in lines)


def request_lines(path: bytes = b"/hello.txt", method: bytes = b"GET", scheme: bytes = b"http",
                  authority: bytes = b"localhost") -> tuple[tuple[bytes, bytes], ...]:
    return (b":method", method), (b":scheme", scheme), (b":path", path), (b":authority", authority)


def request(*more: tuple[bytes, bytes], **pseudo: bytes) -> bytes:
    """The field block of a well-formed request, and further lines."""
    return block(*request_lines(**pseudo), *more)


def get(stream: int, path: bytes = b"/hello.txt", *more: tuple[bytes, bytes]) -> bytes:
    return headers(stream, request(*more, path=path))


def post(stream: int, path: bytes = b"/hello.txt", *more: tuple[bytes, bytes]) -> bytes:
    """A request whose content follows."""
    return headers(stream, request(*more, path=path, method=b"POST"), END_HEADERS)

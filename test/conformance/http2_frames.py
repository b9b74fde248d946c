"""What a client of HTTP/2 must not do, and what it may: frames, streams, fields, flow control (RFC 9113; RFC 7541, 9218).

Each row's octets are sent after the preface and empty settings. Nothing here opens a socket: test/e2e/test_http2_frames.py
sends them.
"""

from __future__ import annotations

from dataclasses import dataclass

from .content import HELLO
from .http2 import (ACK, END_HEADERS, END_STREAM, PADDED, PREFACE, PRIORITY, SETTINGS_ACK, WINDOW_MAX, Code, Setting, Type,
                    block, data, frame, get, goaway, headers, integer, literal, ping, post, priority, priority_update,
                    request, request_lines, reset, settings, window_update)

PROTOCOL, FLOW, CLOSED, SIZE = Code.PROTOCOL_ERROR, Code.FLOW_CONTROL_ERROR, Code.STREAM_CLOSED, Code.FRAME_SIZE_ERROR
COMPRESSION, CALM, REFUSED = Code.COMPRESSION_ERROR, Code.ENHANCE_YOUR_CALM, Code.REFUSED_STREAM
PROBE_STREAM = 1001  # all other streams are below it


@dataclass(frozen=True)
class ConnectionEnds:
    """GOAWAY with one of these codes, and then the end."""
    codes: tuple[Code, ...]


@dataclass(frozen=True)
class StreamEnds:
    """RST_STREAM with one of these codes, before or instead of an answer; the connection goes on."""
    stream: int
    codes: tuple[Code, ...]


@dataclass(frozen=True)
class Answers:
    """An answer on a stream, with a status and perhaps a content; the connection goes on."""
    stream: int = 1
    status: int = 200
    content: bytes | None = None


@dataclass(frozen=True)
class GoesOn:
    """Nothing that concerns a stream; the connection goes on."""


@dataclass(frozen=True)
class Acknowledges:
    """A frame with just these octets; the connection goes on."""
    kind: Type
    payload: bytes


@dataclass(frozen=True)
class Row:
    name: str
    section: str
    send: bytes | tuple[bytes, ...]  # pieces are sent one by one, each after the server has answered a PING
    expected: ConnectionEnds | StreamEnds | Answers | GoesOn | Acknowledges
    options: tuple[str, ...] = ()
    preface: bytes = PREFACE + settings()


def ends(*codes: Code) -> ConnectionEnds:
    return ConnectionEnds(codes)


def stream_ends(*codes: Code, stream: int = 1) -> StreamEnds:
    return StreamEnds(stream, codes)


OK = Answers(1, 200, HELLO)
NEXT_OK = Answers(3, 200, HELLO)


def cut(octets: bytes, *at: int) -> list[bytes]:
    return [octets[start:end] for start, end in zip((0, *at), (*at, len(octets)))]


def continued(stream: int, *pieces: bytes, flags: int = END_STREAM) -> bytes:
    """A field block in a HEADERS frame and CONTINUATION frames."""
    frames = [headers(stream, pieces[0], flags)]
    frames += [frame(Type.CONTINUATION, 0, stream, piece) for piece in pieces[1:-1]]
    return b"".join(frames) + frame(Type.CONTINUATION, END_HEADERS, stream, pieces[-1])


BLOCK = request()
THIRDS = cut(BLOCK, 10, 20)

PREFACES = [
    Row("preface_ping_before_settings", "9113 §3.4", b"", ends(PROTOCOL), preface=PREFACE + ping()),
    Row("preface_headers_before_settings", "9113 §3.4", b"", ends(PROTOCOL), preface=PREFACE + get(1)),
    Row("preface_settings_ack_first", "9113 §3.4", b"", ends(PROTOCOL), preface=PREFACE + SETTINGS_ACK),
    Row("preface_window_update_first", "9113 §3.4", b"", ends(PROTOCOL), preface=PREFACE + window_update(0, 1)),
    Row("preface_unknown_type_first", "9113 §3.4", b"", ends(PROTOCOL), preface=PREFACE + frame(0xee)),
    Row("preface_request_at_once", "9113 §3.4", get(1), OK),
    Row("preface_settings_of_size_5", "9113 §6.5", b"", ends(SIZE), preface=PREFACE + frame(Type.SETTINGS, payload=b"12345")),
]

FRAMES = [
    Row("frame_of_the_largest_size", "9113 §4.2", post(1) + data(1, b"x" * 16_384, END_STREAM), Answers(1, 405)),
    Row("frame_data_too_large", "9113 §4.2", post(1) + data(1, b"x" * 16_385, END_STREAM), ends(SIZE)),
    Row("frame_headers_too_large", "9113 §4.2", headers(1, request((b"x", b"y" * 16_384))), ends(SIZE)),
    Row("frame_settings_too_large", "9113 §4.2", settings(*[(99, 1)] * 2731), ends(SIZE)),
    Row("frame_unknown_too_large", "9113 §4.2", frame(0xee, payload=b"x" * 16_385), ends(SIZE)),
    Row("frame_unknown_type", "9113 §4.1", frame(0xee, 0xff, 0, b"x" * 100) + get(1), OK),
    Row("frame_unknown_type_on_stream", "9113 §5.5", frame(0xee, 0xff, 7, b"x" * 100) + get(1), OK),
    Row("frame_unknown_type_empty", "9113 §4.1", frame(0x80) + get(1), OK),
    Row("frame_unknown_type_in_block", "9113 §4.3", headers(1, THIRDS[0], END_STREAM) + frame(0xee), ends(PROTOCOL)),
    Row("frame_reserved_bit", "9113 §4.1", frame(Type.HEADERS, END_STREAM | END_HEADERS, 1 | 1 << 31, BLOCK), OK),
    Row("frame_undefined_flags_of_ping", "9113 §4.1", frame(Type.PING, 0xfe, 0, b"12345678"),
        Acknowledges(Type.PING, b"12345678")),
    Row("frame_undefined_flags_of_headers", "9113 §4.1", headers(1, BLOCK, END_STREAM | END_HEADERS | 0x82), OK),
    Row("frame_undefined_flags_of_settings", "9113 §4.1", frame(Type.SETTINGS, 0xfe), GoesOn()),
    Row("frame_altsvc_from_client", "7838 §4", frame(0xa, 0, 0, b"\0\0clear") + get(1), OK),
    Row("frame_origin_from_client", "8336 §2", frame(0xc) + get(1), OK),
]

DATA = [
    Row("data_on_stream_0", "9113 §6.1", data(0, b"x"), ends(PROTOCOL)),
    Row("data_on_idle_stream", "9113 §5.1", data(1, b"x"), ends(PROTOCOL)),
    Row("data_on_even_stream", "9113 §5.1", data(2, b"x"), ends(PROTOCOL)),
    Row("data_on_idle_stream_above", "9113 §5.1", get(1) + data(5, b"x"), ends(PROTOCOL)),
    Row("data_after_end_stream", "9113 §5.1", post(1) + data(1, b"x", END_STREAM) + data(1, b"y"),
        StreamEnds(1, (CLOSED,))),
    Row("data_after_request_without_content", "9113 §5.1", get(1, b"/big.bin") + data(1, b"x"), stream_ends(CLOSED)),
    Row("data_after_reset_by_client", "9113 §5.1", post(1) + reset(1) + data(1, b"x"), stream_ends(CLOSED)),
    Row("data_of_padding_length_only", "9113 §6.1", post(1) + data(1, b"\x00", PADDED | END_STREAM), Answers(1, 405)),
    Row("data_padded", "9113 §6.1", post(1) + data(1, b"\x05hello" + b"\0" * 5, PADDED | END_STREAM), Answers(1, 405)),
    Row("data_padding_not_zero", "9113 §6.1", post(1) + data(1, b"\x05hello" + b"x" * 5, PADDED | END_STREAM),
        Answers(1, 405)),
    Row("data_padding_as_long_as_payload", "9113 §6.1", post(1) + data(1, b"\x06hello", PADDED), ends(PROTOCOL)),
    Row("data_padding_longer_than_payload", "9113 §6.1", post(1) + data(1, b"\xffhello", PADDED), ends(PROTOCOL)),
    Row("data_padded_without_length", "9113 §6.1", post(1) + data(1, b"", PADDED), ends(SIZE, PROTOCOL)),
    Row("data_in_block", "9113 §4.3", headers(1, THIRDS[0], 0) + data(1, b"x"), ends(PROTOCOL)),
    Row("data_empty_and_last", "9113 §6.1", post(1) + data(1, b"", END_STREAM), Answers(1, 405)),
]

HEADERS = [
    Row("headers_on_stream_0", "9113 §6.2", headers(0, BLOCK), ends(PROTOCOL)),
    Row("headers_on_even_stream", "9113 §5.1.1", headers(2, BLOCK), ends(PROTOCOL)),
    Row("headers_on_lower_stream", "9113 §5.1.1", get(5) + get(3), ends(PROTOCOL)),
    Row("headers_skip_streams", "9113 §5.1.1", get(777), Answers(777, 200, HELLO)),
    Row("headers_on_answered_stream", "9113 §5.1", (get(1), get(1)), ends(CLOSED)),
    Row("headers_on_half_closed_stream", "9113 §5.1", get(1, b"/big.bin") + get(1), stream_ends(CLOSED)),
    Row("headers_after_reset_by_client", "9113 §5.1", post(1) + reset(1) + get(1), ends(CLOSED)),
    Row("headers_padded", "9113 §6.2", headers(1, b"\x04" + BLOCK + b"\0" * 4, END_STREAM | END_HEADERS | PADDED), OK),
    Row("headers_padding_longer_than_payload", "9113 §6.2",
        headers(1, b"\xff" + BLOCK[:100], END_STREAM | END_HEADERS | PADDED), ends(PROTOCOL)),
    Row("headers_padded_without_length", "9113 §6.2", headers(1, b"", END_STREAM | END_HEADERS | PADDED),
        ends(SIZE, PROTOCOL)),
    Row("headers_with_priority", "9113 §6.2",
        headers(1, b"\0\0\0\0\x10" + BLOCK, END_STREAM | END_HEADERS | PRIORITY), OK),
    Row("headers_with_exclusive_priority", "9113 §6.2",
        headers(1, b"\x80\0\0\x03\xff" + BLOCK, END_STREAM | END_HEADERS | PRIORITY), OK),
    Row("headers_padded_with_priority", "9113 §6.2",
        headers(1, b"\x03\0\0\0\0\x10" + BLOCK + b"\0\0\0", END_STREAM | END_HEADERS | PRIORITY | PADDED), OK),
    Row("headers_priority_cut", "9113 §6.2", headers(1, b"\0\0\0", END_STREAM | END_HEADERS | PRIORITY), ends(SIZE)),
    Row("headers_depend_on_themselves", "7540 §5.3.1",
        headers(1, b"\0\0\0\x01\x10" + BLOCK, END_STREAM | END_HEADERS | PRIORITY), stream_ends(PROTOCOL)),
    Row("headers_empty_block", "9113 §8.3.1", headers(1, b""), stream_ends(PROTOCOL)),
    Row("headers_twice_without_end_stream", "9113 §8.1", post(1) + headers(1, block((b"x", b"y")), END_HEADERS),
        stream_ends(PROTOCOL)),
    Row("headers_in_block", "9113 §6.2", headers(1, THIRDS[0], 0) + get(3), ends(PROTOCOL)),
    Row("headers_in_block_of_the_same_stream", "9113 §6.2", headers(1, THIRDS[0], 0) + headers(1, THIRDS[1]),
        ends(PROTOCOL)),
]

CONTINUATIONS = [
    Row("continuation", "9113 §6.10", continued(1, *THIRDS), OK),
    Row("continuation_of_one_octet_each", "9113 §6.10",
        continued(1, BLOCK[:-6], *[BLOCK[at:at + 1] for at in range(len(BLOCK) - 6, len(BLOCK))]), OK),
    Row("continuation_empty", "9113 §6.10", continued(1, BLOCK, b""), OK),
    Row("continuation_all_in_the_second", "9113 §6.10", continued(1, b"", BLOCK), OK),
    Row("continuation_undefined_flags", "9113 §6.10", headers(1, THIRDS[0], END_STREAM)
        + frame(Type.CONTINUATION, 0xfb, 1, THIRDS[1]) + frame(Type.CONTINUATION, 0xff, 1, THIRDS[2]), OK),
    Row("continuation_ends_no_stream", "9113 §6.10", headers(1, THIRDS[0] + THIRDS[1], 0)
        + frame(Type.CONTINUATION, END_HEADERS | END_STREAM, 1, THIRDS[2]) + data(1, b"x", END_STREAM), OK),
    Row("continuation_without_headers", "9113 §6.10", frame(Type.CONTINUATION, END_HEADERS, 1, BLOCK), ends(PROTOCOL)),
    Row("continuation_on_stream_0", "9113 §6.10", headers(1, THIRDS[0], 0) + frame(Type.CONTINUATION, 0, 0, THIRDS[1]),
        ends(PROTOCOL)),
    Row("continuation_on_other_stream", "9113 §6.10", headers(1, THIRDS[0], 0)
        + frame(Type.CONTINUATION, END_HEADERS, 3, BLOCK), ends(PROTOCOL)),
    Row("continuation_after_end_headers", "9113 §6.10", get(1) + frame(Type.CONTINUATION, END_HEADERS, 1, b""),
        ends(PROTOCOL)),
    Row("continuation_after_continuation_with_end_headers", "9113 §6.10",
        continued(1, *THIRDS) + frame(Type.CONTINUATION, END_HEADERS, 1, b""), ends(PROTOCOL)),
    Row("continuation_after_data", "9113 §6.10", post(1) + data(1, b"x") + frame(Type.CONTINUATION, END_HEADERS, 1, b""),
        ends(PROTOCOL)),
    Row("continuation_ping_within", "9113 §4.3", headers(1, THIRDS[0], 0) + ping(), ends(PROTOCOL)),
    Row("continuation_settings_within", "9113 §4.3", headers(1, THIRDS[0], 0) + settings(), ends(PROTOCOL)),
    Row("continuation_priority_within", "9113 §4.3", headers(1, THIRDS[0], 0) + priority(1), ends(PROTOCOL)),
    Row("continuation_reset_within", "9113 §4.3", headers(1, THIRDS[0], 0) + reset(1), ends(PROTOCOL)),
    Row("continuation_window_update_within", "9113 §4.3", headers(1, THIRDS[0], 0) + window_update(0, 1), ends(PROTOCOL)),
    Row("continuation_goaway_within", "9113 §4.3", headers(1, THIRDS[0], 0) + goaway(), ends(PROTOCOL)),
    Row("continuation_eight", "ours", continued(1, BLOCK, *[b""] * 8), OK),
    Row("continuation_nine", "ours", continued(1, BLOCK, *[b""] * 9), ends(CALM)),
    Row("continuation_over_64_kib", "ours",
        continued(1, BLOCK, *[block((b"x", b"y" * 16_000))] * 5), ends(CALM)),
]

PRIORITIES = [
    Row("priority_on_idle_stream", "9113 §6.3", priority(9) + get(1), OK),
    Row("priority_on_stream_0", "9113 §6.3", priority(0), ends(PROTOCOL)),
    Row("priority_of_4_octets", "9113 §6.3", post(1) + frame(Type.PRIORITY, 0, 1, b"1234"), stream_ends(SIZE)),
    Row("priority_of_6_octets", "9113 §6.3", post(1) + frame(Type.PRIORITY, 0, 1, b"123456"), stream_ends(SIZE)),
    Row("priority_after_the_end", "9113 §5.1", (get(1), priority(1)), GoesOn()),
    Row("priority_on_itself", "7540 §5.3.1", post(1) + priority(1, depends_on=1), stream_ends(PROTOCOL)),
    Row("priority_update", "9218 §7.1", priority_update(1, b"u=7, i") + get(1), OK),
    Row("priority_update_that_nobody_understands", "9218 §7.1", priority_update(1, b"u=?=(\x01") + get(1), OK),
    Row("priority_update_unknown_members", "9218 §4", priority_update(1, b"u=1, x=2, y;z") + get(1), OK),
    Row("priority_update_empty", "9218 §7.1", priority_update(1, b"") + get(1), OK),
    Row("priority_update_of_stream_0", "9218 §7.1", priority_update(0), ends(PROTOCOL)),
    Row("priority_update_on_a_stream", "9218 §7.1", frame(Type.PRIORITY_UPDATE, 0, 1, b"\0\0\0\x01u=1"), ends(PROTOCOL)),
    Row("priority_update_too_short", "9218 §7.1", frame(Type.PRIORITY_UPDATE, 0, 0, b"\0\0\0"), ends(SIZE)),
    Row("priority_update_of_a_push", "9218 §7.1", priority_update(2), ends(PROTOCOL)),
    Row("priority_field_is_advice", "9218 §4", get(1, b"/hello.txt", (b"priority", b"u=nonsense")), OK),
]

RESETS = [
    Row("reset_on_stream_0", "9113 §6.4", reset(0), ends(PROTOCOL)),
    Row("reset_on_idle_stream", "9113 §6.4", reset(1), ends(PROTOCOL)),
    Row("reset_on_even_stream", "9113 §6.4", reset(2), ends(PROTOCOL)),
    Row("reset_of_3_octets", "9113 §6.4", post(1) + frame(Type.RST_STREAM, 0, 1, b"123"), ends(SIZE)),
    Row("reset_of_5_octets", "9113 §6.4", post(1) + frame(Type.RST_STREAM, 0, 1, b"12345"), ends(SIZE)),
    Row("reset_of_an_upload", "9113 §5.4.2", post(1) + data(1, b"x") + reset(1) + get(3), NEXT_OK),
    Row("reset_after_the_end", "9113 §5.1", (get(1), reset(1)), GoesOn()),
    Row("reset_twice", "9113 §5.1", post(1) + reset(1) + reset(1) + get(3), NEXT_OK),
    Row("reset_with_an_unknown_code", "9113 §7", post(1) + reset(1, 0xdeadbeef) + get(3), NEXT_OK),
]

SETTINGS = [
    Row("settings_are_acknowledged", "9113 §6.5.3", settings((Setting.HEADER_TABLE_SIZE, 100)), GoesOn()),
    Row("settings_on_a_stream", "9113 §6.5", frame(Type.SETTINGS, 0, 1), ends(PROTOCOL)),
    Row("settings_of_5_octets", "9113 §6.5", frame(Type.SETTINGS, payload=b"12345"), ends(SIZE)),
    Row("settings_of_7_octets", "9113 §6.5", frame(Type.SETTINGS, payload=b"1234567"), ends(SIZE)),
    Row("settings_ack_with_payload", "9113 §6.5", frame(Type.SETTINGS, ACK, 0, b"123456"), ends(SIZE)),
    Row("settings_unknown", "9113 §6.5.2", settings((0x7777, 1), (0, 5), (0xffff, 0xffffffff)) + get(1), OK),
    Row("settings_push_2", "9113 §6.5.2", settings((Setting.ENABLE_PUSH, 2)), ends(PROTOCOL)),
    Row("settings_push_0", "9113 §6.5.2", settings((Setting.ENABLE_PUSH, 0)) + get(1), OK),
    Row("settings_window_too_large", "9113 §6.5.2", settings((Setting.INITIAL_WINDOW_SIZE, 1 << 31)), ends(FLOW)),
    Row("settings_window_largest", "9113 §6.5.2", settings((Setting.INITIAL_WINDOW_SIZE, WINDOW_MAX)) + get(1), OK),
    Row("settings_frame_size_too_small", "9113 §6.5.2", settings((Setting.MAX_FRAME_SIZE, 16_383)), ends(PROTOCOL)),
    Row("settings_frame_size_too_large", "9113 §6.5.2", settings((Setting.MAX_FRAME_SIZE, 1 << 24)), ends(PROTOCOL)),
    Row("settings_frame_size_largest", "9113 §6.5.2", settings((Setting.MAX_FRAME_SIZE, (1 << 24) - 1)) + get(1), OK),
    Row("settings_frame_size_smallest", "9113 §6.5.2", settings((Setting.MAX_FRAME_SIZE, 16_384)) + get(1), OK),
    Row("settings_streams_0", "9113 §6.5.2", settings((Setting.MAX_CONCURRENT_STREAMS, 0)) + get(1), OK),
    Row("settings_connect_protocol_2", "8441 §3", settings((Setting.ENABLE_CONNECT_PROTOCOL, 2)), ends(PROTOCOL)),
    Row("settings_no_priorities_2", "9218 §2.1", settings((Setting.NO_RFC7540_PRIORITIES, 2)), ends(PROTOCOL)),
    Row("settings_the_same_twice", "9113 §6.5.3",
        settings((Setting.INITIAL_WINDOW_SIZE, 0), (Setting.INITIAL_WINDOW_SIZE, 65_535)) + get(1), OK),
    Row("settings_no_table", "7541 §4.2", settings((Setting.HEADER_TABLE_SIZE, 0)) + get(1) + get(3), NEXT_OK),
    Row("settings_table_4_gib", "7541 §4.2", settings((Setting.HEADER_TABLE_SIZE, 0xffffffff)) + get(1) + get(3), NEXT_OK),
    Row("settings_list_size_1", "9113 §6.5.2", settings((Setting.MAX_HEADER_LIST_SIZE, 1)) + get(1), OK),
    Row("settings_open_the_windows_of_streams", "9113 §6.9.2", (settings((Setting.INITIAL_WINDOW_SIZE, 0)) + get(1),
        settings((Setting.INITIAL_WINDOW_SIZE, 1000))), OK),
    Row("settings_window_overflows_a_stream", "9113 §6.9.2",
        settings((Setting.INITIAL_WINDOW_SIZE, 0)) + get(1, b"/big.bin") + window_update(1, WINDOW_MAX)
        + settings((Setting.INITIAL_WINDOW_SIZE, WINDOW_MAX)), ends(FLOW)),
]

PUSHES_AND_PINGS = [
    Row("push_from_client", "9113 §8.4", post(1) + frame(Type.PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\x02" + BLOCK),
        ends(PROTOCOL)),
    Row("push_on_stream_0", "9113 §6.6", frame(Type.PUSH_PROMISE, END_HEADERS, 0, b"\0\0\0\x02"), ends(PROTOCOL)),
    Row("ping", "9113 §6.7", ping(b"abcdefgh"), Acknowledges(Type.PING, b"abcdefgh")),
    Row("ping_ack_unasked", "9113 §6.7", ping(b"abcdefgh", ACK) + get(1), OK),
    Row("ping_on_a_stream", "9113 §6.7", frame(Type.PING, 0, 1, b"12345678"), ends(PROTOCOL)),
    Row("ping_of_7_octets", "9113 §6.7", frame(Type.PING, 0, 0, b"1234567"), ends(SIZE)),
    Row("ping_of_9_octets", "9113 §6.7", frame(Type.PING, 0, 0, b"123456789"), ends(SIZE)),
    Row("ping_while_a_file_is_sent", "9113 §6.7", get(1, b"/big.bin") + ping(b"in time!"),
        Acknowledges(Type.PING, b"in time!")),
]

GOAWAYS = [
    Row("goaway_on_a_stream", "9113 §6.8", frame(Type.GOAWAY, 0, 1, b"\0" * 8), ends(PROTOCOL)),
    Row("goaway_of_7_octets", "9113 §6.8", frame(Type.GOAWAY, 0, 0, b"\0" * 7), ends(SIZE)),
    Row("goaway_then_the_answer", "9113 §6.8", get(1) + goaway(), OK),
    Row("goaway_with_reason_and_unknown_code", "9113 §6.8", goaway(0xdeadbeef, reason=b"bye") + get(1), OK),
]

WINDOWS = [
    Row("window_update_of_0_on_stream_0", "9113 §6.9", window_update(0, 0), ends(PROTOCOL)),
    Row("window_update_of_0", "9113 §6.9", post(1) + window_update(1, 0), stream_ends(PROTOCOL)),
    Row("window_update_reserved_bit_of_0", "9113 §6.9", window_update(0, 1 << 31), ends(PROTOCOL)),
    Row("window_update_reserved_bit", "9113 §6.9", window_update(0, 1 << 31 | 1) + get(1), OK),
    Row("window_update_of_3_octets", "9113 §6.9", frame(Type.WINDOW_UPDATE, 0, 0, b"\0\0\1"), ends(SIZE)),
    Row("window_update_of_5_octets", "9113 §6.9", frame(Type.WINDOW_UPDATE, 0, 0, b"\0\0\0\0\1"), ends(SIZE)),
    Row("window_update_on_idle_stream", "9113 §5.1", window_update(1, 1), ends(PROTOCOL)),
    Row("window_update_on_even_stream", "9113 §5.1", window_update(2, 1), ends(PROTOCOL)),
    Row("window_update_after_the_end", "9113 §5.1", (get(1), window_update(1, 1)), GoesOn()),
    Row("window_update_of_a_stream_overflows", "9113 §6.9.1", post(1) + window_update(1, WINDOW_MAX), stream_ends(FLOW)),
    Row("window_update_overflows", "9113 §6.9.1", window_update(0, WINDOW_MAX), ends(FLOW)),
    Row("window_update_to_the_most", "9113 §6.9.1", window_update(0, WINDOW_MAX - 65_535) + get(1), OK),
    Row("window_of_nothing_then_one_octet_at_a_time", "9113 §6.9.1",
        (settings((Setting.INITIAL_WINDOW_SIZE, 0)) + get(1), *[window_update(1, 1)] * len(HELLO),
         settings((Setting.INITIAL_WINDOW_SIZE, 65_535))), OK),
    Row("window_negative_then_positive", "9113 §6.9.2",
        (get(1, b"/big.bin"), settings((Setting.INITIAL_WINDOW_SIZE, 0)), reset(1) + get(3) + window_update(0, 1 << 20)
         + window_update(3, 1000), settings((Setting.INITIAL_WINDOW_SIZE, 65_535))), NEXT_OK),
]


def malformed(name: str, section: str, octets: bytes) -> Row:
    """A field block that is no request: RFC 9113 §8.1.1."""
    return Row(f"malformed_{name}", section, headers(1, octets), stream_ends(PROTOCOL))


def without(name: bytes) -> bytes:
    return block(*[line for line in request_lines() if line[0] != name])


FIELDS = [
    *[malformed(f"without_{name[1:].decode()}", "9113 §8.3.1", without(name)) for name in (b":method", b":scheme", b":path")],
    *[malformed(f"{name[1:].decode()}_twice", "9113 §8.3.1", request((name, value)))
      for name, value in ((b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/"), (b":authority", b"localhost"))],
    malformed("empty_path", "9113 §8.3.1", request(path=b"")),
    malformed("path_without_slash", "9113 §8.3.1", request(path=b"hello.txt")),
    malformed("path_absolute", "9113 §8.3.1", request(path=b"http://localhost/hello.txt")),
    malformed("path_asterisk_of_get", "9113 §8.3.1", request(path=b"*")),
    malformed("path_with_space", "9113 §8.3.1", request(path=b"/hello.txt HTTP/1.1")),
    malformed("path_with_fragment", "9113 §8.3.1", request(path=b"/hello.txt#x")),
    malformed("empty_method", "9113 §8.3.1", request(method=b"")),
    malformed("method_with_space", "9113 §8.3.1", request(method=b"GET /")),
    malformed("method_with_crlf", "9113 §8.2.1", request(method=b"GET\r\nX: y")),
    malformed("empty_scheme", "9113 §8.3.1", request(scheme=b"")),
    malformed("scheme_no_scheme", "9113 §8.3.1", request(scheme=b"ht tp")),
    malformed("authority_userinfo", "9113 §8.3.1", request(authority=b"user@localhost")),
    malformed("authority_with_path", "9113 §8.3.1", request(authority=b"localhost/x")),
    malformed("authority_is_not_host", "9113 §8.3.1", request((b"host", b"other.example"))),
    malformed("host_twice", "9112 §3.2", request((b"host", b"localhost"), (b"host", b"localhost"))),
    malformed("status_in_request", "9113 §8.3", request((b":status", b"200"))),
    malformed("unknown_pseudo", "9113 §8.3", block(*request_lines(), (b":unknown", b"x"))),
    malformed("protocol_without_extended_connect", "8441 §4", block(*request_lines(), (b":protocol", b"websocket"))),
    malformed("pseudo_after_field", "9113 §8.3", block(*request_lines()[:3], (b"x", b"y"), request_lines()[3])),
    malformed("name_upper_case", "9113 §8.2.1", request((b"X-Upper", b"y"))),
    malformed("name_empty", "9113 §8.2.1", request((b"", b"y"))),
    *[malformed(f"name_with_{name}", "9113 §8.2.1", request((b"x" + octet + b"y", b"z"))) for name, octet in
      (("space", b" "), ("nul", b"\0"), ("colon", b":"), ("lf", b"\n"), ("cr", b"\r"), ("tab", b"\t"), ("delete", b"\x7f"),
       ("high_octet", b"\x80"), ("last_octet", b"\xff"))],
    *[malformed(f"value_with_{name}", "9113 §8.2.1", request((b"x", b"a" + octet + b"b"))) for name, octet in
      (("nul", b"\0"), ("lf", b"\n"), ("cr", b"\r"))],
    *[malformed(f"value_{name}", "9113 §8.2.1", request((b"x", value))) for name, value in
      (("space_first", b" a"), ("space_last", b"a "), ("tab_first", b"\ta"), ("tab_last", b"a\t"))],
    *[malformed(f"field_{name.decode().replace('-', '_')}", "9113 §8.2.2", request((name, value))) for name, value in
      ((b"connection", b"close"), (b"keep-alive", b"timeout=5"), (b"proxy-connection", b"keep-alive"),
       (b"transfer-encoding", b"chunked"), (b"upgrade", b"websocket"), (b"te", b"gzip"))],
    malformed("te_trailers_and_more", "9113 §8.2.2", request((b"te", b"trailers, gzip"))),
    malformed("length_but_no_content", "9113 §8.1.1", request((b"content-length", b"5"))),
    malformed("length_twice", "9110 §8.6", request((b"content-length", b"0"), (b"content-length", b"0"))),
    malformed("length_no_number", "9110 §8.6", request((b"content-length", b"x"))),
    malformed("length_signed", "9110 §8.6", request((b"content-length", b"+0"))),
    Row("length_more_than_content", "9113 §8.1.1",
        post(1, b"/hello.txt", (b"content-length", b"5")) + data(1, b"four", END_STREAM), stream_ends(PROTOCOL)),
    Row("length_less_than_content", "9113 §8.1.1",
        post(1, b"/hello.txt", (b"content-length", b"5")) + data(1, b"sixsix", END_STREAM), stream_ends(PROTOCOL)),
    Row("length_less_than_several_pieces", "9113 §8.1.1",
        post(1, b"/hello.txt", (b"content-length", b"5")) + data(1, b"abc") + data(1, b"def"), stream_ends(PROTOCOL)),
    Row("length_of_two_pieces", "9113 §8.1.1",
        post(1, b"/hello.txt", (b"content-length", b"6")) + data(1, b"abc") + data(1, b"def", END_STREAM), Answers(1, 405)),
    Row("length_does_not_count_padding", "9113 §8.1.1", post(1, b"/hello.txt", (b"content-length", b"3"))
        + data(1, b"\x02abc\0\0", PADDED | END_STREAM), Answers(1, 405)),
    Row("length_more_than_content_before_trailers", "9113 §8.1.1",
        post(1, b"/hello.txt", (b"content-length", b"5")) + data(1, b"four") + headers(1, block((b"x", b"y"))),
        stream_ends(PROTOCOL)),
    Row("te_trailers", "9113 §8.2.2", get(1, b"/hello.txt", (b"te", b"trailers")), OK),
    Row("value_empty", "9110 §5.5", get(1, b"/hello.txt", (b"x", b"")), OK),
    Row("value_with_high_octets", "9110 §5.5", get(1, b"/hello.txt", (b"x", b"\xc3\xa4\xff")), OK),
    Row("value_with_tab_within", "9110 §5.5", get(1, b"/hello.txt", (b"x", b"a\tb")), OK),
    Row("host_instead_of_authority", "9113 §8.3.1",
        headers(1, block(*request_lines()[:3], (b"host", b"localhost"))), OK),
    Row("host_same_as_authority", "9113 §8.3.1", get(1, b"/hello.txt", (b"host", b"LOCALHOST")), OK),
    Row("neither_authority_nor_host", "9110 §7.2", headers(1, without(b":authority")), Answers(1, 400)),
    Row("cookie_in_pieces", "9113 §8.2.3", get(1, b"/hello.txt", *[(b"cookie", b"a=b")] * 20), OK),
    Row("method_unknown", "9110 §9.1", headers(1, request(method=b"FROBNICATE")), Answers(1, 501)),
    Row("method_options_asterisk", "9113 §8.3.1", headers(1, request(method=b"OPTIONS", path=b"*")), Answers(1, 204)),
    Row("connect_with_path", "9113 §8.5", headers(1, request(method=b"CONNECT")), stream_ends(PROTOCOL)),
    Row("connect_without_authority", "9113 §8.5", headers(1, block((b":method", b"CONNECT"))), stream_ends(PROTOCOL)),
    Row("connect_without_port", "9113 §8.5",
        headers(1, block((b":method", b"CONNECT"), (b":authority", b"localhost"))), stream_ends(PROTOCOL)),
    Row("connect_is_not_offered", "9110 §9.3.6",
        headers(1, block((b":method", b"CONNECT"), (b":authority", b"localhost:80"))), Answers(1, 405)),
    Row("trailers", "9113 §8.1", post(1) + data(1, b"x") + headers(1, block((b"x-sum", b"1"))), Answers(1, 405)),
    Row("trailers_without_content", "9113 §8.1", post(1) + headers(1, block((b"x-sum", b"1"))), Answers(1, 405)),
    Row("trailers_empty", "9113 §8.1", post(1) + headers(1, b""), Answers(1, 405)),
    Row("trailers_with_pseudo", "9113 §8.1", post(1) + headers(1, block((b":path", b"/"))), stream_ends(PROTOCOL)),
    Row("trailers_with_upper_case", "9113 §8.2.1", post(1) + headers(1, block((b"X", b"y"))), stream_ends(PROTOCOL)),
    Row("trailers_with_connection", "9113 §8.2.2", post(1) + headers(1, block((b"connection", b"close"))),
        stream_ends(PROTOCOL)),
]

COMPRESSED = [
    Row("hpack_index_0", "7541 §6.1", headers(1, b"\x80"), ends(COMPRESSION)),
    Row("hpack_index_beyond", "7541 §2.3.3", headers(1, BLOCK + b"\xbe"), ends(COMPRESSION)),
    Row("hpack_index_huge", "7541 §5.1", headers(1, b"\xff" + b"\xff" * 10 + b"\x01"), ends(COMPRESSION)),
    Row("hpack_integer_cut", "7541 §5.1", headers(1, b"\xff\x80"), ends(COMPRESSION)),
    Row("hpack_name_index_beyond", "7541 §2.3.3", headers(1, BLOCK + b"\x7e\x01x"), ends(COMPRESSION)),
    Row("hpack_string_longer_than_block", "7541 §5.2", headers(1, BLOCK + b"\x00\x01x\x7fy"), ends(COMPRESSION)),
    Row("hpack_huffman_padded_with_zeros", "7541 §5.2", headers(1, BLOCK + b"\x00\x01x\x81\x00"), ends(COMPRESSION)),
    Row("hpack_huffman_padded_with_8_bits", "7541 §5.2", headers(1, BLOCK + b"\x00\x01x\x82\x1f\xff"), ends(COMPRESSION)),
    Row("hpack_huffman_end_of_string", "7541 §5.2", headers(1, BLOCK + b"\x00\x01x\x84\xff\xff\xff\xff"), ends(COMPRESSION)),
    Row("hpack_huffman_empty", "7541 §5.2", headers(1, BLOCK + b"\x00\x01x\x80"), OK),
    Row("hpack_table_size_update", "7541 §6.3", headers(1, b"\x20" + BLOCK), OK),
    Row("hpack_table_size_update_twice", "7541 §4.2", headers(1, b"\x20\x3f\x61" + BLOCK), OK),
    Row("hpack_table_size_update_too_large", "7541 §6.3", headers(1, integer(4097, 5, 0x20) + BLOCK), ends(COMPRESSION)),
    Row("hpack_table_size_update_largest", "7541 §6.3", headers(1, integer(4096, 5, 0x20) + BLOCK), OK),
    Row("hpack_table_size_update_within", "7541 §4.2", headers(1, BLOCK + b"\x20"), ends(COMPRESSION)),
    Row("hpack_dynamic_table", "7541 §2.3.2", get(1) + headers(3, BLOCK + literal(b"x", b"y", 0x40)) + headers(5, BLOCK + b"\xbe"),
        Answers(5, 200, HELLO)),
    Row("hpack_evicted_entry", "7541 §4.4", headers(1, BLOCK + literal(b"x", b"y", 0x40))
        + headers(3, BLOCK + literal(b"x", b"y" * 4070, 0x40)) + headers(5, BLOCK + b"\xbe"), ends(COMPRESSION)),
    Row("hpack_entry_dropped_by_size_update", "7541 §4.3", headers(1, BLOCK + literal(b"x", b"y", 0x40))
        + headers(3, b"\x20" + BLOCK + b"\xbe"), ends(COMPRESSION)),
    Row("hpack_never_indexed", "7541 §6.2.3", headers(1, BLOCK + literal(b"authorization", b"x", 0x10)), OK),
    Row("hpack_broken_in_refused_stream", "9113 §4.3", post(1) + headers(3, b"\x80"), ends(COMPRESSION),
        ("--set", "h2_streams_max=1")),
    Row("hpack_broken_in_trailers", "9113 §4.3", post(1) + headers(1, b"\x80"), ends(COMPRESSION)),
    Row("hpack_kept_up_by_a_malformed_request", "9113 §4.3",
        headers(1, literal(b"x", b"y", 0x40)) + headers(3, BLOCK + b"\xbe"), NEXT_OK),
    Row("hpack_kept_up_by_a_refused_request", "9113 §4.3",
        headers(1, request((b"x", b"y" * 16_000))) + continued(3, BLOCK, literal(b"x", b"y" * 8_000, 0x00) * 2,
                                                               literal(b"x", b"y" * 8_000) * 2 + literal(b"z", b"w", 0x40))
        + headers(5, BLOCK + b"\xbe"), Answers(5, 200, HELLO)),
]

OUR_LIMITS = [
    Row("limit_streams", "9113 §5.1.2", post(1) + post(3) + post(5) + reset(1) + reset(3),
        stream_ends(REFUSED, stream=5),
        ("--set", "h2_streams_max=2")),
    Row("limit_streams_reset_ones_leave", "9113 §5.1.2", post(1) + post(3) + reset(1) + reset(3) + get(5),
        Answers(5, 200, HELLO), ("--set", "h2_streams_max=2")),
    Row("limit_fields_100", "6585 §5", get(1, b"/hello.txt", *[(b"x", b"y")] * 100), OK),
    Row("limit_fields_101", "6585 §5", get(1, b"/hello.txt", *[(b"x", b"y")] * 101), Answers(1, 431)),
    Row("limit_cookies_101", "6585 §5", get(1, b"/hello.txt", *[(b"cookie", b"a=b")] * 101), Answers(1, 431)),
    Row("limit_list", "9113 §6.5.2", continued(1, BLOCK, *[block((b"x", b"y" * 11_000))] * 3), Answers(1, 431)),
    Row("limit_list_within", "9113 §6.5.2", continued(1, BLOCK, *[block((b"x", b"y" * 10_700))] * 3), OK),
    Row("limit_list_by_index", "7541 §7.3", headers(1, BLOCK + literal(b"x", b"y" * 3000, 0x40) + b"\xbe" * 20), Answers(1, 431)),
    Row("limit_target", "9110 §15.5.15", headers(1, request(path=b"/" + b"a" * 9000)), Answers(1, 414)),
    Row("limit_list_set", "9113 §6.5.2", get(1, b"/hello.txt", (b"x", b"y" * 1000)), Answers(1, 431),
        ("--set", "h2_header_list_octets_max=1024")),
    Row("limit_block_set", "ours", continued(1, BLOCK, block((b"x", b"y" * 1000))), ends(CALM),
        ("--set", "h2_block_octets_max=1024")),
    Row("limit_continuations_set", "ours", continued(1, BLOCK, b"", b""), ends(CALM), ("--set", "h2_continuations_max=1")),
    Row("limit_resets_set", "ours", b"".join(post(stream) + reset(stream) for stream in range(1, 9, 2)), ends(CALM),
        ("--set", "h2_resets_max=3")),
    Row("limit_malformed_are_resets", "ours", b"".join(headers(stream, b"") for stream in range(1, 9, 2)), ends(CALM),
        ("--set", "h2_resets_max=3")),
    Row("limit_pings_set", "ours", ping() * 20, ends(CALM), ("--set", "h2_control_frames_max=5")),
    Row("limit_content", "9110 §15.5.14", post(1, b"/hello.txt", (b"content-length", b"2000000000000")), Answers(1, 413)),
    Row("limit_method", "ours", headers(1, request(method=b"M" * 100)), Answers(1, 501)),
]

ALL_ROWS = (PREFACES + FRAMES + DATA + HEADERS + CONTINUATIONS + PRIORITIES + RESETS + SETTINGS + PUSHES_AND_PINGS + GOAWAYS
            + WINDOWS + FIELDS + COMPRESSED + OUR_LIMITS)

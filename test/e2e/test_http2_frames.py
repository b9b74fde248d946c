"""Runs the tables of frames over real connections with prior knowledge, each row as a whole and one octet at a time."""

from __future__ import annotations

import pytest

import h2_frames
import servers
from conformance.content import PROBE
from conformance.http2 import (ACK, PREFACE, SETTINGS_ACK, Code, Type, get, ping, window_update)
from conformance.http2_frames import (ALL_ROWS, PROBE_STREAM, Acknowledges, Answers, ConnectionEnds, GoesOn, Row,
                                      StreamEnds)
from exchange import Silent, Wrong
from h2_frames import Link

pytestmark = pytest.mark.skipif(servers.chosen() != "portico", reason="other servers end connections in their own ways")

OCTETWISE_MAX = 2000  # larger rows are only sent whole


class Seen:
    """What has happened on a connection."""

    def __init__(self):
        self.statuses: dict[int, int] = {}
        self.contents: dict[int, bytes] = {}
        self.resets: dict[int, list[Code]] = {}
        self.over: set[int] = set()
        self.away: list[Code] = []
        self.frames: list = []

    def take(self, link: Link, got) -> None:
        self.frames.append(got)
        if got.type == Type.HEADERS:
            lines = link.fields_of(got)
            if lines and lines[0][0] == ":status":
                self.statuses[got.stream] = int(lines[0][1])
        elif got.type == Type.DATA:
            self.contents[got.stream] = self.contents.get(got.stream, b"") + got.payload
        elif got.type == Type.RST_STREAM:
            self.resets.setdefault(got.stream, []).append(got.code)
        elif got.type == Type.GOAWAY:
            self.away.append(got.code)
        if got.ends_stream:
            self.over.add(got.stream)


def read_until(link: Link, seen: Seen, holds) -> bool:
    """False: the connection ended before."""
    while not holds():
        got = link.next_frame()
        if got is None:
            return False
        seen.take(link, got)
        if got.type == Type.SETTINGS and not got.flags & ACK:
            link.send(SETTINGS_ACK)
    return True


def pieces_of(row: Row) -> tuple[bytes, ...]:
    return row.send if isinstance(row.send, tuple) else (row.send,)


def send_pieces(link: Link, seen: Seen, row: Row) -> None:
    pieces = pieces_of(row)
    for number, piece in enumerate(pieces):
        link.send(piece)
        if number + 1 < len(pieces):
            mark = b"piece%03d" % number
            link.send(ping(mark))
            if not read_until(link, seen, lambda: any(one.type == Type.PING and one.payload == mark for one in seen.frames)):
                raise Wrong(f"the connection ended after piece {number}")


def check(link: Link, seen: Seen, row: Row) -> None:
    want = row.expected
    if isinstance(want, ConnectionEnds):
        read_until(link, seen, lambda: False)
        if not seen.away or seen.away[-1] not in want.codes:
            raise Wrong(f"GOAWAY {seen.away}, not {want.codes}")
        if link.talk.ended != "eof":
            raise Wrong("the connection ended by a reset, which may overtake the GOAWAY (RFC 9113 §5.4.1)")
        return
    # Whatever is wrong with a stream: the connection goes on.
    if b"/big.bin" in b"".join(pieces_of(row)):
        link.send(window_update(0, 1 << 20))
    link.send(get(PROBE_STREAM, b"/probe.txt"))
    awaited = {PROBE_STREAM} | ({want.stream} if isinstance(want, (Answers, StreamEnds)) else set())

    def is_over(stream: int) -> bool:
        if isinstance(want, StreamEnds) and stream == want.stream:
            return stream in seen.resets
        return stream in seen.over or stream in seen.resets
    if not read_until(link, seen, lambda: all(map(is_over, awaited))):
        raise Wrong(f"the connection ended: {seen.away}")
    if seen.contents.get(PROBE_STREAM) != PROBE:
        raise Wrong("the next request is not answered rightly")
    if isinstance(want, StreamEnds) and not set(seen.resets[want.stream]) & set(want.codes):
        raise Wrong(f"RST_STREAM with {seen.resets[want.stream]}, not {want.codes}")
    if isinstance(want, StreamEnds) and len(seen.resets[want.stream]) > 1:
        raise Wrong("more than one RST_STREAM")
    if isinstance(want, Answers):
        if seen.statuses.get(want.stream) != want.status:
            raise Wrong(f"status {seen.statuses.get(want.stream)}, resets {seen.resets}, not {want.status}")
        if want.content is not None and seen.contents.get(want.stream) != want.content:
            raise Wrong(f"content {seen.contents.get(want.stream)!r}")
        if any(code != Code.NO_ERROR for code in seen.resets.get(want.stream, [])):
            raise Wrong(f"resets {seen.resets}")
    if isinstance(want, Acknowledges):
        if not any(one.type == want.kind and one.flags & ACK and one.payload == want.payload for one in seen.frames):
            raise Wrong("no acknowledgment")
    if isinstance(want, GoesOn) and seen.resets:
        raise Wrong(f"resets {seen.resets}")
    if row.preface.startswith(PREFACE) and not any(one.type == Type.SETTINGS and one.flags & ACK for one in seen.frames):
        raise Wrong("the settings are not acknowledged (RFC 9113 §6.5.3)")


def size_of(row: Row) -> int:
    return sum(map(len, pieces_of(row)))


ROWS = [pytest.param(row, way, id=f"{row.name}-{way}") for row in ALL_ROWS for way in ("whole", "octets")
        if way == "whole" or size_of(row) <= OCTETWISE_MAX]


@pytest.mark.parametrize("row, way", ROWS)
def test_row(row: Row, way: str, server):
    address = server("plain", row.options).address
    with Link(h2_frames.connect(address, octet_by_octet=way == "octets"), begins=False) as link:
        seen = Seen()
        wrong = None
        try:
            link.send(row.preface)
            send_pieces(link, seen, row)
            check(link, seen, row)
        except (Wrong, Silent) as found:
            wrong = found
        assert wrong is None, (f"{row.name} [{row.section}]: {wrong}\n  expected: {row.expected}\n  statuses {seen.statuses}, "
                               f"resets {seen.resets}, GOAWAY {seen.away}\n  ended: {link.talk.ended}")


def test_names_of_rows_are_unique():
    names = [row.name for row in ALL_ROWS]
    assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})
    assert len(names) >= 200

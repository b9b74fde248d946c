"""The vocabulary of the conformance tables.

A case consists of octets to send and the answers that must be received. Nothing here opens a socket: the tables are
data, and test/e2e/test_conformance.py sends them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Callable


class Then(Enum):
    """What happens to the connection once the last answer has been read."""

    PERSISTS = "goes on: one more request on it is answered"
    CLOSES = "is closed by the server, with nothing behind the last answer"
    EITHER = "closes, or goes on and answers one more request rightly"


class Level(Enum):
    """The source of the requirement. Other servers are measured by the first two."""

    MUST = "the RFCs require it"
    SHOULD = "the RFCs recommend it, or every careful server does it"
    OURS = "the RFCs leave it open and Portico promises it"


class Pause(Enum):
    """A step between two pieces that are sent."""

    INTERIM = "wait for a 1xx answer"
    ANSWER = "wait for the next final answer"
    HALF_CLOSE = "send FIN, keep reading"
    UNREAD = "send all that is pending, and read nothing meanwhile"


# Inspects one answer. Returns what is wrong with it, or None.
Check = Callable[["object"], "str | None"]


@dataclass(frozen=True)
class Expected:
    """One final answer that must be received at its place in the order."""

    statuses: tuple[int, ...]
    checks: tuple[Check, ...] = ()
    method: str = "GET"


@dataclass(frozen=True)
class Case:
    name: str
    section: str
    send: tuple[bytes | Pause, ...]
    answers: tuple[Expected, ...]
    then: Then = Then.PERSISTS
    level: Level = Level.MUST
    options: tuple[str, ...] = ()
    root: str = "plain"
    # The server may also answer before the whole request has arrived (when it is fed octet by octet), with one of
    # these, if it then closes.
    early: tuple[int, ...] = ()
    # Closing without any answer is also right.
    may_be_silent: bool = False
    # Interim answers (1xx) may arrive even if none is expected.
    may_be_interim: bool = False
    # Send the octets only as a whole: for cases about time, or about how pieces arrive.
    whole_only: bool = False
    # About HTTP/1.1's own syntax or connections, though its octets could be read as requests of HTTP/2.
    http1_only: bool = False


ANY = tuple(range(200, 600))
HOST = "Host: localhost"
CRLF = b"\r\n"


def octets(text: str | bytes) -> bytes:
    """Returns the octets as written: text is encoded as Latin-1."""
    return text if isinstance(text, bytes) else text.encode("latin-1")


def message(request_line: str | bytes, *field_lines: str | bytes, content: str | bytes = b"") -> bytes:
    """Builds a request from its lines, each ended by CRLF, without adding anything."""
    lines = [octets(request_line), *map(octets, field_lines)]
    return CRLF.join(lines) + CRLF + CRLF + octets(content)


def request(method: str, target: str | bytes, *field_lines: str | bytes, content: str | bytes = b"") -> bytes:
    """Builds a request with the Host that every HTTP/1.1 request needs."""
    line = octets(method) + b" " + octets(target) + b" HTTP/1.1"
    return message(line, HOST, *field_lines, content=content)


def get(target: str | bytes, *field_lines: str | bytes, content: str | bytes = b"") -> bytes:
    return request("GET", target, *field_lines, content=content)


def head(target: str | bytes, *field_lines: str | bytes) -> bytes:
    return request("HEAD", target, *field_lines)


def as_steps(send: bytes | tuple[bytes | Pause, ...]) -> tuple[bytes | Pause, ...]:
    return send if isinstance(send, tuple) else (send,)


def served(name: str, section: str, send: bytes | tuple, *checks: Check, statuses: tuple[int, ...] = (200,),
           method: str = "GET", **rest) -> Case:
    """One request and one answer (200 unless stated otherwise); the connection persists."""
    return Case(name, section, as_steps(send), (Expected(statuses, checks, method),), **rest)


def refused(name: str, section: str, send: bytes | tuple, statuses: tuple[int, ...] = (400,), *checks: Check,
            method: str = "GET", **rest) -> Case:
    """One answer with the refusal; then the connection is closed, because its framing can no longer be trusted."""
    rest.setdefault("then", Then.CLOSES)
    return Case(name, section, as_steps(send), (Expected(statuses, checks, method),), **rest)


# Checks. `answer` is an exchange.Answer. Those that want a field say which: HTTP/2 has no connection-specific ones.


def about(name: str, check: Check) -> Check:
    check.about = name
    return check


def content_is(wanted: bytes) -> Check:
    def check(answer) -> str | None:
        if answer.content == wanted:
            return None
        return f"content is {answer.content[:80]!r} ({len(answer.content)} octets), not {wanted[:80]!r} ({len(wanted)})"
    return check


def content_has(*parts: bytes) -> Check:
    def check(answer) -> str | None:
        missing = [part for part in parts if part not in answer.content]
        return f"content lacks {missing!r}" if missing else None
    return check


def content_lacks(*parts: bytes) -> Check:
    def check(answer) -> str | None:
        there = [part for part in parts if part in answer.content]
        return f"content has {there!r}" if there else None
    return check


def no_content(answer) -> str | None:
    return f"content where there may be none: {answer.content[:80]!r}" if answer.content else None


def field(name: str, pattern: str) -> Check:
    """Checks that there is exactly one such field line, and that its whole value matches."""
    def check(answer) -> str | None:
        values = answer.fields(name)
        if len(values) == 1 and re.fullmatch(pattern, values[0]):
            return None
        return f"{name} is {values!r}, not one that matches {pattern!r}"
    return about(name, check)


def no_field(name: str) -> Check:
    def check(answer) -> str | None:
        return f"{name} is there: {answer.fields(name)!r}" if answer.fields(name) else None
    return check


def list_has(name: str, *members: str) -> Check:
    """Checks that a list field has these members, ignoring case, on any number of lines."""
    def check(answer) -> str | None:
        there = answer.members(name)
        missing = [member for member in members if member.lower() not in there]
        return f"{name} is {answer.fields(name)!r} and lacks {missing!r}" if missing else None
    return about(name, check)


def list_lacks(name: str, *members: str) -> Check:
    def check(answer) -> str | None:
        there = [member for member in members if member.lower() in answer.members(name)]
        return f"{name} has {there!r}" if there else None
    return check


def if_status(status: int, *checks: Check) -> Check:
    """Applies the checks only if the answer has that status."""
    def check(answer) -> str | None:
        if answer.status != status:
            return None
        return next((wrong for wrong in (one(answer) for one in checks) if wrong), None)
    return check

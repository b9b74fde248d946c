"""Runs the conformance tables over real connections: each case as a whole, one octet at a time, over TLS, and over HTTP/2
if it has a form in HTTP/2 (see h2_exchange.py), with TLS and with prior knowledge.
"""

from __future__ import annotations

import os
import re

import pytest

import h2_frames
import servers
from conformance import ALL_CASES
from conformance.case import Case, Level, Pause, Then, get
from conformance.content import PROBE
from exchange import Answer, Conversation, SecureConversation, Silent, Wrong, ask, wrongs_of_any
from h2_exchange import H2Conversation, has_h2_form

OCTETWISE_MAX = 6000  # larger requests are only sent whole: octet by octet would prove nothing more
DRAINED = 220_000  # octets that a closing server still reads, so that the client can read its answer
WAYS = os.environ.get("PORTICO_E2E_WAYS", "whole octets tls h2 h2c").split()
LEVELS = os.environ.get("PORTICO_E2E_LEVELS", "MUST SHOULD OURS").split()


def ways(case: Case) -> list[str]:
    size = sum(len(step) for step in case.send if isinstance(step, bytes))
    possible = {"whole", "octets", "tls"}
    if case.whole_only or size > OCTETWISE_MAX:
        possible.remove("octets")
    if has_h2_form(case):
        possible |= {"h2", "h2c"}
    if servers.chosen() != "portico":
        possible -= {"tls", "h2", "h2c"}
    return [way for way in WAYS if way in possible]


ROWS = [pytest.param(case, way, id=f"{case.name}-{way}")
        for case in ALL_CASES if case.level.name in LEVELS for way in ways(case)]


def learn(octets: bytes, address) -> bytes:
    """Inserts values that only the server knows: @ETAG(/target)@, or @ETAG(/target|coding)@ for an encoded one."""
    def value(found: re.Match) -> bytes:
        target, _, coding = found[1].partition(b"|")
        answer = ask(address, get(target, *([b"Accept-Encoding: " + coding] if coding else []), b"Connection: close"))
        etag = answer.field("ETag")
        assert etag, f"no ETag for {target!r}"
        return etag.encode("latin-1")
    return re.sub(rb"@ETAG\(([^)]*)\)@", value, octets)


def version_of(octets: bytes) -> str:
    return "1.0" if b" HTTP/1.0\r\n" in octets else "1.1"


def hold_conversation(talk: Conversation, case: Case, steps: list, answers: list[Answer]) -> None:
    waiting = list(case.answers)

    def next_answer() -> None:
        answers.append(talk.read_answer(waiting.pop(0).method))

    for step in steps:
        if isinstance(step, bytes):
            talk.send(step)
        elif step is Pause.INTERIM:
            talk.read_interim()
        elif step is Pause.HALF_CLOSE:
            talk.half_close()
        elif step is Pause.ANSWER:
            next_answer()
        elif step is Pause.UNREAD:
            talk.flush_unread()
    while waiting:
        next_answer()


def check_ending(talk: Conversation, case: Case, answers: list[Answer]) -> None:
    if case.then is Then.CLOSES or (answers and answers[-1].until_close):
        talk.read_to_end()
        if talk.received:
            raise Wrong(f"more octets after the last answer: {bytes(talk.received[:200])!r}")
        if talk.ended == "reset" and talk.sent < DRAINED:
            raise Wrong("the connection ended by a reset, which may overtake the answer (RFC 9112 §9.6)")
        return
    talk.send(get("/probe.txt", "Connection: close"))
    try:
        probe = talk.read_answer()
    except Silent:
        if case.then is Then.EITHER:
            # A server that intends to close says so (RFC 9112 §9.6); octets that are still in flight may find the
            # connection closed.
            told = "close" in answers[-1].members("Connection") or answers[-1].status not in case.answers[-1].statuses
            if told or Pause.HALF_CLOSE in case.send or b" HTTP/1.0" in case.send[0]:
                return
            raise Wrong("the connection was closed, but the last answer does not say Connection: close") from None
        raise Wrong("the connection was closed, but should have stayed open") from None
    if "--auth" in case.options:
        right = probe.status == 401  # the probe has no credentials
    else:
        right = probe.status == 200 and probe.content == PROBE
    if not right:
        raise Wrong(f"the next request's answer is {probe.status} {probe.content[:80]!r}, not the probe's content")
    talk.read_to_end()
    if talk.received:
        raise Wrong(f"more octets after the last answer: {bytes(talk.received[:200])!r}")


def is_h2(way: str) -> bool:
    return way in ("h2", "h2c")


def applies(check, way: str) -> bool:
    return not (is_h2(way) and getattr(check, "about", "").lower().encode() in h2_frames.CONNECTION_SPECIFIC)


def wrongs_of(case: Case, answers: list[Answer], way: str, version: str) -> list[str]:
    wrongs = []
    for expected, answer in zip(case.answers, answers):
        if answer.is_reset:
            if answer.status not in expected.statuses and not case.may_be_silent:
                wrongs.append(f"the stream was reset, not answered with {expected.statuses}")
            continue
        statuses = expected.statuses + (case.early if way == "octets" else ())
        if answer.status not in statuses:
            wrongs.append(f"status {answer.status}, not {expected.statuses}")
        if answer.interims and not (case.may_be_interim and set(answer.interims) == {100}):
            wrongs.append(f"interim answers {answer.interims} that nobody asked for")
        for check in expected.checks:
            wrong = check(answer) if applies(check, way) else None
            if wrong:
                wrongs.append(wrong)
        wrongs += wrongs_of_any(answer, version)
    if is_h2(way):
        return wrongs
    # A client that paused may have ended the connection itself, or let it become idle, after the answer was sent.
    paused = Pause.HALF_CLOSE in case.send or Pause.ANSWER in case.send
    if (case.then is Then.CLOSES and len(answers) == len(case.answers) and not paused and version == "1.1"
            and answers[-1].status in case.answers[-1].statuses and "close" not in answers[-1].members("Connection")):
        wrongs.append("the last answer does not say Connection: close (RFC 9112 §9.6)")
    return wrongs


@pytest.mark.parametrize("case, way", ROWS)
def test_case(case: Case, way: str, server, certificate):
    address = server(case.root, case.options).address
    steps = [learn(step, address) if isinstance(step, bytes) else step for step in case.send]
    sent = b"".join(step for step in steps if isinstance(step, bytes))
    answers: list[Answer] = []
    if way in ("tls", "h2"):
        secure = server(case.root, case.options + certificate.options).address
    if way == "tls":
        conversation = SecureConversation(secure, certificate.client_context())
    elif way == "h2":
        conversation = H2Conversation(h2_frames.connect(secure, certificate), b"https", case)
    elif way == "h2c":
        conversation = H2Conversation(h2_frames.connect(address), b"http", case)
    else:
        conversation = Conversation(address, octet_by_octet=way == "octets")
    with conversation as talk:
        try:
            hold_conversation(talk, case, steps, answers)
            if not wrongs_of(case, answers, way, version_of(sent)):  # otherwise waiting for the end is pointless
                if is_h2(way):
                    talk.check_ending(case)
                else:
                    check_ending(talk, case, answers)
            wrongs = wrongs_of(case, answers, way, version_of(sent))
        except Silent as silence:
            wrongs = [] if case.may_be_silent else [str(silence)]
        except Wrong as wrong:
            wrongs = wrongs_of(case, answers, way, version_of(sent)) + [str(wrong)]
        got = bytes(talk.everything)
    assert not wrongs, "\n".join([
        f"{case.name} [{case.level.name}, {case.section}], sent {way}", *(f"  wrong: {one}" for one in wrongs),
        f"  sent:     {sent[:600]!r}{'…' if len(sent) > 600 else ''} ({len(sent)} octets)",
        f"  expected: {[expected.statuses for expected in case.answers]}, then it {case.then.value}",
        f"  got:      {got[:700]!r}{'…' if len(got) > 700 else ''} ({len(got)} octets)"])


def test_names_of_cases_are_unique():
    names = [case.name for case in ALL_CASES]
    assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})


def test_levels_are_all_in_use():
    assert {case.level for case in ALL_CASES} == set(Level)

"""The runner of transcripts: it can fail, it ignores what it should, and nothing that it started keeps running."""

from __future__ import annotations

import os
import signal
import time

import pytest

import transcripts


def wrong_of(transcript: str) -> str | None:
    chapters = transcripts.chapters_of(f"## A chapter\n\n```console\n{transcript}\n```\n")
    return transcripts.run_chapter(chapters[0], [])


GOOD = {
    "WhatIsPrinted": "$ echo one; echo two\none\ntwo",
    "NothingPrinted": "$ true",
    "StandardErrorToo": "$ echo lost >&2\nlost",
    "NoEndOfTheLastLine": "$ printf hello\nhello",
    "TheStatusOfTheLastCommand": "$ false\n$ echo $?\n1",
    "OneShellForAChapter": "$ name=Ada\n$ echo $name\nAda",
    "AnyLines": "$ seq 9\n1\n…\n9",
    "AnyText": "$ echo a b c\na … c",
    "AnotherPort": "$ echo on 127.0.0.1:7000, not 7100\non 127.0.0.1:7000, not 7100",
    "AnotherTime": "$ echo 12:34:56 0.25 ms 127.0.0.1:40000 pid 12\n01:02:03 17 ms 127.0.0.1:65535 pid 3",
    "TheFolder": "$ pwd\n/home/you/course",
    "ACommandThatGoesOn": "$ (sleep 0.1; echo ready; sleep 60) &\nready\n$ kill %1",
}
WRONG = {
    "AnotherLine": "$ echo one\ntwo",
    "AnotherOrder": "$ echo one; echo two\ntwo\none",
    "ALineTooFew": "$ echo one; echo two\none",
    "ALineTooMany": "$ echo one\none\ntwo",
    "NothingShown": "$ echo one",
    "AnotherStatus": "$ false\n$ echo $?\n0",
    "AnUnknownCommand": "$ no-such-command\nhello",
    "AnotherPortThanTyped": "$ echo 127.0.0.1:7000\n127.0.0.1:7001",
    "AnotherLineInTheBackground": "$ (echo steady; sleep 60) &\nready",
}


@pytest.mark.parametrize("transcript", GOOD.values(), ids=GOOD.keys())
def test_agrees(transcript):
    assert wrong_of(transcript) is None


@pytest.mark.parametrize("transcript", WRONG.values(), ids=WRONG.keys())
def test_can_fail(transcript):
    assert wrong_of(transcript) is not None


def test_a_command_that_does_not_end_is_wrong(monkeypatch):
    monkeypatch.setattr(transcripts, "COMMAND_TIME_MAX", 0.2)
    assert "after" in wrong_of("$ sleep 60")


def test_nothing_stays(tmp_path):
    pid_file = tmp_path / "pid"
    assert wrong_of(f"$ (trap '' TERM; echo $BASHPID > {pid_file}; echo ready; sleep 60) &\nready") is None
    until = time.monotonic() + 10
    with pytest.raises(ProcessLookupError):
        while time.monotonic() < until:
            os.kill(int(pid_file.read_text()), signal.SIGCONT)
            time.sleep(0.01)


def test_blocks_of_other_kinds_are_not_run():
    text = "## One\n```sh\n$ no\n## not a chapter\n```\n```console\n$ yes\nshown\n```\n## Two\n"
    one, two = transcripts.chapters_of(text)
    assert [command.typed for command in one.commands] == ["yes"] and one.commands[0].shown == ["shown"]
    assert (two.title, two.commands) == ("Two", [])


def test_a_block_that_needs_something_is_a_session_of_its_own():
    text = "# One\n```console\n$ a\n```\n## Not a chapter\n```console needs strace java\n$ b\n```\n```console\n$ c\n```\n"
    one, apart = transcripts.chapters_of(text, heading="# ")
    assert [command.typed for command in one.commands] == ["a", "c"] and one.needs == []
    assert [command.typed for command in apart.commands] == ["b"] and apart.needs == ["strace", "java"]


def test_what_a_machine_has(monkeypatch):
    monkeypatch.setattr(transcripts, "NEEDS", {"a": "true", "b": "no-such-command-here"})
    assert transcripts.machine_has("a") and not transcripts.machine_has("b")

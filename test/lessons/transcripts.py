"""Runs a document's transcripts: types each command into a shell, and compares its output.

A transcript is a `console` block. A line that begins with `$ ` is typed, and the lines after it are what the terminal then
shows. A chapter (a heading of the second level, or a page of the course) is one session: one shell, which begins in an empty folder,
with the program and the examples on its PATH. A command that ends in `&` goes on in the background: the next one is typed when the lines
after it are there. The umask is 022.

A block of the kind `console needs WORD…` is a session of its own, which runs where the machine has all that the words name (NEEDS).

These parts of the output are not compared, because they differ each time:
  a line `…`           any number of lines, or none; within a line, any text
  ports 7000 to 7099   in commands and output they stand for free ports
  ports above 32767    a client's, chosen by the kernel
  times, durations, dates, process ids, entity tags, how many spaces
  /home/you/course     the session's folder
"""

from __future__ import annotations

import functools
import os
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

COMMAND_TIME_MAX = 30.0
FOLDER_AS_WRITTEN = "/home/you/course"
WRITTEN_PORT = re.compile(r"(?<![\d.])70\d\d(?![\d.]|\w)")

# Reads commands from descriptor 9, each ended by NUL; prints a mark after each. -m: each job is a process group.
SHELL = r"""
set -m
umask 022
status=0
while IFS= read -r -d '' -u 9 command; do
    (exit $status)
    eval "$command" < /dev/null 2>&1 9<&-
    status=$?
    case $command in 'kill %'*) wait ${command#kill } 2> /dev/null ;; esac
    printf '\036'
done
"""

VARYING = [
    (re.compile(r"\b\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"), "DATE"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "DAY"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "TIME"),
    (re.compile(r"\b\d+(\.\d+)? (µs|ms|s)\b"), "DURATION"),
    (re.compile(r"\bpid \d+"), "pid N"),
    (re.compile(r'^(ETag: )".*"$', re.MULTILINE), r"\1TAG"),
    (re.compile(r"(?<=[\d\]]:)(?:3276[89]|327[7-9]\d|32[89]\d\d|3[3-9]\d{3}|[45]\d{4}|6[0-5]\d{3})\b"), "CLIENT"),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
    (re.compile(r"(?<=\S)  +"), " "),
]


@dataclass
class Command:
    typed: str
    line: int
    shown: list[str] = field(default_factory=list)

    @property
    def goes_on(self) -> bool:
        return self.typed.rstrip().endswith("&")


@dataclass
class Chapter:
    title: str
    commands: list[Command] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)


# What a session may need, and a command that succeeds where the machine has it.
NEEDS = {
    "go": "command -v go",
    "ipv6": "ip -6 address show dev lo | grep -q inet6",
    "java": "command -v java && command -v javac",
    "namespaces": "unshare --map-root-user --net ip link add name a type veth peer name b",
    "node": "command -v node",
    "packets": "unshare --map-root-user --net python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)'",
    "ruby": "command -v ruby",
    "strace": "strace --output=/dev/null true",
}


@functools.cache
def machine_has(need: str) -> bool:
    return subprocess.run(NEEDS[need], shell=True, capture_output=True, stdin=subprocess.DEVNULL).returncode == 0


def chapters_of(text: str, heading: str = "## ") -> list[Chapter]:
    """Returns the sessions of a document whose chapters begin with this kind of heading.

    First comes each chapter's own session, then those of its blocks that need something."""
    chapters: list[Chapter] = []
    apart: list[Chapter] = []
    block: list[str] | None = None  # the words after the fence, within a block
    session: Chapter | None = None  # the one that the block belongs to
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            block = line[3:].split() if block is None else None
            session = chapters[-1] if block and block[0] == "console" else None
            if session and block[1:2] == ["needs"]:
                session = Chapter(f"{session.title}, line {number}", needs=block[2:])
                apart.append(session)
        elif session and line.startswith("$ "):
            session.commands.append(Command(line[2:], number))
        elif session and not session.commands:
            raise ValueError(f"line {number} is shown before anything is typed")
        elif session:
            session.commands[-1].shown.append(line)
        elif block is None and line.startswith(heading):
            chapters.append(Chapter(line[len(heading):]))
    return chapters + apart


def free_ports(count: int) -> list[int]:
    """Returns ports that are free for TCP and UDP on every address, and that the kernel would not give to a client."""
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(20000, 32000)
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("0.0.0.0", port))
        except OSError:
            continue
        if port not in found:
            found.append(port)
    return found


def masked(text: str) -> str:
    for pattern, instead in VARYING:
        text = pattern.sub(instead, text)
    return text


def agrees(shown: list[str], printed: str) -> bool:
    """Returns whether the output is what the document shows."""
    pattern = ""
    for line in masked("\n".join(shown)).splitlines():
        pattern += r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + r"\n"
    whole = printed if printed.endswith("\n") or not printed else printed + "\n"
    return re.fullmatch(pattern, masked(whole.replace("\r\n", "\n"))) is not None


class Session:
    """A shell in its own folder. Everything that it started ends with it."""

    def __init__(self, chapter: Chapter, path: list[Path]):
        self.folder = Path(tempfile.mkdtemp(prefix="portico-lesson-"))
        written = sorted({port for command in chapter.commands for port in WRITTEN_PORT.findall(command.typed)})
        self.ports = dict(zip(written, map(str, free_ports(len(written)))))
        self.told = ""
        commands, self.commands = os.pipe()
        environment = {**os.environ, "PATH": ":".join([*map(str, path), os.environ["PATH"]]), "LC_ALL": "C.UTF-8", "TZ": "UTC",
                       "PYTHONUNBUFFERED": ""}
        move = "" if commands == 9 else f"exec 9<&{commands}-\n"  # programs must find the lowest numbers free
        self.shell = subprocess.Popen(["bash", "--norc", "-c", move + SHELL], cwd=self.folder, env=environment,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                      pass_fds=[commands], start_new_session=True)
        os.close(commands)

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_) -> None:
        os.close(self.commands)
        for pid in self._processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.shell.wait()
        self.shell.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _processes(self) -> list[int]:
        """The process ids in the session that was created for the shell."""
        found = []
        for entry in os.listdir("/proc"):
            try:
                if entry.isdigit() and os.getsid(int(entry)) == self.shell.pid:
                    found.append(int(entry))
            except ProcessLookupError:
                pass
        return found

    def _as_written(self, text: str) -> str:
        text = text.replace(str(self.folder), FOLDER_AS_WRITTEN)
        for written, port in self.ports.items():
            text = re.sub(rf"(?<!\d){port}(?!\d)", written, text)
        return text

    def run(self, command: Command) -> str | None:
        """Types the command. Returns what is wrong, or nothing."""
        typed = WRITTEN_PORT.sub(lambda found: self.ports[found[0]], command.typed).replace(FOLDER_AS_WRITTEN, str(self.folder))
        os.write(self.commands, typed.encode() + b"\0")
        until = time.monotonic() + COMMAND_TIME_MAX
        while not self._is_done(command):
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.shell.stdout], [], [], left)[0]:
                return self._wrong(command, f"after {COMMAND_TIME_MAX:.0f} s")
            octets = os.read(self.shell.stdout.fileno(), 65536)
            if not octets:
                return self._wrong(command, "and the shell ended")
            self.told += octets.decode(errors="replace")
        wrong = None if agrees(command.shown, self._printed()) else self._wrong(command, "at its end")
        self.told = ""
        return wrong

    def _printed(self) -> str:
        return self._as_written(self.told.replace("\036", ""))

    def _is_done(self, command: Command) -> bool:
        if "\036" not in self.told:
            return False
        if not command.goes_on:
            return self.told.endswith("\036")
        printed = self._printed()
        return agrees(command.shown, printed) or ("…" not in command.shown and printed.count("\n") >= len(command.shown))

    def _wrong(self, command: Command, when: str) -> str:
        shown = "\n".join(command.shown)
        return f"line {command.line}: $ {command.typed}\n--- shown\n{shown}\n--- printed, {when}\n{self._printed()}"


def run_chapter(chapter: Chapter, path: list[Path]) -> str | None:
    """Returns the first mistake in a chapter's transcript, or nothing."""
    with Session(chapter, path) as session:
        for command in chapter.commands:
            wrong = session.run(command)
            if wrong:
                return wrong
    return None

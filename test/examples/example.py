"""Starts an example for a test, exchanges octets with it and ends it. Everything stays on the loopback interface."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import unittest
from collections.abc import Callable
from pathlib import Path

BIN = Path(os.environ.get("EXAMPLES", ".")) / "bin"
TIME_MAX = 20


class Example:
    """A running example. Ends with SIGTERM, after which the exit status must be 0."""

    def __init__(self, *command: str | Path, folder: str | Path | None = None):
        self.process = subprocess.Popen([BIN / command[0], *map(str, command[1:])], cwd=folder, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.said: list[str] = []
        self.has_ended = False
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()
        if not self._wait(lambda: self.said or self.has_ended) or not self.said:
            self.process.kill()
            raise AssertionError(f"{command[0]} does not start: {self.said}")
        self.first = self.said[0].rstrip()
        found = re.search(r":(\d+)/?$", self.first)
        self.port = int(found[1]) if found else 0

    def _read(self) -> None:
        for line in self.process.stderr:
            with self.news:
                self.said.append(line)
                self.news.notify_all()
        with self.news:
            self.has_ended = True
            self.news.notify_all()

    def _wait(self, until: Callable[[], object]) -> bool:
        with self.news:
            return bool(self.news.wait_for(until, TIME_MAX))

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Waits until what the example has printed fulfils a condition."""
        if not self._wait(condition):
            raise AssertionError(f"the example has printed only {self.said}")

    def wait_for(self, line: str) -> None:
        """Waits until the example has printed this line."""
        if not self._wait(lambda: line in self.said):
            raise AssertionError(f"{line!r} is not in {self.said}")

    def end(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(TIME_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            self.reader.join()
            self.process.stderr.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class ExampleTest(unittest.TestCase):
    """A test case with its own folder; ends the programs that a test has started."""

    maxDiff = None

    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.folder = Path(held.name)

    def start(self, *command: str | Path, folder: str | Path | None = None) -> Example:
        example = Example(*command, folder=folder)
        self.addCleanup(lambda: self.assertEqual(example.end(), 0, f"{command[0]}: exit code after SIGTERM; {example.said}"))
        return example

    def run_example(self, *command: str | Path) -> subprocess.CompletedProcess:
        return subprocess.run([BIN / command[0], *map(str, command[1:])], capture_output=True, text=True, timeout=TIME_MAX)

    def cannot_start(self, *command: str | Path) -> str:
        """Returns the message of a server that can't listen where it was asked to; its exit code is 1."""
        done = self.run_example(*command)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        self.assertNotEqual(done.stderr.strip(), "")
        return done.stderr

    def connect(self, port: int) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", port), TIME_MAX)
        self.addCleanup(client.close)
        return client


class Answer:
    """The answer that curl received."""

    def __init__(self, octets: str):
        self.status = 100
        while self.status < 200:  # skips "100 Continue", which large contents wait for
            head, _, octets = octets.partition("\n\n")
            lines = head.splitlines()
            self.status = int(lines[0].split()[1])
        self.content = octets
        self.fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}

    def json(self):
        return json.loads(self.content)


def curl(*arguments: str) -> Answer:
    done = subprocess.run(["curl", "--silent", "--show-error", "--include", "--max-time", str(TIME_MAX), *arguments],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"curl {' '.join(arguments)}: {done.stderr}")
    return Answer(done.stdout.replace("\r\n", "\n"))

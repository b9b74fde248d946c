"""A terminal's settings are restored when the program ends, stops, or is killed."""

from __future__ import annotations

import os
import pty
import select
import signal
import socket
import termios
import time

import pytest

import servers

PATIENCE = 20.0


class Job:
    """The program in the foreground of a separate terminal, started as by a shell."""

    def __init__(self, *arguments: str):
        program = str(servers.portico_program())
        reports, report = os.pipe()
        begin, may_begin = os.pipe()
        self.shell, self.terminal = pty.fork()
        if self.shell == 0:  # the shell: reports the job's number, and how it ends
            os.close(reports)
            os.close(may_begin)
            os.read(begin, 1)
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            job = os.fork()
            if job == 0:
                os.close(report)
                os.setpgid(0, 0)
                os.tcsetpgrp(0, os.getpid())
                # nohup, and a shell in the background, have their jobs ignore the others.
                for kind in (signal.SIGTTOU, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
                    signal.signal(kind, signal.SIG_DFL)
                os.execv(program, [program, *arguments])
            os.write(report, f"{job} ".encode())
            while True:
                _, status = os.waitpid(job, os.WUNTRACED)
                os.write(report, f"{status} ".encode())
                if not os.WIFSTOPPED(status):
                    os._exit(0)
        os.close(report)
        os.close(begin)
        self.reports = reports
        self.shown = b""
        self.before = termios.tcgetattr(self.terminal)
        os.close(may_begin)  # the program changes the settings as soon as it runs
        self.number = self.report()

    def report(self) -> int:
        text = b""
        while not text.endswith(b" "):
            assert select.select([self.reports], [], [], PATIENCE)[0], self.shown
            text += os.read(self.reports, 1)
        return int(text)

    def wait_for(self, text: bytes) -> None:
        while text not in self.shown:
            assert select.select([self.terminal], [], [], PATIENCE)[0], self.shown
            self.shown += os.read(self.terminal, 1000)

    def settings(self) -> list:
        return termios.tcgetattr(self.terminal)

    def wait_until_changed(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.settings() == self.before:
            assert time.monotonic() < deadline, "the terminal was not changed"
            select.select([], [], [], 0.001)

    def close(self) -> None:
        os.close(self.terminal)
        os.close(self.reports)
        os.waitpid(self.shell, 0)


@pytest.fixture(params=["hash-password", "connect"])
def job(request):
    if request.param == "hash-password":
        one = Job("hash-password")
        one.wait_for(b"Password: ")
        yield one
    else:
        with socket.create_server(("127.0.0.1", 0)) as peer:
            one = Job("connect", f"127.0.0.1:{peer.getsockname()[1]}")
            one.wait_for(b"Escape character")
            yield one
    one.close()


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT,
                                  signal.SIGALRM, signal.SIGUSR1, signal.SIGABRT, signal.SIGRTMIN])
def test_a_signal_that_ends_the_program_leaves_the_terminal_as_it_was(job, kind):
    job.wait_until_changed()
    os.kill(job.number, kind)
    status = job.report()
    assert job.settings() == job.before
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == kind


def test_a_program_that_is_stopped_gives_the_terminal_back_meanwhile(job):
    job.wait_until_changed()
    changed = job.settings()
    for _ in range(2):
        os.kill(job.number, signal.SIGTSTP)
        assert os.WIFSTOPPED(job.report())
        assert job.settings() == job.before
        os.kill(job.number, signal.SIGCONT)
        job.wait_until_changed()
        assert job.settings() == changed
    os.kill(job.number, signal.SIGTERM)
    assert os.WTERMSIG(job.report()) == signal.SIGTERM
    assert job.settings() == job.before

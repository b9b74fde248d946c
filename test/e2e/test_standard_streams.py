"""Any kind of file as standard input and output of `portico connect` and `portico echo -l stdio`."""

from __future__ import annotations

import os
import pty
import socket
import struct
import subprocess
import threading
import tty

import pytest

import servers

MIB = 1 << 20
PATIENCE = 60.0
CONTENT = bytes(i * 2654435761 >> 13 & 0xff for i in range(65_521)) * 97  # about 6 MB


def command(*words: str) -> list[str]:
    program = servers.portico_program()
    if not os.access(program, os.X_OK):
        pytest.skip(f"no program {program}: build it, or set PORTICO")
    return [str(program), *words]


class Sink:
    """A peer that reads to the end, and then sends `answer`. `failure` is the error that ended its reading, if any."""

    def __init__(self, answer: bytes = b""):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.where = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.answer = answer
        self.received = b""
        self.failure: OSError | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        peer, _ = self.listener.accept()
        parts = []
        with peer:
            try:
                while part := peer.recv(MIB):
                    parts.append(part)
                peer.sendall(self.answer)
            except OSError as failure:
                self.failure = failure
        self.received = b"".join(parts)

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, *_) -> None:
        self.thread.join(PATIENCE)
        self.listener.close()


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(CONTENT)
    return path


def test_connect_sends_a_whole_file(large, tmp_path):
    with Sink(answer=CONTENT[::-1]) as sink, open(large, "rb") as given, open(tmp_path / "out", "wb") as taken:
        done = subprocess.run(command("connect", "-q", sink.where), stdin=given, stdout=taken, timeout=PATIENCE)
    assert done.returncode == 0
    assert sink.received == CONTENT
    assert (tmp_path / "out").read_bytes() == CONTENT[::-1]


def test_echo_copies_a_whole_file_to_a_file(large, tmp_path):
    with open(large, "rb") as given, open(tmp_path / "out", "wb") as taken:
        done = subprocess.run(command("echo", "-l", "stdio"), stdin=given, stdout=taken, timeout=PATIENCE)
    assert done.returncode == 0
    assert (tmp_path / "out").read_bytes() == CONTENT


def test_echo_appends_to_a_file(large, tmp_path):
    out = tmp_path / "out"
    out.write_bytes(b"before")
    with open(large, "rb") as given, open(out, "ab") as taken:
        subprocess.run(command("echo", "-l", "stdio"), stdin=given, stdout=taken, timeout=PATIENCE, check=True)
    assert out.read_bytes() == b"before" + CONTENT


@pytest.mark.parametrize("source", ["file", "pipe", "socket"])
@pytest.mark.parametrize("target", ["file", "pipe", "socket"])
def test_echo_between_kinds_of_files(large, tmp_path, source, target):
    feeders = []
    if source == "file":
        given = os.open(large, os.O_RDONLY)
    else:
        given, feeding = os.pipe() if source == "pipe" else [end.detach() for end in socket.socketpair()]

        def feed():
            with open(feeding, "wb") as feeder:
                feeder.write(CONTENT)
        feeders.append(threading.Thread(target=feed, daemon=True))
    if target == "file":
        taken = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
        taking = None
    else:
        taking, taken = os.pipe() if target == "pipe" else [end.detach() for end in socket.socketpair()]
    echo = subprocess.Popen(command("echo", "-l", "stdio"), stdin=given, stdout=taken)
    os.close(given)
    os.close(taken)
    for feeder in feeders:
        feeder.start()
    got = b"" if taking is None else open(taking, "rb").read()
    assert echo.wait(PATIENCE) == 0
    if taking is None:
        got = (tmp_path / "out").read_bytes()
    assert got == CONTENT


def test_connect_with_null_on_both_sides():
    with Sink(answer=CONTENT) as sink, open(os.devnull, "r+b") as null:
        done = subprocess.run(command("connect", "-q", sink.where), stdin=null, stdout=null, timeout=PATIENCE)
    assert done.returncode == 0
    assert sink.received == b""


def test_connect_sends_from_a_device_without_an_end():
    """/dev/zero is always ready, and epoll does not accept it."""
    with socket.create_server(("127.0.0.1", 0)) as listener, open("/dev/zero", "rb") as zero:
        where = f"127.0.0.1:{listener.getsockname()[1]}"
        client = subprocess.Popen(command("connect", "-q", where), stdin=zero, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE)
        peer, _ = listener.accept()
        count = 0
        while count < 8 * MIB:
            count += len(peer.recv(MIB))
        # Closing resets the connection in any case. Without this, it would be a normal end if the receive buffer were
        # empty, and the exit code would be 0.
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        client.communicate(timeout=PATIENCE)
    assert client.returncode in (55, 56)


def test_echo_at_a_terminal():
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    echo = subprocess.Popen(command("echo", "-l", "stdio"), stdin=theirs, stdout=theirs)
    os.write(ours, b"typed")
    got = b""
    while len(got) < 5:
        got += os.read(ours, 100)
    assert got == b"typed"
    echo.terminate()
    assert echo.wait(PATIENCE) == 0
    os.close(ours)
    os.close(theirs)


def test_a_folder_as_input_is_an_error_and_no_end(tmp_path):
    folder = os.open(tmp_path, os.O_RDONLY)
    with Sink() as sink:
        done = subprocess.run(command("connect", "-q", sink.where), stdin=folder, capture_output=True, timeout=PATIENCE)
    assert done.returncode == 26
    assert b"standard input could not be read: Is a directory" in done.stderr
    assert isinstance(sink.failure, ConnectionResetError)
    done = subprocess.run(command("echo", "-l", "stdio"), stdin=folder, capture_output=True, timeout=PATIENCE)
    os.close(folder)
    assert done.returncode == 1
    assert b"standard input could not be read: Is a directory" in done.stderr


def test_a_full_disk_is_an_error_and_no_end(large):
    with open(large, "rb") as given, open("/dev/full", "wb") as full:
        done = subprocess.run(command("echo", "-l", "stdio"), stdin=given, stdout=full, stderr=subprocess.PIPE,
                              timeout=PATIENCE)
    assert done.returncode == 1
    assert b"standard output could not be written: No space left on device" in done.stderr
    with Sink(answer=b"x" * 100) as sink, open("/dev/full", "wb") as full:
        done = subprocess.run(command("connect", "-q", sink.where), stdin=subprocess.DEVNULL, stdout=full,
                              stderr=subprocess.PIPE, timeout=PATIENCE)
    assert done.returncode == 23


def test_hello_on_a_full_disk_is_an_error():
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command("hello", "-l", "stdio"), stdin=subprocess.DEVNULL, stdout=full,
                              stderr=subprocess.PIPE, timeout=PATIENCE)
    assert done.returncode == 1
    assert b"standard output could not be written" in done.stderr

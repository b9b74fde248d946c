"""`-l unix:PATH`: which files a server replaces and which it removes."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess

import pytest

import servers

pytestmark = pytest.mark.release

PATIENCE = 20.0


def start(*words: str, umask: int = 0o022) -> subprocess.Popen:
    return subprocess.Popen([str(servers.portico_program()), *words], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, umask=umask)


def wait_until_listening(process: subprocess.Popen, path) -> None:
    said = ""
    for line in process.stdout:
        said += line
        if "cannot listen" in line:
            break
        if str(path) in line:
            return
    raise AssertionError(f"it does not listen: {said!r}")


def ask(path) -> bytes:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(PATIENCE)
        peer.connect(str(path))
        peer.sendall(b"GET / HTTP/1.0\r\n\r\n")
        parts = []
        while part := peer.recv(1 << 16):
            parts.append(part)
        return b"".join(parts)


def end(process: subprocess.Popen) -> int:
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(PATIENCE)
    finally:
        process.kill()
        process.communicate()


WAYS = {"serve": lambda path, root: ["serve", str(root), "-l", f"unix:{path}"],
        "echo": lambda path, root: ["echo", "-l", f"unix:{path}"],
        "hello": lambda path, root: ["hello", "-l", f"unix:{path}"]}


@pytest.fixture
def site(tmp_path):
    root = tmp_path / "site"
    root.mkdir()
    (root / "index.html").write_text("front\n")
    return root


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["file", "fifo", "link"])
def test_a_file_at_the_path_is_left_alone(site, tmp_path, way, kind):
    path = tmp_path / "socket"
    precious = tmp_path / "precious"
    precious.write_text("precious")
    if kind == "file":
        path.write_text("precious")
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(precious)
    before = os.lstat(path)
    process = start(*WAYS[way](path, site))
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert f"cannot listen on unix:{path}: that path is taken by a file that is not a socket" in said
    assert os.path.samestat(os.lstat(path), before)
    assert precious.read_text() == "precious"


@pytest.mark.parametrize("way", WAYS)
def test_the_end_removes_the_socket_and_nothing_else(site, tmp_path, way):
    path = tmp_path / "socket"
    process = start(*WAYS[way](path, site))
    wait_until_listening(process, path)
    assert end(process) == 0
    assert not path.exists()
    process = start(*WAYS[way](path, site))
    wait_until_listening(process, path)
    path.unlink()
    path.write_text("precious")
    assert end(process) == 0
    assert path.read_text() == "precious"


def test_a_draining_server_leaves_its_successors_socket(site, tmp_path):
    path = tmp_path / "socket"
    first = start(*WAYS["serve"](path, site))
    wait_until_listening(first, path)
    under_way = socket.socket(socket.AF_UNIX)
    under_way.settimeout(PATIENCE)
    under_way.connect(str(path))
    under_way.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")  # the server must wait for it
    assert b"front" in ask(path)
    first.send_signal(signal.SIGTERM)
    successor = start(*WAYS["serve"](path, site))
    # The first server releases the path when it begins to drain. Until then the successor is refused.
    while successor.poll() is None and not path.exists():
        pass
    for _ in range(1000):
        try:
            wait_until_listening(successor, path)
            break
        except AssertionError:
            successor.communicate()
            successor = start(*WAYS["serve"](path, site))
    assert first.poll() is None
    under_way.sendall(b"\r\n")
    answer = b""
    while b"front" not in answer:
        part = under_way.recv(1 << 16)
        assert part
        answer += part
    under_way.close()
    assert first.wait(PATIENCE) == 0
    first.communicate()
    assert b"front" in ask(path)
    assert end(successor) == 0
    assert not path.exists()


@pytest.mark.parametrize("umask,mode", [(0o022, 0o644), (0o007, 0o660), (0o077, 0o600)])
def test_the_umask_decides_who_may_connect(site, tmp_path, umask, mode):
    path = tmp_path / "socket"
    process = start(*WAYS["serve"](path, site), umask=umask)
    wait_until_listening(process, path)
    assert stat.S_IMODE(os.lstat(path).st_mode) == mode
    assert end(process) == 0


def test_a_socket_in_use_is_left_alone_and_a_stale_one_replaced(site, tmp_path):
    path = tmp_path / "socket"
    first = start(*WAYS["serve"](path, site))
    wait_until_listening(first, path)
    second = start(*WAYS["serve"](path, site))
    said, _ = second.communicate(timeout=PATIENCE)
    assert second.returncode == 1
    assert "another process listens there" in said
    assert b"front" in ask(path)
    first.kill()
    first.communicate()
    assert path.exists()
    third = start(*WAYS["serve"](path, site))
    wait_until_listening(third, path)
    assert b"front" in ask(path)
    assert end(third) == 0

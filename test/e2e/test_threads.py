"""The server on a machine that cannot start another thread."""

from __future__ import annotations

import re
import resource
import socket

import pytest


def address_space(pid: int) -> int:
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmSize:\s+(\d+) kB", status.read())[1]) * 1024


def threads(pid: int) -> int:
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"Threads:\s+(\d+)", status.read())[1])


def test_a_burst_is_answered_without_further_threads(own_server, tmp_path):
    names = [f"file-{i}" for i in range(40)]
    for name in names:
        (tmp_path / name).write_text(name)
    tmp_path.chmod(0o755)
    server = own_server(tmp_path)
    pid = server.process.pid
    if address_space(pid) > 1 << 40:
        pytest.skip("a sanitizer's shadow takes the whole address space")
    before = threads(pid)
    room = 6 << 20  # enough for buffers, but less than a thread's stack
    resource.prlimit(pid, resource.RLIMIT_AS, (address_space(pid) + room,) * 2)
    peers = [socket.create_connection(server.address, timeout=20) for _ in names]
    for peer, name in zip(peers, names):
        peer.sendall(f"GET /{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    for peer, name in zip(peers, names):
        answer = b""
        while part := peer.recv(1 << 16):
            answer += part
        peer.close()
        assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(name.encode())
    assert threads(pid) == before

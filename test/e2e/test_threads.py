"""The server on a machine that cannot start another thread."""

from __future__ import annotations

import re
import resource
import socket
import subprocess

import pytest

import servers


def address_space(pid: int) -> int:
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmSize:\s+(\d+) kB", status.read())[1]) * 1024


def needs_address_space_of_its_own(pid: int) -> None:
    if address_space(pid) > 1 << 40:
        pytest.skip("a sanitizer's shadow takes the whole address space")


def threads(pid: int) -> int:
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"Threads:\s+(\d+)", status.read())[1])


# Room for buffers, but not for a thread's stack of 8 MiB, or not for much besides it.
@pytest.mark.parametrize("room", [6, 9, 17, 25])
def test_a_burst_is_answered_without_further_threads(own_server, tmp_path, room):
    names = [f"file-{i}" for i in range(40)]
    for name in names:
        (tmp_path / name).write_text(name)
    tmp_path.chmod(0o755)
    server = own_server(tmp_path)
    pid = server.process.pid
    needs_address_space_of_its_own(pid)
    before = threads(pid)
    resource.prlimit(pid, resource.RLIMIT_AS, (address_space(pid) + (room << 20),) * 2)
    ask_for_all(server.address, names)
    assert threads(pid) == before


def ask_for_all(address: tuple[str, int], names: list[str]) -> None:
    """Asks for all files at once, each of which is named as it reads."""
    peers = [socket.create_connection(address, timeout=20) for _ in names]
    for peer, name in zip(peers, names):
        peer.sendall(f"GET /{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    for peer, name in zip(peers, names):
        answer = b""
        while part := peer.recv(1 << 16):
            answer += part
        peer.close()
        assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(name.encode())


@pytest.mark.parametrize("most", [1, 3])
def test_there_are_no_more_helper_threads_than_asked_for(own_server, tmp_path, most):
    names = [f"file-{i}" for i in range(60)]
    for name in names:
        (tmp_path / name).write_text(name)
    tmp_path.chmod(0o755)
    server = own_server(tmp_path, options=("--threads", "1", "--set", f"helpers_max={most}"))
    pid = server.process.pid
    before = threads(pid)  # a core starts with one helper
    for _ in range(3):
        ask_for_all(server.address, names)
    assert threads(pid) <= before + most - 1


def test_without_a_thread_the_server_says_so_at_the_start(tmp_path):
    if servers.is_sanitized():
        pytest.skip("a sanitizer's shadow takes the whole address space")

    def leave_no_room_for_stacks():
        stack = 1 << 40  # what each new thread gets
        resource.setrlimit(resource.RLIMIT_STACK, (stack, stack))
        resource.setrlimit(resource.RLIMIT_AS, (1 << 36, 1 << 36))

    done = subprocess.run([servers.portico_program(), "serve", str(tmp_path), "-p0"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=20, preexec_fn=leave_no_room_for_stacks, check=False)
    assert done.returncode == 1
    assert "could not be started" in done.stderr and "ulimit -u" in done.stderr

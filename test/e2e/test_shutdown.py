"""How the server ends under load: every request that reached the machine before the signal is answered.

PORTICO_SIGTERMS: how many times each case is tried, default 2.
"""

from __future__ import annotations

import base64
import os
import re
import signal
import socket
import subprocess
import time

import pytest

import servers
from closed_loop import ClosedLoop
from conformance.case import get
from conformance.content import HELLO
from exchange import Conversation

pytestmark = [pytest.mark.release, pytest.mark.skipif(servers.chosen() != "portico", reason="Portico's own promise")]
PATIENCE = 20.0
ROUNDS = int(os.environ.get("PORTICO_SIGTERMS", "2"))


def end(one, loop: ClosedLoop) -> float:
    """Sends SIGTERM and lets the clients go on until the process has ended. Returns how long that takes."""
    one.process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    loop.run(lambda: one.process.poll() is not None)
    took = time.monotonic() - began
    loop.goes_on = False  # from now on, clients only read the rest of their answers
    deadline = time.monotonic() + PATIENCE
    loop.run(lambda: time.monotonic() > deadline or not any(client.state == "asking" for client in loop.clients))
    loop.outcome.lost += ["no answer" for client in loop.clients if client.state == "asking"]
    loop.close()
    return took


@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("kind", [{"kept": True}, {"kept": False}, {"kept": False, "pause": 0.02}],
                         ids=["kept", "new", "silent_at_first"])
def test_sigterm_under_load_loses_no_request(own_server, threads, kind):
    for number in range(ROUNDS):
        one = own_server(options=("--threads", threads))
        loop = ClosedLoop(one.address, 200, **kind)
        enough = 200 + 100 * (number % 7)
        loop.run(lambda: loop.outcome.answered >= enough)
        end(one, loop)
        assert one.process.wait(PATIENCE) == 0
        assert not loop.outcome.lost, f"round {number}: {len(loop.outcome.lost)} lost, {loop.outcome.lost[:5]}"


def test_clients_that_have_connected_but_not_asked_are_answered(own_server):
    """The kernel holds these connections back until they send something: TCP_DEFER_ACCEPT."""
    one = own_server(options=("--threads", "2"))
    with Conversation(one.address) as first:
        first.send(get("/hello.txt"))
        first.read_answer()
        silent = [socket.create_connection(one.address, timeout=PATIENCE) for _ in range(100)]
        one.process.send_signal(signal.SIGTERM)
        for connection in silent:
            connection.sendall(get("/hello.txt"))
        for connection in silent:
            received = b""
            while piece := connection.recv(65536):
                received += piece
            assert received.endswith(HELLO)  # with "Connection: close", unless it was sent before the signal was noticed
            connection.close()
    assert one.process.wait(PATIENCE) == 0


@pytest.mark.parametrize("password,status", [("right", 200), ("wrong", 401)])
def test_a_password_that_is_checked_while_the_server_ends_is_answered(own_server, password, status):
    one = own_server(options=("--auth", f"ann:{servers.hash_of('right')}"))
    with Conversation(one.address) as talk:
        sent = base64.b64encode(f"ann:{password}".encode()).decode()
        talk.send(get("/hello.txt", f"Authorization: Basic {sent}"))
        one.process.send_signal(signal.SIGTERM)
        answer = talk.read_answer()
        assert (answer.status, answer.field("Connection")) == (status, "close")
    assert one.process.wait(PATIENCE) == 0


def test_nobody_who_waits_for_an_answer_keeps_it_from_ending(own_server):
    """Idle connections that stay open on the client's side delay the end by half a second at most."""
    one = own_server()
    idle = []
    for _ in range(50):
        talk = Conversation(one.address)
        talk.send(get("/hello.txt"))
        talk.read_answer()
        idle.append(talk)
    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(PATIENCE) == 0
    for talk in idle:
        talk.socket.close()


@pytest.mark.parametrize("command", [["serve", "."], ["serve", ".", "--access-log", "text"], ["hello"], ["echo"]],
                         ids=["serve", "serve with a log", "hello", "echo"])
def test_a_full_standard_output_does_not_make_it_deaf(command, tmp_path):
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    program = [str(servers.portico_program()), *command, "--listen", f"unix:{tmp_path}/socket"]
    process = subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE, cwd=tmp_path)
    os.close(writer)
    try:
        deadline = time.monotonic() + PATIENCE
        while not (tmp_path / "socket").exists() and time.monotonic() < deadline:
            time.sleep(0.001)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
        os.close(reader)


def test_sigalrm_is_nobodys_business(own_server):
    one = own_server()
    with Conversation(one.address) as talk:  # once it answers, all of its threads have started
        talk.send(get("/hello.txt"))
        talk.read_answer()
    status = open(f"/proc/{one.process.pid}/status").read()
    masks = {name: int(re.search(rf"{name}:\s+([0-9a-f]+)", status)[1], 16) for name in ("SigBlk", "SigIgn", "SigCgt")}
    assert not any(mask >> (signal.SIGALRM - 1) & 1 for mask in masks.values()), masks

"""HTTP/2 with the clients that people use, and what a connection promises: its end, its limits, its time-outs."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import time

import pytest

import h2.connection
import h2.events

import h2_frames
import servers
from conformance.case import get as h1_get
from conformance.content import BIG, HELLO, PROBE
from conformance.http2 import (END_STREAM, PREFACE, SETTINGS_ACK, Code, Setting, Type, data, get, headers, ping, post, request,
                               settings, window_update)
from exchange import Conversation, SecureConversation, Silent
from h2_frames import Link

pytestmark = pytest.mark.skipif(servers.chosen() != "portico", reason="about Portico's own promises")
PATIENCE = 20.0
WAYS = ["h2", "h2c"]


@pytest.fixture(params=WAYS)
def way(request):
    return request.param


@pytest.fixture
def serving(server, certificate, way):
    """serving(root, options) is a running server, and its URL."""
    def of(root: str = "plain", options: tuple[str, ...] = ()):
        tls = certificate.options if way == "h2" else ()
        port = server(root, options + tls).address[1]
        return f"https://localhost:{port}" if way == "h2" else f"http://127.0.0.1:{port}"
    return of


def curl(way: str, certificate, *words: str, **options) -> subprocess.CompletedProcess:
    version = ["--http2", "--cacert", str(certificate.chain)] if way == "h2" else ["--http2-prior-knowledge"]
    return subprocess.run(["curl", "-sS", *version, *words], capture_output=True, timeout=60, **options)


# --- Clients

def test_curl_gets(serving, certificate, way):
    got = curl(way, certificate, "-i", serving() + "/probe.txt")
    head, _, content = got.stdout.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/2 200") and content == PROBE, got


def test_curl_sends_content_and_expects(serving, certificate, way):
    got = curl(way, certificate, "-i", "-H", "Expect: 100-continue", "--data-binary", "x" * 100_000, serving() + "/probe.txt")
    assert re.search(rb"HTTP/2 405", got.stdout) and got.returncode == 0, got


def test_curl_head_and_range(serving, certificate, way):
    head = curl(way, certificate, "-I", serving() + "/big.bin")
    assert b"content-length: %d" % len(BIG) in head.stdout and head.returncode == 0
    part = curl(way, certificate, "-r", "1000-2999999", serving() + "/big.bin")
    assert part.stdout == BIG[1000:3_000_000]


def test_curl_one_after_another(server, certificate):
    """Only with TLS: curl 7.88 fails to use a connection with prior knowledge again, with any server."""
    url = f"https://localhost:{server('plain', certificate.options).address[1]}"
    got = curl("h2", certificate, *[f"{url}/probe.txt"] * 100, "-w", "%{http_version} %{http_code} %{num_connects}\n")
    assert got.stdout.count(PROBE) == 100 and got.stdout.count(b"2 200 0\n") == 99, got.stderr  # on one connection


def test_a_large_file_arrives_whole(own_server, certificate, tmp_path, way):
    content = os.urandom(20_000_000)
    (tmp_path / "large.bin").write_bytes(content)
    one = own_server(tmp_path, certificate.options if way == "h2" else ())
    url = f"{'https' if way == 'h2' else 'http'}://localhost:{one.address[1]}/large.bin"
    assert curl(way, certificate, url).stdout == content


def test_http_1_1_on_the_same_tls_port(server, certificate):
    address = server("plain", certificate.options).address
    url = f"https://localhost:{address[1]}/probe.txt"
    got = subprocess.run(["curl", "-sS", "--http1.1", "--cacert", str(certificate.chain), "-w", "%{http_version}", url],
                         capture_output=True, timeout=30)
    assert got.stdout == PROBE + b"1.1"
    with SecureConversation(address, certificate.client_context()) as talk:  # without ALPN
        talk.send(h1_get("/probe.txt"))
        assert talk.read_answer().content == PROBE


def test_a_wrong_preface_after_alpn_ends_with_goaway(server, certificate):
    with Link(h2_frames.connect(server("plain", certificate.options).address, certificate), begins=False) as link:
        link.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert link.ending()[0] == Code.PROTOCOL_ERROR


def nghttp(certificate, *words: str) -> str:
    done = subprocess.run(["nghttp", *words], capture_output=True, text=True, errors="replace", timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nghttp_with_priorities(serving, certificate):
    url = serving()
    said = nghttp(certificate, "-nva", "-m", "20", "-H", "priority: u=1,i", f"{url}/probe.txt")
    assert said.count(":status: 200") == 20
    said = nghttp(certificate, "-nv", *(word for weight in ("1", "100", "256") for word in ("-p", weight)),
                  *(f"{url}/{name}" for name in ("big.bin", "hello.txt", "probe.txt")))
    assert said.count(":status: 200") == 3 and "RST_STREAM" not in said


def test_nghttp_sends_trailers_and_padding(serving, certificate, tmp_path):
    (tmp_path / "sent").write_bytes(b"x" * 50_000)
    said = nghttp(certificate, "-nv", "--trailer", "x-sum: 1", "-d", str(tmp_path / "sent"), "-b", "100", serving() + "/probe.txt")
    assert ":status: 405" in said, said


def test_nghttp_with_a_small_window(serving, certificate):
    said = nghttp(certificate, "-ns", "-w", "10", "-W", "11", serving() + "/big.bin")
    assert " 200 " in said, said


@pytest.mark.parametrize("clients, streams", [(1, 32), (10, 32), (4, 1), (2, 128)])
def test_h2load(serving, clients, streams):
    done = subprocess.run(["h2load", "-n", "4000", "-c", str(clients), "-m", str(streams), serving() + "/probe.txt"],
                          capture_output=True, text=True, timeout=60)
    assert "4000 succeeded, 0 failed, 0 errored, 0 timeout" in done.stdout, done.stdout
    assert "status codes: 4000 2xx" in done.stdout


def test_h2load_with_large_contents(serving):
    done = subprocess.run(["h2load", "-n", "60", "-c", "3", "-m", "10", serving() + "/big.bin"], capture_output=True, text=True,
                          timeout=60)
    assert "60 succeeded, 0 failed" in done.stdout, done.stdout
    assert f"({60 * len(BIG)}) data" in done.stdout.replace(",", ""), done.stdout


NODE = """
const http2 = require('node:http2'), fs = require('node:fs');
const [url, ca] = process.argv.slice(1);
const session = http2.connect(url, ca ? {ca: fs.readFileSync(ca)} : {});
session.on('error', error => { console.log(JSON.stringify({error: String(error)})); process.exit(1); });
let open = 60, octets = 0, statuses = [];
for (let i = 0; i < 60; ++i) {
  const headers = {':path': i % 3 ? '/probe.txt' : '/big.bin', ':method': i % 5 ? 'GET' : 'POST'};
  const one = session.request(headers);
  one.on('response', got => statuses.push(got[':status']));
  one.on('data', piece => { octets += piece.length; });
  one.on('close', () => { if (--open === 0) { console.log(JSON.stringify({octets, statuses})); session.close(); } });
  one.end(i % 5 ? undefined : 'x'.repeat(50000));
}
"""


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")
def test_node(serving, certificate, way):
    done = subprocess.run(["node", "-e", NODE, serving(), *([str(certificate.chain)] if way == "h2" else [])],
                          capture_output=True, text=True, timeout=60)
    told = json.loads(done.stdout)
    assert sorted(told["statuses"]) == [200] * 48 + [405] * 12, (done.stdout, done.stderr)
    got = [number for number in range(60) if number % 5]
    wanted = sum(len(PROBE) if number % 3 else len(BIG) for number in got)
    assert told["octets"] >= wanted  # and the pages of the refusals


@pytest.mark.browser
@pytest.mark.skipif(not shutil.which("chromium"), reason="Chromium is not installed")
def test_chromium_speaks_http_2(own_server, certificate, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text(
        "<!doctype html><title>x</title><p id=p></p><script>"
        "addEventListener('load', () => { p.textContent = 'protocol=' + "
        "performance.getEntriesByType('navigation')[0].nextHopProtocol; })</script>")
    one = own_server(site, certificate.options)
    done = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                           "--ignore-certificate-errors", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom",
                           f"https://localhost:{one.address[1]}/"], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=90)
    assert "protocol=h2" in done.stdout, done.stdout


class H2Library:
    """python3-h2's own connection, which checks the server's frames as well."""

    def __init__(self, talk: Conversation):
        self.talk, self.protocol = talk, h2.connection.H2Connection()
        self.protocol.initiate_connection()
        self.events: list = []

    def send(self) -> None:
        self.talk.send(self.protocol.data_to_send())

    def until(self, holds) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            self.send()
            self.talk.read_until(lambda received: True if received else None, deadline)
            octets = bytes(self.talk.received)
            self.talk.received.clear()
            if not octets:
                raise Silent("the connection ended")
            for event in self.protocol.receive_data(octets):
                if isinstance(event, h2.events.DataReceived):
                    self.protocol.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                self.events.append(event)


def test_python_h2(server, certificate, way):
    address = server("plain", certificate.options if way == "h2" else ()).address
    with h2_frames.connect(address, certificate if way == "h2" else None) as talk:
        client = H2Library(talk)
        for stream in range(1, 101, 2):
            client.protocol.send_headers(stream, [(":method", "GET"), (":scheme", "http"), (":authority", "localhost"),
                                                  (":path", "/big.bin" if stream == 1 else "/probe.txt")], end_stream=True)
        client.until(lambda: sum(isinstance(event, h2.events.StreamEnded) for event in client.events) == 50)
        content = {stream: b"".join(event.data for event in client.events
                                    if isinstance(event, h2.events.DataReceived) and event.stream_id == stream)
                   for stream in range(1, 101, 2)}
        assert content.pop(1) == BIG and set(content.values()) == {PROBE}


# --- What is written down

def test_the_access_log_says_http_2(own_server, tmp_path, certificate, way):
    log = tmp_path / "log"
    one = own_server(options=("--access-log", "combined", "--log-file", str(log), *(certificate.options if way == "h2" else ())))
    with Link(h2_frames.connect(one.address, certificate if way == "h2" else None)) as link:
        link.send(get(1, b"/probe.txt?a=b", (b"user-agent", b"x")) + headers(3, b""))
        assert link.answer(1) == (200, PROBE)
    assert servers.wait_until(lambda: log.exists() and log.read_text())
    first = log.read_text().splitlines()[0]
    assert re.search(rf'"GET /probe\.txt\?a=b HTTP/2\.0" 200 {len(PROBE)} "-" "x"$', first), first


# --- Passwords

@pytest.mark.parametrize("password, status", [("right", 200), ("wrong", 401)])
def test_a_password(server, password, status):
    address = server("plain", ("--auth", f"ann:{servers.hash_of('right')}")).address
    sent = base64.b64encode(f"ann:{password}".encode())
    with Link(h2_frames.connect(address)) as link:
        for stream in (1, 3, 5):
            link.send(get(stream, b"/hello.txt", (b"authorization", b"Basic " + sent)))
        assert [link.answer(stream)[0] for stream in (1, 3, 5)] == [status] * 3


# --- Time-outs and limits

def test_an_idle_connection_ends_with_goaway(server, certificate, way):
    options = ("--set", "keep_alive_max=1s") + (certificate.options if way == "h2" else ())
    with Link(h2_frames.connect(server("plain", options).address, certificate if way == "h2" else None)) as link:
        link.send(SETTINGS_ACK + get(1))
        assert link.answer(1) == (200, HELLO)
        assert link.ending()[0] == Code.NO_ERROR and link.talk.ended == "eof"


def test_settings_must_be_acknowledged(server):
    with Link(h2_frames.connect(server("plain", ("--set", "h2_settings_time_max=1s")).address)) as link:
        link.send(get(1))
        assert link.ending()[0] == Code.SETTINGS_TIMEOUT


def test_a_field_block_must_end(server):
    with Link(h2_frames.connect(server("plain", ("--set", "h2_settings_time_max=1s")).address)) as link:
        link.send(SETTINGS_ACK + headers(1, request(), END_STREAM))
        assert link.ending()[0] == Code.ENHANCE_YOUR_CALM


def test_content_must_go_on(server):
    """The request is answered with 408, or reset; other streams go on."""
    with Link(h2_frames.connect(server("plain", ("--set", "content_idle_max=1s")).address)) as link:
        link.send(SETTINGS_ACK + post(1, b"/hello.txt", (b"content-length", b"10")) + data(1, b"abc"))
        status, _ = link.answer(1)
        assert status in (408, 405), status
        link.send(get(3))
        assert link.answer(3) == (200, HELLO)


@pytest.mark.parametrize("lines", [((b"content-length", b"2000"),), ()], ids=["announced", "not announced"])
def test_content_that_is_too_large(server, lines):
    with Link(h2_frames.connect(server("plain", ("--set", "content_octets_max=1k")).address)) as link:
        link.send(SETTINGS_ACK + post(1, b"/hello.txt", *lines) + data(1, b"x" * 1500) + get(3))
        assert link.answer(1)[0] == 413
        link.send(get(5))
        assert link.answer(5) == (200, HELLO)


@pytest.mark.parametrize("limit, sent", [("drain_time_max=300ms", 0), ("drain_octets_max=16k", 60_000)], ids=["time", "octets"])
def test_a_client_that_still_sends_is_answered_and_then_reset(server, limit, sent):
    """Not both at once: see curl."""
    options = ("--set", limit) + (("--set", "drain_time_max=1m") if sent else ())
    with Link(h2_frames.connect(server("plain", options).address)) as link:
        link.send(SETTINGS_ACK + post(1, b"/hello.txt", (b"expect", b"100-continue"), (b"content-length", b"900000")))
        assert link.answer(1)[0] == 405
        began = time.monotonic()
        link.send(b"".join(data(1, b"x" * 10_000) for _ in range(sent // 10_000)))
        last = link.frames(lambda got: got.type == Type.RST_STREAM)[-1]
        assert (last.stream, last.code) == (1, Code.NO_ERROR)
        assert sent or time.monotonic() - began > 0.1
        link.send(get(3))
        assert link.answer(3) == (200, HELLO)


@pytest.mark.parametrize("where", ["stream", "connection"])
def test_a_window_that_stays_closed(server, where):
    address = server("plain", ("--set", "h2_stall_time_max=1s")).address
    window = 0 if where == "stream" else 1 << 20
    with Link(h2_frames.connect(address), (Setting.INITIAL_WINDOW_SIZE, window)) as link:
        link.send(SETTINGS_ACK + get(1, b"/big.bin"))
        assert link.answer(1)[0] == -Code.CANCEL
        link.send(window_update(0, 1000) + get(3) + (window_update(3, 1000) if where == "stream" else b""))
        assert link.answer(3) == (200, HELLO)


def test_a_window_that_is_opened_too_slowly(server):
    options = ("--set", "rate_min=1000", "--set", "rate_grace=1s")
    with Link(h2_frames.connect(server("plain", options).address), (Setting.INITIAL_WINDOW_SIZE, 0)) as link:
        link.send(SETTINGS_ACK + get(1, b"/big.bin"))
        began, codes = time.monotonic(), []
        while time.monotonic() < began + PATIENCE:
            link.send(window_update(1, 20))
            link.flush()
            try:
                got = link.next_frame(0.05)
            except AssertionError:
                continue
            if got is None:
                break
            if got.type in (Type.GOAWAY, Type.RST_STREAM):
                codes.append(got.code)
        assert codes == [Code.ENHANCE_YOUR_CALM]


def test_a_client_that_reads_nothing_is_reset(server):
    """Its windows are open, but it does not read from its socket."""
    address = server("plain", ("--set", "response_idle_max=1s")).address
    talk = Conversation(address, receive_buffer=4096)
    with Link(talk, (Setting.INITIAL_WINDOW_SIZE, 1 << 30)) as link:
        link.send(SETTINGS_ACK + window_update(0, 1 << 30) + b"".join(get(stream, b"/big.bin") for stream in range(1, 21, 2)))
        link.flush()
        assert servers.wait_until(lambda: talk.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0, PATIENCE)


def test_a_half_closed_client_gets_its_answers(server, certificate, way):
    address = server("plain", certificate.options if way == "h2" else ()).address
    with Link(h2_frames.connect(address, certificate if way == "h2" else None),
              (Setting.INITIAL_WINDOW_SIZE, 1 << 24)) as link:
        link.send(window_update(0, 1 << 24))
        link.settle()
        link.send(get(1, b"/big.bin") + get(3))
        link.talk.half_close()
        content, over = {1: b"", 3: b""}, set()
        while (got := link.next_frame()) is not None:
            if got.type == Type.HEADERS:
                link.fields_of(got)
            if got.type == Type.DATA:
                content[got.stream] += got.payload
            if got.ends_stream:
                over.add(got.stream)
        assert over == {1, 3} and content == {1: BIG, 3: HELLO} and link.talk.ended == "eof"


def test_a_half_closed_client_with_an_unfinished_upload(server):
    """What it has begun can't be completed; what was asked before is answered."""
    with Link(h2_frames.connect(server().address)) as link:
        link.settle()
        link.send(get(1) + post(3) + data(3, b"x"))
        link.talk.half_close()
        code, seen = link.ending()
        assert code == Code.NO_ERROR and link.talk.ended == "eof"
        assert any(got.stream == 1 and got.ends_stream for got in seen)


# --- The end of the server

def test_sigterm_announces_itself_in_two_steps(own_server, certificate, way):
    one = own_server(options=certificate.options if way == "h2" else ())
    with Link(h2_frames.connect(one.address, certificate if way == "h2" else None)) as link:
        link.settle()
        link.send(get(1, b"/big.bin"))  # its window ends before the file does
        link.frames(lambda got: got.type == Type.DATA)
        one.process.send_signal(signal.SIGTERM)
        first = [got for got in link.frames(lambda got: got.type == Type.GOAWAY) if got.type == Type.GOAWAY][0]
        assert (first.last_stream, first.code) == (2 ** 31 - 1, Code.NO_ERROR)
        link.send(get(3))  # on its way when the server announced its end
        asked = [got for got in link.frames(lambda got: got.type == Type.PING) if got.type == Type.PING][0]
        link.send(ping(asked.payload, 1))
        second = [got for got in link.frames(lambda got: got.type == Type.GOAWAY) if got.type == Type.GOAWAY][0]
        assert (second.last_stream, second.code) == (3, Code.NO_ERROR)
        link.send(get(5) + window_update(0, 1 << 24) + window_update(1, 1 << 24))
        seen = link.frames(lambda got: False)
        assert {got.stream for got in seen if got.ends_stream} == {1, 3} and link.talk.ended == "eof"
    assert one.process.wait(PATIENCE) == 0


def test_sigterm_ends_idle_connections_promptly(own_server, certificate, way):
    one = own_server(options=certificate.options if way == "h2" else ())
    idle = []
    for _ in range(20):
        link = Link(h2_frames.connect(one.address, certificate if way == "h2" else None))
        link.send(SETTINGS_ACK + get(1))
        assert link.answer(1) == (200, HELLO)
        link.flush()
        idle.append(link)
    began = time.monotonic()
    one.process.send_signal(signal.SIGTERM)
    for link in idle:
        assert link.ending()[0] == Code.NO_ERROR
    assert one.process.wait(PATIENCE) == 0
    assert time.monotonic() - began < 10
    for link in idle:
        link.talk.socket.close()


@pytest.mark.parametrize("asked", [get(1), get(1, b"/big.bin"), post(1), post(1) + data(1, b"x")],
                         ids=["get", "large", "upload", "begun upload"])
def test_clients_that_reset_their_connections_at_once_leave_nothing(own_server, asked):
    one = own_server(options=("--threads", "1"))
    for _ in range(50):
        with socket.create_connection(one.address, timeout=PATIENCE) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(PREFACE + settings() + SETTINGS_ACK + asked)
    with Link(h2_frames.connect(one.address)) as link:
        link.send(SETTINGS_ACK + get(1))
        assert link.answer(1) == (200, HELLO)
    began = time.monotonic()
    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(40) == 0
    assert time.monotonic() - began < 10


def test_sigterm_while_h2load_runs(own_server):
    """Everything that was begun is answered: h2load counts what is not as errored, only on connections that failed."""
    one = own_server()
    load = subprocess.Popen(["h2load", "-D", "3", "-c", "5", "-m", "20", f"http://127.0.0.1:{one.address[1]}/probe.txt"],
                            stdout=subprocess.PIPE, text=True)
    with Link(h2_frames.connect(one.address)) as link:  # what it counts shows that the load has begun
        for stream in range(1, 201, 2):
            link.send(get(stream))
            assert link.answer(stream) == (200, HELLO)
    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(PATIENCE) == 0
    load.communicate(timeout=30)


def test_a_password_that_is_checked_while_the_server_ends(own_server):
    one = own_server(options=("--auth", f"ann:{servers.hash_of('right')}"))
    with Link(h2_frames.connect(one.address)) as link:
        link.settle()
        link.send(get(1, b"/hello.txt", (b"authorization", b"Basic " + base64.b64encode(b"ann:right"))))
        link.frames(lambda got: got.type == Type.SETTINGS)  # acknowledged: the request has been read
        one.process.send_signal(signal.SIGTERM)
        assert link.answer(1) == (200, HELLO)
        assert not link.frames(lambda got: False)[1:] and link.is_leaving and link.talk.ended == "eof"
    assert one.process.wait(PATIENCE) == 0


def test_an_upload_that_goes_on_while_the_server_ends(own_server):
    one = own_server()
    with Link(h2_frames.connect(one.address)) as link:
        link.settle()
        link.send(post(1) + data(1, b"x"))
        link.send(ping())
        link.frames(lambda got: got.type == Type.PING)
        one.process.send_signal(signal.SIGTERM)
        link.frames(lambda got: got.type == Type.GOAWAY)
        link.send(data(1, b"y", END_STREAM))
        assert link.answer(1)[0] == 405
        assert link.ending()[0] == Code.NO_ERROR
    assert one.process.wait(PATIENCE) == 0

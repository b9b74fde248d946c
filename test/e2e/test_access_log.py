"""The access log of the real program: Apache's format exactly, JSON as documented, rotation, no forged lines."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import shutil
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest

import servers

pytestmark = pytest.mark.skipif(servers.chosen() != "portico", reason="only Portico has this log")

HOST = b"Host: localhost\r\n"
# Requests that both servers answer alike, so that only the log lines can differ.
REQUESTS = [
    b"GET /probe.txt HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
    b"HEAD /probe.txt HTTP/1.0\r\nUser-Agent: \"quo\\ted\"\r\nReferer: http://x/?a=\"b\"\r\n\r\n",
    b"GET /a%22b%5cc HTTP/1.0\r\nUser-Agent: a\tb \xc3\xa4\x80\xff\r\n\r\n",
    b"GET /probe.txt?x=%1b[31m HTTP/1.0\r\nReferer:\r\nUser-Agent:\r\n\r\n",
    b"GET /probe.txt HTTP/1.0\r\nUser-Agent: " + bytes(range(0x80, 0x100)) + b"\r\n\r\n",
    b"GET /probe.txt HTTP/1.0\r\nIf-None-Match: *\r\n\r\n",
    b"GET /missing HTTP/1.1\r\n" + HOST + b"User-Agent: x'y z\r\nConnection: close\r\n\r\n",
]


def send(address: tuple[str, int], octets: bytes) -> bytes:
    with socket.create_connection(address, timeout=8) as connection:
        connection.sendall(octets)
        received = b""
        while more := connection.recv(65536):
            received += more
        return received


def lines_of(file: Path, count: int) -> list[str]:
    until = time.monotonic() + 8
    while True:
        lines = file.read_text(encoding="latin-1").splitlines() if file.exists() else []
        if len(lines) >= count or time.monotonic() > until:
            return lines
        time.sleep(0.01)


def logging(form: str, file: Path) -> tuple[str, ...]:
    # One core: with several, the lines are in order only to within a few milliseconds.
    return ("--threads", "1", "--access-log", form, "--log-file", str(file))


def without_time_and_size(line: str) -> str:
    """Removes what differs: the size of error pages, and the time."""
    line = re.sub(r"\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]", "[time]", line)
    return re.sub(r'" (404|400) (\d+|-) ', r'" \1 size ', line)


@pytest.mark.skipif(not shutil.which("apache2", path="/usr/sbin:/usr/bin"), reason="Apache is not installed")
def test_combined_is_apaches(own_server, root, tmp_path):
    ours = own_server("plain", logging("combined", tmp_path / "ours"))
    apache_log = tmp_path / "apache"
    port = servers.free_port()
    configuration = tmp_path / "apache.conf"
    configuration.write_text(f"""
        LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
        LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
        ServerName localhost
        PidFile {tmp_path}/pid
        ErrorLog {tmp_path}/errors
        LogFormat "%h %l %u %t \\"%r\\" %>s %b \\"%{{Referer}}i\\" \\"%{{User-Agent}}i\\"" combined
        CustomLog {apache_log} combined
        Listen 127.0.0.1:{port}
        DocumentRoot {root("plain")}
        """)
    apache = subprocess.Popen(["/usr/sbin/apache2", "-D", "FOREGROUND", "-f", configuration], stdin=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < until and apache.poll() is None, (tmp_path / "errors").read_text()
                time.sleep(0.02)
        for request in REQUESTS:
            send(ours.address, request)
            send(("127.0.0.1", port), request)
        theirs = lines_of(apache_log, len(REQUESTS))
    finally:
        apache.terminate()
        apache.wait(20)
    written = lines_of(tmp_path / "ours", len(REQUESTS))
    assert sorted(map(without_time_and_size, written)) == sorted(map(without_time_and_size, theirs))
    time_form = re.compile(r'^127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "')
    assert all(time_form.match(line) for line in written + theirs)


def test_json_is_as_documented(own_server, tmp_path):
    server = own_server("plain", logging("json", tmp_path / "log"))
    for request in REQUESTS:
        send(server.address, request)
    send(server.address, b"GET /x HTTP/1.1\r\n\x00\r\n\r\n")
    documented = set(re.findall(r"^\| (`.*?`) \|", (servers.REPOSITORY / "docs/access-log.md").read_text(), re.MULTILINE))
    members = {name for cell in documented for name in re.findall(r"`(\w+)`", cell)}
    entries = [json.loads(line.encode("latin-1")) for line in lines_of(tmp_path / "log", len(REQUESTS) + 1)]
    assert len(entries) == len(REQUESTS) + 1
    for entry in entries:
        assert set(entry) <= members
        assert set(entry) >= members - {"user", "referer", "user_agent", "reason"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", entry["time"])
        assert entry["client"] == "127.0.0.1" and entry["complete"] is True and entry["duration_us"] >= 0
    assert entries[0]["octets"] > 0 and entries[0]["method"] == "GET" and entries[0]["version"] == "HTTP/1.1"
    assert entries[1]["octets"] == 0 and entries[1]["user_agent"] == '"quo\\ted"' and entries[1]["version"] == "HTTP/1.0"
    assert entries[-1]["status"] == 400 and entries[-1]["reason"]


def test_the_user_is_named(own_server, tmp_path):
    server = own_server("plain", (*logging("combined", tmp_path / "log"), "--auth", f"frank:{servers.hash_of('secret')}"))
    send(server.address, b"GET /probe.txt HTTP/1.0\r\nAuthorization: Basic ZnJhbms6c2VjcmV0\r\n\r\n")
    send(server.address, b"GET /probe.txt HTTP/1.0\r\n\r\n")
    send(server.address, b"GET /probe.txt HTTP/1.0\r\n" + b"Authorization: Basic ZnJhbms6c2VjcmV0\r\n" * 2 + b"\r\n")
    lines = lines_of(tmp_path / "log", 3)
    assert lines[0].startswith("127.0.0.1 - frank [") and '" 200 ' in lines[0]
    assert lines[1].startswith("127.0.0.1 - - [") and '" 401 ' in lines[1]
    assert lines[2].startswith("127.0.0.1 - - [") and '" 401 ' in lines[2]


@pytest.mark.parametrize("form", ["text", "json", "combined"])
def test_no_client_forges_an_entry(own_server, tmp_path, form):
    server = own_server("plain", logging(form, tmp_path / "log"))
    hostile = b"\x1b]0;owned\x07\x9b31m\x7f\x08\r\t\x0b\xc2\x9b\xe2\x80\xae"
    sent = [b"GET /" + hostile + b" HTTP/1.1\r\n" + HOST + b"\r\n", b"GET / HTTP/1.0\r\nUser-Agent: " + hostile + b"\r\n\r\n",
            b"GET /\n127.0.0.1 200 HTTP/1.1\r\n\r\n", hostile + b" / HTTP/1.1\r\n\r\n", b"\r\n\r\nG\x1b[2J\r\n\r\n"]
    for octets in sent:
        send(server.address, octets)
    lines_of(tmp_path / "log", len(sent))
    written = (tmp_path / "log").read_bytes()
    assert written.count(b"\n") == len(sent)
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", written)
    assert b"\xc2\x9b" not in written


def test_rotation_loses_nothing(own_server, tmp_path):
    server = own_server("plain", logging("combined", tmp_path / "log"))
    request = b"GET /probe.txt?%d HTTP/1.0\r\n\r\n"
    for number in range(3):
        send(server.address, request % number)
    lines_of(tmp_path / "log", 3)
    (tmp_path / "log").rename(tmp_path / "log.1")
    send(server.address, request % 3)
    server.process.send_signal(signal.SIGUSR1)
    until = time.monotonic() + 8
    while not (tmp_path / "log").exists() and time.monotonic() < until:
        time.sleep(0.01)
    for number in range(4, 6):
        send(server.address, request % number)
    lines = lines_of(tmp_path / "log.1", 4) + lines_of(tmp_path / "log", 2)
    assert [int(re.search(r"\?(\d)", line)[1]) for line in lines] == list(range(6))


def test_what_was_recorded_is_written_at_the_end(own_server, tmp_path):
    server = own_server("plain", logging("text", tmp_path / "log"))
    for _ in range(50):
        send(server.address, REQUESTS[0])
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(10) == 0
    assert len((tmp_path / "log").read_text().splitlines()) == 50


def request_as_ann(path: str, password: str) -> bytes:
    sent = base64.b64encode(f"ann:{password}".encode())
    return b"GET %b HTTP/1.1\r\n%bAuthorization: Basic %b\r\n\r\n" % (path.encode(), HOST, sent)


# There is one helper thread, and a wrong password keeps it busy. Somebody else's work waits for it, and he leaves.
@pytest.mark.parametrize("is_known", [True, False], ids=["waits for a file", "waits for a password check"])
def test_the_work_of_a_peer_that_has_left_is_not_done(own_server, tmp_path, is_known):
    folder = tmp_path / "site"
    folder.mkdir()
    for name in ("first.txt", "second.txt"):
        (folder / name).write_text(name)
    log = tmp_path / "log"
    server = own_server(folder, (*logging("json", log), "--auth", f"ann:{servers.hash_of('right')}", "--threads", "1",
                                 "--set", "helpers_max=1"))
    with contextlib.ExitStack() as open_ones:
        busy, impatient, other = (open_ones.enter_context(socket.create_connection(server.address, timeout=8))
                                  for _ in range(3))
        if is_known:
            impatient.sendall(request_as_ann("/first.txt", "right"))
            assert impatient.recv(1000).startswith(b"HTTP/1.1 200 ")
        busy.sendall(request_as_ann("/first.txt", "wrong"))
        impatient.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        impatient.sendall(request_as_ann("/second.txt", "right" if is_known else "left"))
        # Once this one has its answer, the server has read the requests before it.
        other.sendall(b"GET /first.txt HTTP/1.1\r\n" + HOST + b"\r\n")
        assert other.recv(1000).startswith(b"HTTP/1.1 401 ")
        impatient.close()
        assert busy.recv(1000).startswith(b"HTTP/1.1 401 ")
    server.process.terminate()
    server.process.wait(20)
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [entry.get("reason") for entry in entries if entry["target"] == "/second.txt"] == [
        "the peer left before it was answered"]

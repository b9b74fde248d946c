"""Real clients, many connections at once, signals, and files that change while they are sent."""

from __future__ import annotations

import http.client
import os
import re
import resource
import select
import shutil
import signal
import socket
import statistics
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

import servers
from conformance.case import get
from conformance.content import BIG, HELLO, PROBE, TEN
from exchange import Conversation, Silent, Wrong, ask

only_portico = pytest.mark.skipif(servers.chosen() != "portico", reason="Portico's own promise")


def needs(*programs: str):
    missing = [program for program in programs if not shutil.which(program)]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {missing}")


def url(server, target: str) -> str:
    host, port = server.address
    return f"http://{host}:{port}{target}"


def run(*command: str, stdin: bytes = b"", timeout: float = 60) -> subprocess.CompletedProcess:
    return subprocess.run(command, input=stdin, capture_output=True, timeout=timeout, check=False)


# --- clients that people use


def test_http_client_uses_a_connection_again(server):
    client = http.client.HTTPConnection(*server().address, timeout=10)
    client.connect()
    first = client.sock
    for target, content in (("/hello.txt", HELLO), ("/missing", None), ("/big.bin", BIG), ("/hello.txt", HELLO)) * 10:
        client.request("GET", target)
        answer = client.getresponse()
        got = answer.read()
        assert answer.status == (200 if content else 404)
        assert content is None or got == content
        assert client.sock is first, "the connection was not kept"
    client.request("HEAD", "/big.bin")
    answer = client.getresponse()
    assert (answer.read(), answer.getheader("Content-Length")) == (b"", str(len(BIG)))
    client.request("GET", "/hello.txt", headers={"Connection": "close"})
    assert client.getresponse().read() == HELLO
    client.close()


@needs("curl")
def test_curl_gets_many_in_parallel(server, tmp_path):
    targets = ["/big.bin", "/hello.txt", "/ten.bin", "/long.txt"] * 10
    command = ["curl", "-sS", "--fail", "-Z", "--parallel-max", "20"]
    for number, target in enumerate(targets):
        command += ["-o", str(tmp_path / str(number)), url(server(), target)]
    done = run(*command)
    assert done.returncode == 0, done.stderr
    for number, target in enumerate(targets):
        if target in ("/big.bin", "/hello.txt"):
            assert (tmp_path / str(number)).read_bytes() == (BIG if target == "/big.bin" else HELLO)


@needs("curl")
def test_curl_continues_a_transfer(server, tmp_path):
    (tmp_path / "part").write_bytes(BIG[:1_000_000])
    done = run("curl", "-sS", "--fail", "--continue-at", "-", "-o", str(tmp_path / "part"), url(server(), "/big.bin"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "part").read_bytes() == BIG


@needs("curl")
def test_curl_with_http_1_0(server):
    done = run("curl", "-sS", "--http1.0", "-i", url(server(), "/hello.txt"))
    assert done.returncode == 0 and done.stdout.endswith(HELLO), (done.stdout, done.stderr)


@needs("curl")
def test_curl_upload_is_refused_before_it_is_sent(server, tmp_path):
    (tmp_path / "upload").write_bytes(b"u" * 20_000_000)
    done = run("curl", "-sS", "-H", "Expect: 100-continue", "--expect100-timeout", "30", "-T", str(tmp_path / "upload"),
               "-o", os.devnull,
               "-w", "%{http_code} %{size_upload}", url(server(), "/upload"))
    code, sent = done.stdout.split()
    assert code in (b"404", b"405", b"413", b"417"), (done.stdout, done.stderr)
    assert int(sent) == 0, "the server asked for the content (100), but then refused it"


@needs("curl")
def test_curl_upload_without_expect_reads_the_answer(server, tmp_path):
    (tmp_path / "upload").write_bytes(b"u" * 1_000_000)
    for _ in range(10):
        done = run("curl", "-sS", "-H", "Expect:", "-T", str(tmp_path / "upload"), "-o", os.devnull, "-w",
                   "%{http_code}", url(server(), "/upload"))
        assert done.stdout in (b"404", b"405", b"413"), (done.stdout, done.stderr)


@needs("curl")
def test_curl_compressed_is_the_same_content(server):
    plain, coded = (run("curl", "-sS", *options, url(server(), "/long.txt")).stdout
                    for options in ([], ["--compressed"]))
    assert plain == coded and plain


@needs("nc")
@pytest.mark.parametrize("target, content", [("/hello.txt", HELLO), ("/big.bin", BIG)], ids=["small", "big"])
def test_nc_that_half_closes_gets_its_answer(server, target, content):
    host, port = server().address
    done = run("nc", "-N", "-w", "20", host, str(port), stdin=get(target))
    assert done.stdout.endswith(content), (len(done.stdout), done.stdout[-200:])


@needs("wrk")
def test_wrk_for_a_second_meets_no_error(server):
    done = run("wrk", "-t1", "-c50", "-d1s", url(server(), "/hello.txt"))
    text = done.stdout.decode()
    assert done.returncode == 0 and int(re.search(r"(\d+) requests in", text)[1]) > 100, text
    assert "Socket errors" not in text and "Non-2xx" not in text, text


def test_many_connections_one_after_another(server):
    for _ in range(2000):
        assert ask(server().address, get("/hello.txt", "Connection: close")).content == HELLO


def test_clients_that_leave_early_harm_nobody(server):
    address = server().address
    for number in range(300):
        with Conversation(address) as talk:
            talk.send(get("/big.bin") * (number % 3 + 1))
            talk.flush_unread()
            if number % 2:  # a reset instead of a FIN
                talk.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert ask(address, get("/big.bin")).content == BIG


def test_a_slow_reader_gets_the_whole_content(server):
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(20)
        slow.connect(server().address)
        slow.sendall(get("/big.bin", "Connection: close"))
        received = bytearray()
        while piece := slow.recv(3000):
            received += piece
    assert received.endswith(BIG)


# --- many connections at once


def open_many(address, count: int, octets: bytes) -> list[socket.socket]:
    opened = []
    for _ in range(count):
        connection = socket.socket()
        connection.settimeout(20)
        connection.connect(address)
        connection.sendall(octets)
        opened.append(connection)
    return opened


def close_all(connections: list[socket.socket]) -> None:
    for connection in connections:
        connection.close()


@only_portico
def test_ten_thousand_idle_connections_while_others_are_served(own_server):
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(10_000, soft - 500)
    # All connections come from one address here, which the default limits would refuse.
    one = own_server(options=("--set", "connections_max=15000", "--set", "connections_per_address_max=15000"))
    before = one.resident_kib()
    idle = []
    try:
        for _ in range(count // 500):
            batch = open_many(one.address, 500, get("/hello.txt"))
            for connection in batch:
                read_one_answer(connection, HELLO)
            idle += batch
        took = [timed_ask(one.address) for _ in range(100)]
        assert statistics.median(took) < 1, f"median {statistics.median(took):.3f} s with {count} idle connections"
        # Portico promises at most one KiB each; this also allows for the allocator's slack.
        grown = one.resident_kib() - before
        assert grown < 4 * count or servers.is_sanitized(), f"{grown} KiB for {count} idle connections"
        for connection in idle[:: max(1, count // 500)]:
            connection.sendall(get("/hello.txt"))
            read_one_answer(connection, HELLO)
    finally:
        close_all(idle)
    assert timed_ask(one.address) < 5


def read_one_answer(connection: socket.socket, content: bytes) -> None:
    received = bytearray()
    while not received.endswith(b"\r\n\r\n" + content):
        piece = connection.recv(65536)
        assert piece, f"closed after {bytes(received)!r}"
        received += piece


def timed_ask(address) -> float:
    begun = time.monotonic()
    assert ask(address, get("/hello.txt", "Connection: close")).content == HELLO
    return time.monotonic() - begun


@contextmanager
def trickling(address, count: int, octets: bytes):
    """Opens `count` connections that each send the next octet of `octets` in turn while the block runs."""
    slow = open_many(address, count, octets[:1])
    ended = threading.Event()

    def trickle() -> None:
        position = 1
        while not ended.is_set() and position < len(octets):
            for connection in slow:
                try:
                    connection.send(octets[position:position + 1])
                except OSError:
                    pass
                if ended.is_set():
                    return
            position += 1
            ended.wait(0.2)  # this is only the pace of the trickle

    thread = threading.Thread(target=trickle, daemon=True)
    thread.start()
    try:
        yield slow
    finally:
        ended.set()
        thread.join()
        close_all(slow)


@only_portico
@pytest.mark.parametrize("octets", [b"GET /" + b"a" * 2000, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 2000,
                                    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n" + b"z" * 2000],
                         ids=["line", "field", "content"])
def test_slowloris_of_two_thousand_does_not_delay_a_new_client(own_server, octets):
    one = own_server(options=("--set", "connections_per_address_max=15000"))
    with trickling(one.address, 2000, octets):
        took = [timed_ask(one.address) for _ in range(41)]
    assert statistics.median(took) < 1, f"median {statistics.median(took):.3f} s, worst {max(took):.3f} s"


@only_portico
def test_trickling_heads_are_ended(own_server):
    one = own_server(options=("--set", "head_time_max=1s", "--set", "connections_per_address_max=15000"))
    with trickling(one.address, 200, b"GET /" + b"a" * 5000) as slow:
        deadline = time.monotonic() + 15
        for connection in slow:
            connection.settimeout(max(0.1, deadline - time.monotonic()))
            received = b""
            try:
                while piece := connection.recv(4096):
                    received += piece
            except ConnectionError:
                pass
            assert received == b"" or received.startswith(b"HTTP/1.1 408 "), received


# --- signals


def ask_until_refused(address, results: list, stop: threading.Event, close_each: bool) -> None:
    """Sends requests repeatedly. Notes for each whether the answer arrived whole, in part, or not at all."""
    talk = None
    while not stop.is_set():
        try:
            talk = talk or Conversation(address)
        except OSError:
            results.append("refused")
            return
        try:
            talk.send(get("/hello.txt", *(["Connection: close"] if close_each else [])))
            answer = talk.read_answer()
        except Silent:
            results.append("silent")
        except Wrong as wrong:
            results.append(f"wrong: {wrong}")
        else:
            whole = answer.status == 200 and answer.content == HELLO
            results.append("whole" if whole else f"wrong: {answer.status}")
            if whole and "close" not in answer.members("Connection"):
                continue
        talk.socket.close()
        talk = None
    if talk:
        talk.socket.close()


@only_portico
@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("close_each", [False, True], ids=["kept", "closed"])
def test_signal_under_load_loses_no_answer(own_server, kind, close_each):
    one = own_server()
    results: list[str] = []
    stop = threading.Event()
    threads = [threading.Thread(target=ask_until_refused, args=(one.address, results, stop, close_each))
               for _ in range(16)]
    for thread in threads:
        thread.start()
    while results.count("whole") < 500:  # until requests are in flight; each round takes as long as a request
        select.select([], [], [], 0.001)
        assert one.process.poll() is None
    one.process.send_signal(kind)
    assert one.process.wait(20) == 0, "exit status"
    stop.set()
    for thread in threads:
        thread.join(20)
    assert not [result for result in results if result.startswith("wrong")], results[-20:]


@only_portico
def test_sigterm_finishes_what_is_in_flight(own_server, tmp_path):
    content = version(b"a", 4 * SIZE)
    for name, octets in (("file.bin", content), ("hello.txt", HELLO)):
        (tmp_path / name).write_bytes(octets)
    one = own_server(tmp_path)
    with Conversation(one.address) as idle, begin_reading(one.address) as talk:
        idle.send(get("/hello.txt"))
        assert idle.read_answer().content == HELLO
        one.process.send_signal(signal.SIGTERM)
        idle.read_to_end()  # draining has begun: idle connections are closed
        assert not idle.received
        with pytest.raises(OSError):
            socket.create_connection(one.address, timeout=5).recv(1)
            raise OSError("accepted, and ended at once")
        assert one.process.poll() is None, "the server ended while an answer was in flight"
        assert talk.read_answer().content == content
        talk.read_to_end()
    assert one.process.wait(10) == 0


@only_portico
def test_sigterm_answers_what_was_pipelined(own_server):
    """Requests that the server has read are answered completely or not at all, never in part."""
    one = own_server()
    with Conversation(one.address) as talk:
        talk.send(get("/big.bin") + get("/hello.txt") * 50)
        talk.flush_unread()
        talk.read_until(lambda received: True if received else None)
        one.process.send_signal(signal.SIGTERM)
        assert talk.read_answer().content == BIG
        last = None
        for _ in range(50):
            try:
                last = talk.read_answer()
            except Silent:
                break
            assert last.content == HELLO
    assert one.process.wait(10) == 0


@only_portico
@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_second_signal_ends_at_once(own_server, kind):
    one = own_server()
    with Conversation(one.address, receive_buffer=65_536) as stuck, Conversation(one.address) as idle:
        idle.send(get("/hello.txt"))
        idle.read_answer()
        stuck.send(get("/big.bin") * 5)
        stuck.flush_unread()
        stuck.read_until(lambda received: True if received else None)
        one.process.send_signal(kind)
        idle.read_to_end()  # the first signal has been handled
        begun = time.monotonic()
        one.process.send_signal(kind)
        one.process.wait(5)
        assert time.monotonic() - begun < 2


@only_portico
@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_signal_without_connections_ends_at_once(own_server, kind):
    one = own_server()
    begun = time.monotonic()
    one.process.send_signal(kind)
    assert one.process.wait(5) == 0
    assert time.monotonic() - begun < 2


@only_portico
def test_signals_that_mean_nothing_are_survived(own_server):
    one = own_server()
    for kind in (signal.SIGPIPE, signal.SIGUSR1):
        one.process.send_signal(kind)
        assert ask(one.address, get("/hello.txt")).content == HELLO


# --- files that change


SIZE = 8 << 20  # much more than the kernel buffers


@pytest.fixture
def changing(own_server, scratch):
    """A server that checks cached files on every request, on a folder that this test may change."""
    folder = Path(scratch) / f"changing-{time.monotonic_ns()}"
    folder.mkdir()
    (folder / "probe.txt").write_bytes(PROBE)
    return own_server(folder, ("--revalidate", "0s") if servers.chosen() == "portico" else ()), folder


def version(letter: bytes, size: int = SIZE) -> bytes:
    return letter * size


def begin_reading(address) -> Conversation:
    """A request whose answer has begun but cannot end, because the reader's window is small."""
    talk = Conversation(address, receive_buffer=65_536)
    talk.send(get("/file.bin", "Connection: close"))
    talk.flush_unread()
    talk.read_until(lambda received: True if received else None)
    return talk


def finish_reading(talk: Conversation) -> bytes | None:
    """Returns the whole content, or None if the connection broke before its end."""
    with talk:
        try:
            answer = talk.read_answer()
        except Wrong:
            assert talk.ended, "the server stopped sending, but did not end the connection"
            return None
        assert answer.status == 200
        return answer.content


@pytest.mark.parametrize("round_", range(50))
def test_file_replaced_while_sent(changing_once, round_):
    one, folder = changing_once
    (folder / "new").write_bytes(version(b"a"))
    os.replace(folder / "new", folder / "file.bin")
    talk = begin_reading(one.address)
    (folder / "new").write_bytes(version(b"b", SIZE - (round_ % 3) * 1000))
    os.replace(folder / "new", folder / "file.bin")
    got = finish_reading(talk)
    assert got is None or got == version(b"a"), "neither the complete old content nor a broken connection"


def test_the_kernel_holds_little_for_a_peer_that_does_not_read(own_server, tmp_path):
    (tmp_path / "large.bin").write_bytes(bytes(16 << 20))
    (tmp_path / "small.txt").write_bytes(HELLO)
    tmp_path.chmod(0o755)
    one = own_server(tmp_path, options=("--threads", "1") if servers.chosen() == "portico" else ())
    with socket.socket() as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        silent.connect(one.address)
        silent.sendall(get("/large.bin"))
        assert silent.recv(1, socket.MSG_PEEK)
        for _ in range(5):  # once others are answered, the server has written what it can
            assert ask(one.address, get("/small.txt", "Connection: close")).status == 200
        assert 0 < servers.queued_for(silent) < 400_000  # without the limit, some 2,500,000


@pytest.mark.parametrize("round_", range(50))
@pytest.mark.parametrize("change", ["truncated", "emptied", "grown", "overwritten_shorter"])
def test_file_changed_in_place_while_sent(changing_once, round_, change):
    one, folder = changing_once
    (folder / "new").write_bytes(version(b"a"))
    os.replace(folder / "new", folder / "file.bin")
    talk = begin_reading(one.address)
    with open(folder / "file.bin", "r+b") as file:
        if change == "truncated":
            file.truncate(SIZE - 1 - round_ * 1000)
        elif change == "emptied":
            file.truncate(0)
        elif change == "grown":
            file.seek(0, os.SEEK_END)
            file.write(version(b"b", 10_000))
        else:
            file.truncate(0)
            file.write(version(b"b", SIZE // 2))
    got = finish_reading(talk)
    assert got is None or got == version(b"a"), f"mixed: {len(got)} octets, {got.count(b'b')} of them new"
    # A new request gets the present content.
    wanted = (folder / "file.bin").read_bytes()
    fresh = ask(one.address, get("/file.bin", "Connection: close"))
    assert (fresh.status, len(fresh.content)) == (200, len(wanted)) and fresh.content == wanted


@pytest.fixture(scope="module")
def changing_once(scratch):
    folder = Path(scratch) / "changing"
    folder.mkdir()
    (folder / "probe.txt").write_bytes(PROBE)
    one = servers.start(folder, ("--revalidate", "0s") if servers.chosen() == "portico" else ())
    yield one, folder
    one.stop()


def test_small_file_replaced_again_and_again(changing):
    one, folder = changing
    stop = threading.Event()
    contents = [letter * (100 + 37 * number) for number, letter in enumerate((b"a", b"b", b"c"))]

    def replace() -> None:
        turn = 0
        while not stop.is_set():
            (folder / "new").write_bytes(contents[turn % 3])
            os.replace(folder / "new", folder / "small.txt")
            turn += 1

    (folder / "small.txt").write_bytes(contents[0])
    thread = threading.Thread(target=replace)
    thread.start()
    try:
        with Conversation(one.address) as talk:
            for _ in range(1000):
                talk.send(get("/small.txt"))
                assert talk.read_answer().content in contents
    finally:
        stop.set()
        thread.join()


def test_deleted_file_is_missed(changing):
    one, folder = changing
    (folder / "file.txt").write_bytes(TEN)
    assert ask(one.address, get("/file.txt")).content == TEN
    (folder / "file.txt").unlink()
    assert ask(one.address, get("/file.txt")).status == 404
    (folder / "file.txt").write_bytes(HELLO)
    assert ask(one.address, get("/file.txt")).content == HELLO


def test_etag_changes_with_the_file(changing):
    one, folder = changing
    tags = set()
    for number in range(20):
        (folder / "file.txt").write_bytes(b"x" * (number + 1))
        os.utime(folder / "file.txt", ns=(number * 1_000_000_000, number * 1_000_000_000))
        tags.add(ask(one.address, get("/file.txt")).field("ETag"))
    assert len(tags) == 20 and None not in tags


@only_portico
@pytest.mark.parametrize("octets", [9, 200_000])
def test_etag_tells_contents_of_one_size_and_time_apart(changing, octets):
    one, folder = changing
    tags = set()
    for number in range(5):
        (folder / "file.txt").write_bytes(bytes([97 + number]) * octets)
        os.utime(folder / "file.txt", ns=(10**18, 10**18))
        tags.add(ask(one.address, get("/file.txt")).field("ETag"))
    assert len(tags) == 5


@only_portico
@pytest.mark.parametrize("octets", [9, 200_000])
def test_etag_is_the_same_for_a_copy(changing, octets):
    one, folder = changing
    tags = set()
    for number in range(3):
        (folder / f"{number}.txt").write_bytes(b"x" * octets)
        os.utime(folder / f"{number}.txt", ns=(10**18 + number, 10**18 + number))
        tags.add(ask(one.address, get(f"/{number}.txt")).field("ETag"))
    assert len(tags) == 1


@only_portico
def test_what_the_server_may_not_read_is_forbidden_or_missing(scratch, root):
    """Root can read everything, so the server is started as the user nobody."""
    folder = root("plain")
    who = {} if os.geteuid() else {"user": "nobody", "group": "nogroup", "extra_groups": []}
    try:
        one = servers.start(folder, **who)
    except PermissionError as reason:
        pytest.skip(f"the program cannot be run as nobody: {reason}")
    try:
        for target in ("/special/unreadable.txt", "/special/closed/file.txt", "/special/closed/"):
            answer = ask(one.address, get(target))
            assert answer.status in (403, 404), (target, answer.status)
            assert b"nobody may" not in answer.content
        assert ask(one.address, get("/hello.txt")).content == HELLO
    finally:
        one.stop()

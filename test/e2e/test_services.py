"""hello, echo and their clients, against nc, ncat, socat, telnet and plain sockets."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

import servers

MIB = 1 << 20
PATIENCE = 20.0


def portico() -> str:
    program = servers.portico_program()
    if not os.access(program, os.X_OK):
        pytest.skip(f"no program {program}: build it, or set PORTICO")
    return str(program)


PATTERN = bytes(i * 2654435761 >> 13 & 0xff for i in range(65_521))  # a prime, so not a multiple of any buffer's size


def much(count: int) -> bytes:
    return (PATTERN * (count // len(PATTERN) + 1))[:count]


class Service:
    """`portico hello` or `portico echo`; its endpoints are read from its output."""

    def __init__(self, *words: str, endpoints: int = 1, **popen):
        popen.setdefault("stdin", subprocess.DEVNULL)
        self.process = subprocess.Popen([portico(), *words], stdout=subprocess.PIPE, text=True, **popen)
        self.endpoints = [self._endpoint() for _ in range(endpoints)]
        self.lines: list[str] = []
        self._reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True)
        self._reader.start()

    def _endpoint(self) -> str:
        line = self.process.stdout.readline()
        found = re.fullmatch(r"Listening on (\S+)\n", line)
        assert found, f"{line!r}, exit status {self.process.poll()}"
        return found[1]

    @property
    def port(self) -> int:
        return int(self.endpoints[0].rsplit(":", 1)[1])

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def resident_kib(self) -> int:
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self._reader.join(PATIENCE)


@pytest.fixture
def service():
    started: list[Service] = []

    def start(*words: str, **options) -> Service:
        started.append(Service(*words, **options))
        return started[-1]
    yield start
    for one in started:
        one.stop()


def run(*words: str, give: bytes = b"", status: int = 0, **options) -> subprocess.CompletedProcess:
    done = subprocess.run([portico(), *words], input=give, capture_output=True, timeout=PATIENCE, **options)
    assert done.returncode == status, (done.returncode, done.stderr)
    return done


def not_sanitized() -> None:
    """Sanitizers retain freed memory, and check memory through a pipe, which needs descriptors."""
    if servers.is_sanitized():
        pytest.skip("the sanitizer's own memory and descriptors would be measured")


def need(program: str) -> str:
    found = shutil.which(program)
    if not found:
        pytest.skip(f"no {program}")
    return found


def read_to_end(peer: socket.socket) -> bytes:
    parts = []
    while part := peer.recv(MIB):
        parts.append(part)
    return b"".join(parts)


class Peer:
    """A server for one connection, which `serve` handles."""

    def __init__(self, serve, family=socket.AF_INET, address=("127.0.0.1", 0)):
        self.listener = socket.socket(family)
        self.listener.bind(address)
        self.listener.listen()
        self.address = self.listener.getsockname()
        self.result = None
        self._thread = threading.Thread(target=self._run, args=(serve,), daemon=True)
        self._thread.start()

    def _run(self, serve):
        peer, _ = self.listener.accept()
        peer.settimeout(PATIENCE)
        with peer:
            self.result = serve(peer)

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.address[1]}"

    def end(self):
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        self.listener.close()
        return self.result


# --- hello

def test_hello_says_its_line_and_ends(service):
    hello = service("hello", "--listen", "tcp://127.0.0.1:0", "--message", "Guten Tag")
    assert hello.endpoints[0] == f"tcp://127.0.0.1:{hello.port}"
    with hello.connect() as peer:
        address = peer.getsockname()
        assert read_to_end(peer) == b"Guten Tag\n"
    assert hello.stop() == 0
    assert hello.lines == [f"Connection from 127.0.0.1:{address[1]}\n"]


def test_hello_loses_nothing_to_a_client_that_sends_first(service):
    """If octets were unread at close, the kernel would reset the connection, and the line might be lost."""
    hello = service("hello", "-l", "127.0.0.1:0", "-m", "x" * 5000)
    for _ in range(50):
        with hello.connect() as peer:
            peer.sendall(b"y" * 100_000)
            assert read_to_end(peer) == b"x" * 5000 + b"\n"


@pytest.mark.parametrize("program,words", [("nc", ["-N"]), ("ncat", []), ("telnet", []), ("socat", None)])
def test_hello_to_other_clients(service, program, words):
    need(program)
    hello = service("hello", "-l", "127.0.0.1:0")
    command = ([program, *words, "127.0.0.1", str(hello.port)] if words is not None
               else [program, "-", f"TCP:127.0.0.1:{hello.port}"])
    # telnet leaves at the end of its input, before it has read anything, so its input does not end here.
    end, keep_open = os.pipe()
    with os.fdopen(end), os.fdopen(keep_open, "w"):
        stdin = end if program == "telnet" else subprocess.DEVNULL
        done = subprocess.run(command, stdin=stdin, capture_output=True, timeout=PATIENCE)
    assert b"Hello from Portico\n" in done.stdout.replace(b"\r", b"")


def test_hello_over_udp(service):
    hello = service("hello", "-l", "udp://127.0.0.1:0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE)
        client.sendto(b"", ("127.0.0.1", hello.port))
        assert client.recv(1000) == b"Hello from Portico\n"


def test_hello_on_standard_output():
    assert run("hello", "-l", "stdio", "-m", "hi").stdout == b"hi\n"


def test_hello_refuses_what_no_datagram_holds():
    run("hello", "-l", "udp://127.0.0.1:0", "-m", "x" * 65_507, status=2)


# --- echo

def test_echo_of_a_mebibyte_with_half_close(service):
    echo = service("echo", "-l", "127.0.0.1:0")
    sent = much(MIB)
    with echo.connect() as peer:
        sender = threading.Thread(target=lambda: (peer.sendall(sent), peer.shutdown(socket.SHUT_WR)))
        sender.start()
        assert read_to_end(peer) == sent
        sender.join()


def test_echo_is_of_octets_not_of_lines(service):
    echo = service("echo", "-l", "127.0.0.1:0")
    with echo.connect() as peer:
        for octet in (b"a", b"\0", b"\n", b"\xff"):
            peer.sendall(octet)
            assert peer.recv(10) == octet


@pytest.mark.parametrize("program", ["nc", "ncat", "socat"])
def test_echo_to_other_clients(service, program):
    need(program)
    echo = service("echo", "-l", "127.0.0.1:0")
    command = {"nc": ["nc", "-N", "127.0.0.1", str(echo.port)],
               "ncat": ["ncat", "127.0.0.1", str(echo.port)],
               "socat": ["socat", "-t", "10", "-", f"TCP:127.0.0.1:{echo.port}"]}[program]
    sent = much(50_000)
    done = subprocess.run(command, input=sent, capture_output=True, timeout=PATIENCE)
    assert done.stdout == sent


def test_a_client_that_never_reads_is_not_read_from(service):
    not_sanitized()
    echo = service("echo", "-l", "127.0.0.1:0")
    with echo.connect() as warm:
        warm.sendall(b"x")
        assert warm.recv(1) == b"x"
    before = echo.resident_kib()
    clients = [echo.connect() for _ in range(50)]
    taken = 0
    for client in clients:
        client.setblocking(False)
    blocked = set()
    while len(blocked) < len(clients):
        _, writable, _ = select.select([], [c for c in clients if c not in blocked], [], 1.0)
        if not writable:
            break
        for client in writable:
            try:
                taken += client.send(b"z" * 65536)
            except BlockingIOError:
                pass
    assert taken > 0
    # 50 clients with at most 64 KiB each, plus what the allocator retains.
    assert echo.resident_kib() - before < 50 * 64 + 1024
    with echo.connect() as other:
        other.sendall(b"still there")
        assert other.recv(100) == b"still there"
    for client in clients:
        client.close()


@pytest.mark.parametrize("size", [0, 1, 1472, 1473, 65_507])
def test_echo_of_a_datagram(service, size):
    echo = service("echo", "-l", "udp://127.0.0.1:0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE)
        client.connect(("127.0.0.1", echo.port))
        sent = much(size)
        client.send(sent)
        assert client.recv(70_000) == sent
        client.send(b"next")
        assert client.recv(70_000) == b"next"


@pytest.mark.parametrize("command", ["echo", "hello"])
def test_datagrams_from_ports_of_services_are_not_answered(service, command):
    server = service(command, "-l", "udp://127.0.0.1:0")
    with (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forged, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own,
          socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client):
        try:
            forged.bind(("127.0.0.1", 1023))
        except OSError:
            pytest.skip("only root may bind a port below 1024")
        own.bind(("127.0.0.2", server.port))
        for socket_of_a_service in (forged, own):
            socket_of_a_service.sendto(b"x", ("127.0.0.1", server.port))
        client.settimeout(PATIENCE)
        client.sendto(b"x", ("127.0.0.1", server.port))
        assert client.recv(1000)
        for socket_of_a_service in (forged, own):  # their datagrams arrived first
            with pytest.raises(BlockingIOError):
                socket_of_a_service.recv(1000, socket.MSG_DONTWAIT)


def test_echo_of_many_datagrams_at_once(service):
    echo = service("echo", "-l", "udp://[::1]:0")
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE)
        client.connect(("::1", echo.port))
        sent = {struct.pack("!I", i) for i in range(64)}
        for each in sent:
            client.send(each)
        assert {client.recv(100) for _ in sent} == sent


def test_echo_on_several_endpoints_at_once(service, tmp_path):
    path = tmp_path / "echo.sock"
    name = f"portico-{os.getpid()}"
    echo = service("echo", "-l", "tcp://127.0.0.1:0", "-l", f"unix:{path}", "-l", f"unix:@{name}",
                   "-l", "udp://127.0.0.1:0", endpoints=4)
    assert echo.endpoints[1] == f"unix:{path}"
    assert echo.endpoints[2] == f"unix:@{name}"
    for address in (str(path), "\0" + name):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(PATIENCE)
            peer.connect(address)
            peer.sendall(b"unix")
            peer.shutdown(socket.SHUT_WR)
            assert read_to_end(peer) == b"unix"
    with echo.connect() as peer:
        peer.sendall(b"tcp")
        assert peer.recv(10) == b"tcp"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE)
        client.sendto(b"udp", ("127.0.0.1", int(echo.endpoints[3].rsplit(":", 1)[1])))
        assert client.recv(10) == b"udp"
    assert echo.stop() == 0
    assert not path.exists(), "a socket file that nobody listens on is left behind"


def test_a_stale_socket_file_is_replaced_and_a_live_one_is_not(service, tmp_path):
    path = tmp_path / "echo.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    service("echo", "-l", f"unix:{path}")
    refused = run("echo", "-l", f"unix:{path}", status=1)
    assert b"another process listens there" in refused.stderr


def test_echo_on_standard_input_and_output():
    sent = much(MIB)
    assert run("echo", "--listen", "stdio", give=sent).stdout == sent


def test_echo_as_inetd_would_start_it():
    """Standard input and output are the two directions of one socket."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            echo = subprocess.Popen([portico(), "echo", "-l", "stdio"], stdin=theirs, stdout=theirs)
        ours.settimeout(PATIENCE)
        ours.sendall(b"through inetd")
        ours.shutdown(socket.SHUT_WR)
        assert read_to_end(ours) == b"through inetd"
        assert echo.wait(PATIENCE) == 0


def test_echo_leaves_little_to_the_kernel_for_a_peer_that_does_not_read(service):
    echo = service("echo", "--listen", "127.0.0.1:0")
    with socket.socket() as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        silent.connect(("127.0.0.1", echo.port))
        silent.setblocking(False)
        while select.select([], [silent], [], 0.5)[1]:  # until the service takes no more
            silent.send(much(MIB))
        assert 0 < servers.queued_for(silent) < 400_000  # without the limit, some 2,500,000


def test_echo_survives_the_want_of_descriptors(service):
    not_sanitized()
    def few_descriptors():
        resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
    echo = service("echo", "-l", "127.0.0.1:0", preexec_fn=few_descriptors, stderr=subprocess.PIPE)
    clients = [echo.connect() for _ in range(60)]
    for client in clients[:5]:
        client.sendall(b"x")
        assert client.recv(1) == b"x"
    ticks = cpu_ticks(echo.process.pid)
    time.sleep(0.5)  # measures the CPU time while no connection can be accepted
    assert cpu_ticks(echo.process.pid) - ticks < 10, "it uses CPU time while it waits"
    for client in clients[:50]:
        client.close()
    for client in clients[50:]:
        client.sendall(b"late")
        assert client.recv(10) == b"late"
        client.close()
    assert echo.stop() == 0
    assert "new clients must wait: accept: Too many open files" in echo.process.stderr.read()


def cpu_ticks(pid: int) -> int:
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def test_a_limit_of_connections_makes_the_next_wait(service):
    echo = service("echo", "-l", "127.0.0.1:0", "--connections", "1")
    with echo.connect() as first, echo.connect() as second:
        second.sendall(b"second")
        first.sendall(b"first")
        assert first.recv(10) == b"first"
        assert not select.select([second], [], [], 0.2)[0]
        first.close()
        assert second.recv(10) == b"second"


def test_output_that_nobody_reads_does_not_stop_the_service():
    hello = subprocess.Popen([portico(), "hello", "-l", "127.0.0.1:0"], stdout=subprocess.PIPE)
    try:
        port = int(hello.stdout.readline().rsplit(b":", 1)[1])
        for _ in range(6000):
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as peer:
                assert peer.recv(100) == b"Hello from Portico\n"
    finally:
        hello.terminate()
        assert hello.wait(PATIENCE) == 0
        hello.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("which", ["hello", "echo"])
def test_signals_end_a_service_in_order(service, which, number):
    one = service(which, "-l", "127.0.0.1:0")
    with one.connect():
        assert one.stop(number) == 0


def test_a_port_in_use_is_named_with_its_holder(service):
    echo = service("echo", "-l", "127.0.0.1:0")
    refused = run("hello", "-l", echo.endpoints[0], status=1)
    assert f"portico (pid {echo.process.pid})".encode() in refused.stderr
    udp = service("echo", "-l", "udp://127.0.0.1:0")
    refused = run("hello", "-l", udp.endpoints[0], status=1)
    assert f"portico (pid {udp.process.pid})".encode() in refused.stderr


# --- connect

def test_connect_says_what_it_does(service):
    echo = service("echo", "-l", "127.0.0.1:0")
    done = run("connect", echo.endpoints[0], give=b"hello\n")
    assert done.stdout == b"hello\n"
    address = f"127.0.0.1:{echo.port}"
    assert done.stderr.decode().splitlines() == [f"Trying {address} …", f"Connected to {address}"]
    assert run("connect", "-q", echo.endpoints[0], give=b"hello\n").stderr == b""


def test_connect_moves_a_mebibyte_through_echo(service):
    echo = service("echo", "-l", "127.0.0.1:0")
    sent = much(MIB)
    assert run("connect", f"127.0.0.1:{echo.port}", give=sent).stdout == sent


def test_connect_reads_on_after_our_half_close():
    """The peer answers only after our end of stream, and its answer is larger than the buffers."""
    answer = much(3 * MIB)

    def serve(peer):
        asked = read_to_end(peer)
        for start in range(0, len(answer), 300_000):
            peer.sendall(answer[start:start + 300_000])
        return asked
    server = Peer(serve)
    assert run("connect", server.endpoint, give=b"question").stdout == answer
    assert server.end() == b"question"


def test_connect_sends_on_after_the_peers_half_close():
    sent = much(2 * MIB)

    def serve(peer):
        peer.sendall(b"that is all")
        peer.shutdown(socket.SHUT_WR)
        return read_to_end(peer)
    server = Peer(serve)
    assert run("connect", server.endpoint, give=sent).stdout == b"that is all"
    assert server.end() == sent


def test_connect_ends_after_the_peer_though_input_does_not(service):
    hello = service("hello", "-l", "127.0.0.1:0")
    client = subprocess.Popen([portico(), "connect", f"127.0.0.1:{hello.port}"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert client.stdout.read() == b"Hello from Portico\n"
    assert client.wait(PATIENCE) == 0
    client.stdin.close()
    client.stdout.close()


@pytest.mark.parametrize("words", [("127.0.0.1", "{port}"), ("localhost", "{port}"), ("localhost:{port}",),
                                   ("tcp://127.0.0.1:{port}",), (":{port}",), ("{port}",)])
def test_connect_takes_an_endpoint_or_host_and_port(service, words):
    echo = service("echo", "-l", "127.0.0.1:0")
    filled = [word.format(port=echo.port) for word in words]
    assert run("connect", *filled, give=b"x").stdout == b"x"


@pytest.mark.parametrize("words", [("::1", "{port}"), ("[::1]:{port}",), ("localhost", "{port}"),
                                   ("::1%lo", "{port}")])
def test_connect_over_ipv6(service, words):
    echo = service("echo", "-l", "tcp://[::1]:0")
    filled = [word.format(port=echo.port) for word in words]
    assert run("connect", *filled, give=b"x").stdout == b"x"


def test_connect_to_unix_sockets(service, tmp_path):
    path, name = tmp_path / "echo.sock", f"portico-connect-{os.getpid()}"
    service("echo", "-l", f"unix:{path}", "-l", f"unix:@{name}", endpoints=2)
    assert run("connect", f"unix:{path}", give=b"path").stdout == b"path"
    assert run("connect", f"unix:@{name}", give=b"name").stdout == b"name"


def test_connect_sends_crlf():
    server = Peer(read_to_end)
    run("connect", "--crlf", server.endpoint, give=b"a\nb\r\n\nc")
    assert server.end() == b"a\r\nb\r\n\r\nc"


def test_connect_exit_codes(tmp_path):
    assert b"host.invalid: no such host" in run("connect", "host.invalid:80", status=6).stderr
    with socket.socket() as bound:  # bound but not listening: refuses connections
        bound.bind(("127.0.0.1", 0))
        refused = run("connect", f"127.0.0.1:{bound.getsockname()[1]}", status=7)
        assert b"Connection refused" in refused.stderr
    run("connect", f"unix:{tmp_path}/nobody", status=7)
    run("connect", "localhost", status=2)
    run("connect", "localhost:70000", status=2)
    run("connect", "stdio", status=2)
    run("connect", "--udp", "tcp://localhost:80", status=2)
    run("connect", status=2)


def test_connect_times_out_while_connecting():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        port = silent.getsockname()[1]
        fillers = []
        for _ in range(4):  # until the queue is full and drops new connections
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        started = time.monotonic()
        run("connect", "-w", "1", f"127.0.0.1:{port}", status=28)
        assert time.monotonic() - started < 5
        for filler in fillers:
            filler.close()


def test_connect_times_out_when_nothing_happens():
    server = Peer(lambda peer: peer.recv(1))
    client = subprocess.Popen([portico(), "connect", "-w", "500ms", server.endpoint], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert client.wait(PATIENCE) == 28
    assert b"no data from" in client.stderr.read()
    client.stdin.close()
    client.stderr.close()
    server.end()


def test_connect_tells_of_a_reset():
    def serve(peer):
        peer.recv(1)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server = Peer(serve)
    client = subprocess.Popen([portico(), "connect", server.endpoint], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    client.stdin.write(b"x")
    client.stdin.flush()
    assert client.wait(PATIENCE) == 56
    assert b"Connection reset by peer" in client.stderr.read()
    client.stdin.close()
    client.stderr.close()


def test_connect_whose_output_is_closed():
    def serve(peer):
        with contextlib.suppress(OSError):
            peer.sendall(b"x" * 10_000_000)
    server = Peer(serve)
    client = subprocess.Popen([portico(), "connect", server.endpoint], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    client.stdout.read(10)
    client.stdout.close()
    assert client.wait(PATIENCE) == 23
    client.stdin.close()


@pytest.mark.parametrize("give", [b"", b"one datagram", much(60_000)], ids=["empty", "small", "large"])
def test_connect_over_udp(service, give):
    echo = service("echo", "-l", "udp://127.0.0.1:0")
    assert run("connect", "--udp", f"127.0.0.1:{echo.port}", give=give).stdout == give
    assert run("connect", "-w", "1", f"udp://127.0.0.1:{echo.port}", give=give).stdout == give


def test_connect_over_udp_to_nobody():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        run("connect", "--udp", f"127.0.0.1:{port}", give=b"x")
        run("connect", "--udp", "-w", "500ms", f"127.0.0.1:{port}", give=b"x", status=28)
    assert b"nothing listens on" in run("connect", "--udp", f"127.0.0.1:{port}", give=b"x", status=7).stderr


class Terminal:
    """`portico connect` with a terminal as its standard input and output."""

    def __init__(self, *words: str):
        self.fd, theirs = pty.openpty()
        self.process = subprocess.Popen([portico(), "connect", *words], stdin=theirs, stdout=theirs, stderr=theirs,
                                        start_new_session=True)
        os.close(theirs)
        self.shown = b""

    def wait_for(self, text: bytes) -> None:
        deadline = time.monotonic() + PATIENCE
        while text not in self.shown:
            assert select.select([self.fd], [], [], deadline - time.monotonic())[0], self.shown
            self.shown += os.read(self.fd, 1000)

    def end(self) -> int:
        try:
            return self.process.wait(PATIENCE)
        finally:
            os.close(self.fd)


def test_connect_at_a_terminal_edits_lines_and_escapes():
    server = Peer(read_to_end)
    terminal = Terminal(server.endpoint)
    terminal.wait_for(b"Escape character is '^]'")
    os.write(terminal.fd, b"helpo\x7f\x7flo\n")  # typed, erased and corrected before it is sent
    terminal.wait_for(b"lo\r\n")
    os.write(terminal.fd, b"\x1d")
    terminal.wait_for(b"Connection closed")
    assert terminal.end() == 0
    assert server.end() == b"hello\n"


def test_connect_at_a_terminal_ends_with_the_peer():
    server = Peer(lambda peer: peer.sendall(b"bye\n"))
    terminal = Terminal(server.endpoint)
    terminal.wait_for(b"bye")
    terminal.wait_for(b"Connection closed")
    assert terminal.end() == 0


HOSTILE = b"gr\xc3\xbcn \xe6\xbc\xa2\x1b[2J\x9b2J\xc2\x9b2J\x1b]0;title\x07 safe\revil\n"


def test_connect_shows_escape_sequences_at_a_terminal():
    server = Peer(lambda peer: [peer.sendall(HOSTILE[i:i + 1]) for i in range(len(HOSTILE))])
    terminal = Terminal(server.endpoint)
    terminal.wait_for(b"Connection closed")
    assert terminal.end() == 0
    assert b"gr\xc3\xbcn \xe6\xbc\xa2\\x1b[2J\\x9b2J\\xc2\\x9b2J\\x1b]0;title\\x07 safe\\revil\r\n" in terminal.shown


def test_connect_shows_what_is_left_of_a_character_at_the_end():
    server = Peer(lambda peer: peer.sendall(b"cut \xe6\xbc"))
    terminal = Terminal("--quiet", server.endpoint)
    terminal.wait_for(b"cut \\xe6\\xbc")
    assert terminal.end() == 0


def test_connect_shows_datagrams_at_a_terminal():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(PATIENCE)
        terminal = Terminal(f"udp://127.0.0.1:{peer.getsockname()[1]}")
        terminal.wait_for(b"Escape character")
        os.write(terminal.fd, b"hello\n")
        peer.sendto(b"\x1b[2J", peer.recvfrom(100)[1])
        terminal.wait_for(b"\\x1b[2J")
        os.write(terminal.fd, b"\x1d")
        assert terminal.end() == 0


def test_connect_lets_escape_sequences_through_with_raw():
    server = Peer(lambda peer: peer.sendall(HOSTILE))
    terminal = Terminal("--raw", server.endpoint)
    terminal.wait_for(b"Connection closed")
    assert terminal.end() == 0
    assert HOSTILE.rstrip(b"\n") in terminal.shown


def test_connect_changes_nothing_where_its_output_is_not_a_terminal():
    server = Peer(lambda peer: peer.sendall(HOSTILE))
    assert run("connect", server.endpoint).stdout == HOSTILE


def test_connect_at_a_terminal_half_closes_at_control_d():
    server = Peer(lambda peer: peer.sendall(b"read: " + read_to_end(peer)))
    terminal = Terminal(server.endpoint)
    terminal.wait_for(b"Escape character")
    os.write(terminal.fd, b"abc\n\x04")
    terminal.wait_for(b"read: abc")
    assert terminal.end() == 0


# --- resolve, interfaces, ports

def test_resolve():
    assert [line.split()[0] for line in run("resolve", "localhost").stdout.decode().splitlines()] == \
        ["::1", "127.0.0.1"]
    assert run("resolve", "-4", "localhost").stdout.split() == [b"127.0.0.1", b"loopback"]
    found = json.loads(run("resolve", "--json", "localhost").stdout)
    assert found == {"name": "localhost", "addresses": [
        {"address": "::1", "family": "ipv6", "reach": "loopback"},
        {"address": "127.0.0.1", "family": "ipv4", "reach": "loopback"}]}
    assert run("resolve", "127.0.0.1").stdout == b"localhost\n"
    assert json.loads(run("resolve", "--json", "127.0.0.1").stdout)["name"] == "localhost"
    for typed in ("localhost:80", "http://localhost/", "https://user@localhost:8443/a?b#c", "tcp://127.0.0.1:1",
                  "[127.0.0.1]"):
        assert b"localhost" in run("resolve", typed).stdout or b"127.0.0.1" in run("resolve", typed).stdout, typed
    assert run("resolve", "-4", "http://localhost/").stdout.split() == [b"127.0.0.1", b"loopback"]
    run("resolve", "http://", status=2)
    run("resolve", "", status=2)
    run("resolve", "host.invalid", status=6)
    run("resolve", "127.1", status=6)
    run("resolve", status=2)


def test_interfaces():
    found = {each["name"]: each for each in json.loads(run("interfaces", "--json").stdout)}
    assert set(found) == {name for _, name in socket.if_nameindex()}
    loopback = found["lo"]
    assert loopback["index"] == socket.if_nametoindex("lo")
    assert loopback["loopback"] and loopback["up"] and loopback["mac"] is None
    assert {"address": "127.0.0.1", "prefix": 8, "family": "ipv4", "reach": "loopback"} in loopback["addresses"]
    assert b"127.0.0.1/8" in run("interfaces").stdout


def test_ports_by_name():
    assert run("ports", "http").stdout.split()[:2] == [b"http", b"80/tcp"]
    by_number = json.loads(run("ports", "--json", "53").stdout)
    assert {"name": "domain", "port": 53, "transport": "udp", "aliases": ["dns"]} in by_number
    listed = [line.split()[1] for line in run("ports").stdout.decode().splitlines()]
    assert len(listed) > 100 and listed == sorted(listed, key=lambda port: int(port.split("/")[0]))
    run("ports", "nosuchservice", status=1)
    assert b"did you mean 'postgresql'?" in run("ports", "postgersql", status=1).stderr
    assert b"65535" in run("ports", "70000", status=2).stderr


@pytest.mark.parametrize("wanted, found", [
    ("irc", "194/tcp"), ("194", "194/tcp"), ("DNS", "53/udp"), ("rdp", "3389/tcp"), ("minecraft", "25565/tcp"),
    ("MongoDB", "27017/tcp"), ("redis", "6379/tcp"), ("postgres", "5432/tcp"), ("mqtt", "1883/tcp"), ("53/udp", "53/udp"),
    ("http/tcp", "80/tcp")])
def test_ports_knows_what_people_ask_for(wanted, found):
    assert found in [line.split()[1] for line in run("ports", wanted).stdout.decode().splitlines()]


def test_ports_by_name_and_transport_is_one_port():
    assert len(run("ports", "53/udp").stdout.splitlines()) == 1


def test_ports_tells_who_listens(service, tmp_path):
    path = tmp_path / "echo.sock"
    echo = service("echo", "-l", "127.0.0.1:0", "-l", "udp://127.0.0.1:0", "-l", f"unix:{path}", endpoints=3)
    listed = json.loads(run("ports", "--listening", "--json", "portico").stdout)
    ours = {each["endpoint"]: each for each in listed if each["processes"][0]["pid"] == echo.process.pid}
    assert set(ours) == set(echo.endpoints)
    assert ours[echo.endpoints[0]]["port"] == echo.port
    assert ours[f"unix:{path}"]["port"] is None
    line = run("ports", str(echo.port), "--listening").stdout.decode()
    assert f"portico (pid {echo.process.pid})" in line

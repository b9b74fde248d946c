"""What the checkers of the exercises share: the student's program, clients and servers that behave as a check needs them.

A folder exercises/NN/M has a check.py with one of these:
  check(checker)   checks a program; `checker` is a Checker, and a mistake is reported with its `wrong`
  QUESTIONS        a table of Question by label, for an exercise whose answers are a text file

Beside it are solution.*, which the checker must accept, and wrong.*, typical mistakes that it must explain
(test/lessons/test_exercises.py).

Everything waits for a limited time (PATIENCE), stays on the loopback, uses free ports, and ends with the Checker.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import ipaddress
import json
import os
import random
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import threading
import time
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 5.0            # seconds that a program may take for one answer
START_PATIENCE = 15.0     # seconds until it listens: interpreters start slowly on a busy machine
OUTPUT_MAX = 8 << 20      # octets that it may print
FILE_OCTETS_MAX = 16 << 20
PROCESSOR_SECONDS_MAX = 20
LOOPBACK = "127.0.0.1"
COMPLAINT_LINES_MAX = 12
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class Wrong(Exception):
    """What a student has to be told: what was seen, what was expected, and perhaps why."""

    def __init__(self, seen: str, expected: str, hint: str = ""):
        super().__init__(seen)
        self.seen, self.expected, self.hint = seen, expected, hint


class Unavailable(Exception):
    """Something that a check needs is not on this machine."""


@dataclass
class Question:
    right: tuple[str, ...] | str  # the answers that count, in lower case
    expected: str                 # which kind of answer is wanted; it does not give the answer away
    hint: str

    def accepts(self, answer: str) -> bool:
        rights = (self.right,) if isinstance(self.right, str) else self.right
        given = re.sub(r"\s+", " ", answer.strip().rstrip(".")).lower().removesuffix("()")
        return given in rights or given in NUMBERS and str(NUMBERS.index(given)) in rights


def show(octets: bytes, most: int = 120) -> str:
    """Returns octets as text in quotation marks, not too long."""
    if not octets:
        return "nothing"
    text = json.dumps(octets[:most].decode("utf-8", "backslashreplace"), ensure_ascii=False).replace("\\\\x", "\\x")
    return text if len(octets) <= most else f"{text} and {len(octets) - most} more octets"


def difference(seen: bytes, expected: bytes, most: int = 120) -> str:
    """Returns where two texts differ, if `show` does not print enough of them to see it; otherwise an empty text."""
    same = len(os.path.commonprefix([seen, expected]))
    if same < most:
        return ""
    return (f"; these are {len(seen)} octets, and after {same} of them comes {show(seen[same:same + 20])} "
            f"instead of {show(expected[same:same + 20])}")


LISTENING = ("0A", "07")  # states in /proc/net: TCP_LISTEN; an unconnected UDP socket


@dataclass
class SocketRow:
    """A line of /proc/net/tcp, tcp6, udp or udp6."""

    address: str
    remote_port: int
    state: str
    unread: int

    @property
    def listens(self) -> bool:
        return self.state in LISTENING and self.remote_port == 0


def sockets(protocol: str, port: int) -> list[SocketRow]:
    """Returns the sockets with this local port. The lists may have thousands of lines, so only those are taken apart."""
    rows = []
    for path in (f"/proc/net/{protocol}", f"/proc/net/{protocol}6"):
        with contextlib.suppress(FileNotFoundError):
            for line in re.findall(rf"^.*?: \w+:{port:04X} .*", Path(path).read_text(), re.MULTILINE):
                _, local, remote, state, queues = line.split()[:5]
                address = local.split(":")[0]
                words = [struct.pack("=I", int(address[at:at + 8], 16)) for at in range(0, len(address), 8)]
                rows.append(SocketRow(str(ipaddress.ip_address(b"".join(words))), int(remote.split(":")[1], 16), state,
                                      int(queues.split(":")[1], 16)))
    return rows


def free_port() -> int:
    """Returns a port that nobody uses, below those that the kernel gives to clients."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("", port))
                udp.bind(("", port))
            except OSError:
                continue
            return port


def until(condition, seconds: float) -> bool:
    """Looks again and again whether a condition holds, for a limited time. Looking takes at most half of the time."""
    deadline = time.monotonic() + seconds
    began = time.monotonic()
    while not condition():
        if time.monotonic() > deadline:
            return False
        select.select([], [], [], max(0.003, time.monotonic() - began))
        began = time.monotonic()
    return True


class Process:
    """The student's program, in its own session, which ends with the check."""

    def __init__(self, command: list[str], folder: str, descriptors_max: int | None = None, stdin=subprocess.PIPE):
        pipes = {"stdin": stdin, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "bufsize": 0}
        try:
            self.popen = subprocess.Popen(command, cwd=folder, start_new_session=True, **pipes,
                                          env={**os.environ, "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"})
        except OSError as error:
            raise Wrong(f"your program can't be run: {error.strerror}", "a program; a script begins with #! and its interpreter") from None
        self.pid = self.popen.pid
        self.port = 0
        self.flooded = False
        self._told = {self.popen.stdout: bytearray(), self.popen.stderr: bytearray()}
        self._open = 2
        self._news = threading.Condition()
        self._limit(resource.RLIMIT_CPU, PROCESSOR_SECONDS_MAX)
        self._limit(resource.RLIMIT_FSIZE, FILE_OCTETS_MAX)
        self._limit(resource.RLIMIT_CORE, 0)
        if descriptors_max:
            self._limit(resource.RLIMIT_NOFILE, descriptors_max)
        self._readers = [threading.Thread(target=self._collect, args=(stream,), daemon=True) for stream in self._told]
        for reader in self._readers:
            reader.start()

    def _limit(self, which: int, most: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            # A second later for the processor: at the first limit there is a signal with a name of its own.
            resource.prlimit(self.pid, which, (most, most + 1 if which == resource.RLIMIT_CPU else most))

    def _collect(self, stream) -> None:
        told = self._told[stream]
        while octets := os.read(stream.fileno(), 65536):
            with self._news:
                told += octets[:OUTPUT_MAX + 1 - len(told)]
                self.flooded = self.flooded or len(told) > OUTPUT_MAX
                self._news.notify_all()
            if self.flooded:
                self._kill()
                break
        with self._news:
            self._open -= 1
            self._news.notify_all()

    def status(self) -> int | None:
        """Returns the exit status, negative for a signal, or None while it runs. Keeps the process id reserved."""
        ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is None:
            return None
        return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status

    def how_it_ended(self) -> str:
        until(lambda: self.status() is not None, 0.1)  # its sockets are closed a moment before it has ended
        status = self.status()
        if self.flooded:
            return f"it printed more than {OUTPUT_MAX >> 20} MiB, and was ended"
        if status is None:
            return "it still runs"
        with self._news:  # its last words may still be on their way; a child may keep the pipe open
            self._news.wait_for(lambda: not self._open, 0.5)
        text = f"signal {-status} ({signal.Signals(-status).name}) ended it" if status < 0 else f"it ended with status {status}"
        complaints = self.complaints()
        return text + (f" and said: {complaints[-1][:200]}" if complaints else "")

    def complaints(self) -> list[str]:
        """Returns the lines on standard error."""
        return self.errors.decode(errors="replace").strip().splitlines()

    @property
    def output(self) -> bytes:
        with self._news:
            return bytes(self._told[self.popen.stdout])

    @property
    def errors(self) -> bytes:
        with self._news:
            return bytes(self._told[self.popen.stderr])

    def wait(self, seconds: float | None = None, hint: str = "") -> int:
        """Returns the exit status once the program has ended and everything that it printed was read."""
        seconds = seconds or PATIENCE
        deadline = time.monotonic() + seconds
        descriptor = os.pidfd_open(self.pid)
        try:
            ready = select.select([descriptor], [], [], seconds)[0]
        finally:
            os.close(descriptor)
        if not ready:
            raise Wrong(f"after {seconds:.0f} s your program still runs; it has printed {show(self.output)}", "that it ends", hint)
        with self._news:
            self._news.wait_for(lambda: self._open == 0, max(0.1, deadline - time.monotonic()))
        if self.flooded:
            raise Wrong(self.how_it_ended(), "that it ends by itself")
        return self.status()

    def told(self) -> str:
        """Returns what has become of the program, for a message."""
        return f"your program printed {show(self.output)}; {self.how_it_ended()}"

    def expect_failure(self, why: str = "", hint: str = "") -> None:
        """Waits for the end: nothing on standard output, a message on standard error, and status 1."""
        status = self.wait(START_PATIENCE, hint)
        if status != 1 or self.output or not self.errors:
            raise Wrong(self.told(), "no output, a message on standard error, and exit status 1" + (f": {why}" if why else ""), hint)

    def expect_output(self, expected: bytes, hint: str = "") -> None:
        """Waits until the program has printed this, and nothing else, since it began."""
        with self._news:
            told = self._told[self.popen.stdout]
            self._news.wait_for(lambda: not self._open or len(told) >= len(expected) or not expected.startswith(told), PATIENCE)
        if self.output != expected:
            raise Wrong(self.told() + difference(self.output, expected), show(expected), hint)

    def write(self, octets: bytes) -> None:
        """Writes to the program's standard input."""
        left, pipe = memoryview(octets), self.popen.stdin
        os.set_blocking(pipe.fileno(), False)
        while left and select.select([], [pipe], [], PATIENCE)[1]:
            try:
                left = left[os.write(pipe.fileno(), left):]
            except BrokenPipeError:
                raise Wrong(f"your program does not read its standard input to the end: {self.how_it_ended()}",
                            "that it reads everything") from None
        if left:
            raise Wrong(f"your program left {len(left)} octets of its standard input unread for {PATIENCE:.0f} s",
                        "that it reads everything")

    def write_in_pieces(self, *pieces: bytes) -> None:
        """Writes each piece only after the program has read the one before."""
        unread = bytearray(4)

        def is_read() -> bool:
            fcntl.ioctl(self.popen.stdin, termios.FIONREAD, unread)
            return int.from_bytes(unread, "little") == 0 or self.status() is not None
        for piece in pieces:
            self.write(piece)
            if not until(is_read, PATIENCE):
                raise Wrong(f"your program did not read {show(piece)} from its standard input within {PATIENCE:.0f} s",
                            "that it reads what is there")

    def end_input(self) -> None:
        if self.popen.stdin:
            self.popen.stdin.close()

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def family(self) -> list[int]:
        """Returns the process ids in the session that was made for the program, without its own."""
        found = []
        for entry in os.listdir("/proc"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if entry.isdigit() and int(entry) != self.pid and os.getsid(int(entry)) == self.pid:
                    found.append(int(entry))
        return sorted(found)

    def listens_on(self) -> list[str]:
        """Returns where the program and its children listen, for instance `tcp port 7000`."""
        inodes = set()
        for pid in (self.pid, *self.family()):
            with contextlib.suppress(OSError):
                for entry in os.listdir(f"/proc/{pid}/fd"):
                    with contextlib.suppress(OSError):
                        inodes.add(os.readlink(f"/proc/{pid}/fd/{entry}").removeprefix("socket:[").removesuffix("]"))
        found = set()
        for protocol in ("tcp", "tcp6", "udp", "udp6"):
            with contextlib.suppress(FileNotFoundError):
                for line in Path(f"/proc/net/{protocol}").read_text().splitlines()[1:]:
                    _, local, remote, state, *rest = line.split()
                    if rest[5] in inodes and state in LISTENING and remote.endswith(":0000"):
                        found.add(f"{protocol[:3]} port {int(local.split(':')[1], 16)}")
        return sorted(found)

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def stop(self) -> None:
        """Ends the program and its children. Its process id is reserved until here, so that no other process is hit."""
        if self.popen.returncode is not None:
            return
        self._kill()
        for _ in range(10):  # a child may have left the process group, or made another one meanwhile
            alive = [pid for pid in self.family() if not task_field(pid, "State").startswith("Z")]
            for pid in alive:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if not alive:
                break
        self.end_input()
        for reader in self._readers:
            reader.join(PATIENCE)
        self.popen.wait()
        if not self._open:
            self.popen.stdout.close()
            self.popen.stderr.close()


def task_field(pid: int, name: str) -> str:
    """Returns a field of /proc/PID/status, for instance State or Threads; empty if the process is gone."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return line.split(":", 1)[1].strip()
    return ""


class Peer:
    """The checker's end of a connection with the student's program."""

    def __init__(self, connected: socket.socket, process: Process):
        self.socket, self.process = connected, process
        self.ports = None
        with contextlib.suppress(OSError):  # the program may have reset the connection already
            if connected.family == socket.AF_INET:
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.ports = connected.getpeername()[1], connected.getsockname()[1]
        self.received = bytearray()
        self.ended = False

    def _blame(self) -> str:
        how = self.process.how_it_ended()
        return "" if self.process.status() is None else f"; your program has ended: {how}"

    def send(self, octets: bytes) -> None:
        """Sends to a program that may have closed the connection: what it has said before is then seen by `expect`."""
        self.socket.settimeout(PATIENCE)
        try:
            self.socket.sendall(octets)
        except TimeoutError:
            raise Wrong(f"your program stopped reading: {len(octets)} octets could not be sent within {PATIENCE:.0f} s",
                        "that it reads everything") from None
        except (BrokenPipeError, ConnectionResetError):
            pass

    def send_in_pieces(self, *pieces: bytes) -> None:
        """Sends each piece only after the program has read the one before."""
        for piece in pieces:
            self.send(piece)
            self.wait_until_read(piece)

    def wait_until_read(self, octets: bytes) -> None:
        def is_read() -> bool:
            if self.ports is None:
                return True
            port, remote_port = self.ports
            return all(row.unread == 0 for row in sockets("tcp", port) if row.remote_port == remote_port)
        if not until(is_read, PATIENCE):
            raise Wrong(f"your program did not read {show(octets, 40)} within {PATIENCE:.0f} s{self._blame()}",
                        "that it reads what has arrived")

    def half_close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Leaves without a farewell: the program gets ECONNRESET, or EPIPE when it writes."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self) -> None:
        self.socket.close()

    def _more(self, deadline: float) -> str:
        """Receives more. Returns an empty text, or why there is no more."""
        if self.ended:
            return "the end of the stream"
        self.socket.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            octets = self.socket.recv(65536)
        except TimeoutError:
            return f"nothing for {PATIENCE:.0f} s"
        except OSError as error:
            return f"the error {error.strerror}"
        self.received += octets
        self.ended = not octets
        return "the end of the stream" if not octets else ""

    def _seen(self, why: str) -> str:
        return f"{show(bytes(self.received))}, then {why}{self._blame()}" if self.received else f"{why}{self._blame()}"

    def expect(self, expected: bytes, hint: str = "") -> None:
        """Waits for these octets, and fails as soon as others come."""
        deadline = time.monotonic() + PATIENCE
        while len(self.received) < len(expected):
            if not expected.startswith(self.received):
                break
            if why := self._more(deadline):
                raise Wrong(self._seen(why), show(expected), hint)
        if not self.received.startswith(expected):
            raise Wrong(show(bytes(self.received)) + difference(bytes(self.received), expected), show(expected), hint)
        del self.received[:len(expected)]

    def read_until(self, delimiter: bytes, expected: str, hint: str = "") -> bytes:
        deadline = time.monotonic() + PATIENCE
        while delimiter not in self.received:
            if why := self._more(deadline):
                raise Wrong(self._seen(why), expected, hint)
        size = self.received.index(delimiter) + len(delimiter)
        octets = bytes(self.received[:size])
        del self.received[:size]
        return octets

    def read_to_end(self, hint: str = "") -> bytes:
        latest = time.monotonic() + 4 * START_PATIENCE
        while not (why := self._more(min(latest, time.monotonic() + PATIENCE))):
            if len(self.received) > 8 * OUTPUT_MAX or time.monotonic() > latest:
                why = "more and more"
                break
        if not self.ended:
            raise Wrong(self._seen(why), "the end of the stream", hint)
        octets, self.received = bytes(self.received), bytearray()
        return octets

    def expect_end(self, hint: str = "") -> None:
        rest = self.read_to_end(hint)
        if rest:
            raise Wrong(f"{show(rest)} after the answer", "the end of the stream",
                        "The NUL at the end of a text in C is not sent: strlen() does not count it, sizeof does." if rest == b"\0" else "")


class Listener:
    """A server of the checker's, for exercises that ask for a client."""

    def __init__(self):
        self.socket = socket.create_server((LOOPBACK, 0))
        self.port = self.socket.getsockname()[1]

    def accept(self, process: Process) -> Peer:
        until(lambda: self._is_called() or process.status() is not None, START_PATIENCE)
        if not self._is_called():  # a program may have connected and ended between the two looks
            ended = process.status() is not None
            raise Wrong(f"your program did not connect to port {self.port}"
                        + (f": {process.how_it_ended()}" if ended else f" within {START_PATIENCE:.0f} s: it still runs"),
                        f"a connection to {LOOPBACK}, at the port in its first argument",
                        "Are port and address in network byte order (htons; htonl or inet_pton)?"
                        if os.strerror(errno.ECONNREFUSED) in process.errors.decode(errors="replace") else "")
        return Peer(self.socket.accept()[0], process)

    def _is_called(self) -> bool:
        return bool(select.select([self.socket], [], [], 0)[0])


class Checker:
    """One check of one program: the steps that it takes, and everything that ends with it."""

    def __init__(self, command: list[str], tell=lambda line: None):
        self.command, self.tell = command, tell
        self.doing = "it starts"
        self._steps = 0
        self._latest: Process | None = None
        self._stack = contextlib.ExitStack()
        self.folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="portico-exercise-"))

    def __enter__(self) -> "Checker":
        return self

    def __exit__(self, *_) -> None:
        self._stack.close()

    def step(self, what: str) -> None:
        """Says what is tried next; what was tried before has succeeded."""
        self.done()
        self.doing = what
        self._steps += 1

    def done(self) -> None:
        if self._steps:
            self.tell(f"  ok: {self.doing}")

    def wrong(self, seen: str, expected: str, hint: str = "") -> None:
        raise Wrong(seen, expected, hint)

    def own(self, thing):
        """Closes it at the end of the check."""
        self._stack.callback(thing.close if hasattr(thing, "close") else thing.stop)
        return thing

    def start(self, *arguments, descriptors_max: int | None = None, stdin: bytes | None = None) -> Process:
        """Starts the program. Its standard input is a pipe, or a file with these octets."""
        command = [*self.command, *map(str, arguments)]
        if stdin is None:
            self._latest = self.own(Process(command, self.folder, descriptors_max))
            return self._latest
        with tempfile.TemporaryFile(dir=self.folder) as file:
            file.write(stdin)
            file.seek(0)
            self._latest = self.own(Process(command, self.folder, descriptors_max, file))
            return self._latest

    def complaints(self) -> list[str]:
        """Returns the end of what the program has said on standard error, if that was more than a line."""
        lines = self._latest.complaints() if self._latest else []
        return lines[-COMPLAINT_LINES_MAX:] if len(lines) > 1 else []

    def run(self, *arguments, stdin: bytes = b"", hint: str = "") -> Process:
        """Runs the program to its end, with this as its standard input."""
        process = self.start(*arguments, stdin=stdin)
        process.wait(START_PATIENCE, hint)
        return process

    def expect_run(self, arguments: tuple, expected: bytes, stdin: bytes = b"", hint: str = "") -> None:
        """Runs the program to its end. It has to print this and to exit with status 0."""
        process = self.run(*arguments, stdin=stdin, hint=hint)
        given = " ".join(["./mine", *map(str, arguments)])
        if process.output != expected:
            self.wrong(f"{given} printed {show(process.output)}; {process.how_it_ended()}{difference(process.output, expected)}",
                       show(expected), hint)
        if process.status() != 0:
            self.wrong(f"{given}: {process.how_it_ended()}", "exit status 0", hint)

    def server(self, *more, port: int | None = None, protocol: str = "tcp", descriptors_max: int | None = None,
               hint: str = "") -> Process:
        """Starts the program with a port as its first argument, and waits until it listens there."""
        port = port or free_port()
        process = self.start(port, *more, descriptors_max=descriptors_max)
        process.port = port

        def is_settled() -> bool:
            return process.status() is not None or bool(self.listening(port, protocol) or self.listening(socket.htons(port), protocol))
        until(is_settled, START_PATIENCE)
        if process.status() is not None or not self.listening(port, protocol):
            self._blame_for_not_listening(process, protocol, hint)
        return process

    def _blame_for_not_listening(self, process: Process, protocol: str, hint: str) -> None:
        elsewhere = process.listens_on()
        said = process.errors.decode(errors="replace")
        if self.listening(socket.htons(process.port), protocol):
            hint = "Is the port in network byte order (htons)?"
        elif os.strerror(errno.EADDRNOTAVAIL) in said:
            hint = "Is the address in network byte order (htonl, or inet_pton)?"
        elif not hint and not elsewhere and process.status() is None:
            hint = "A server calls socket(), bind() and listen() first." if protocol == "tcp" else \
                "A server for UDP calls socket() with SOCK_DGRAM, then bind()."
        how = f"it still runs, after {START_PATIENCE:.0f} s" if process.status() is None and not elsewhere else process.how_it_ended()
        self.wrong(f"nothing listens on {protocol} port {process.port}: {how}" + (f", and listens on {', '.join(elsewhere)}" if elsewhere else ""),
                   f"a program that listens on {LOOPBACK} at the {protocol.upper()} port in its first argument", hint)

    @staticmethod
    def listening(port: int, protocol: str = "tcp") -> list[SocketRow]:
        return [row for row in sockets(protocol, port) if row.listens]

    def client(self, server: Process, to: str = LOOPBACK, source: str = "", receive_buffer: int | None = None) -> Peer:
        """Connects to the student's server."""
        connected = self.own(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        if receive_buffer:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connected.settimeout(PATIENCE)
        try:
            if source:
                connected.bind((source, 0))
            connected.connect((to, server.port))
        except OSError as error:
            why = error.strerror or f"no answer within {PATIENCE:.0f} s"
            self.wrong(f"cannot connect to {to} port {server.port}: {why}; {server.how_it_ended()}",
                       "a server that goes on accepting clients")
        return Peer(connected, server)

    def listen(self) -> Listener:
        listener = Listener()
        self.own(listener.socket)
        return listener

    def accept(self, listener: Listener, process: Process) -> Peer:
        peer = listener.accept(process)
        self.own(peer.socket)
        return peer

    def still_runs(self, process: Process, hint: str = "") -> None:
        if process.status() is not None:
            self.wrong(f"your program has ended: {process.how_it_ended()}", "a server that goes on", hint)

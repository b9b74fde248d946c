"""Starts Portico and the other servers on this machine on the same folder, and measures what a request costs each of them.

The figure is the CPU time of the server's processes (user and system) for each request. Unlike requests per second, it
is stable on a machine that is busy with other work. The server runs on one CPU, the load on another.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PROGRAM = Path(os.environ.get("PORTICO", REPOSITORY / "build/release/portico")).absolute()
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
STARTING_TIME = 10.0

CPUS = sorted(os.sched_getaffinity(0))
SERVER_CPU, LOAD_CPU = CPUS[0], CPUS[-1]


@dataclass(frozen=True)
class Case:
    name: str
    path: str
    connections: int
    field: str = ""      # a field that each request has
    logged: bool = False  # the server writes its access log to a file
    what: str = ""


CASES = {case.name: case for case in [
    Case("h1-small", "/small.html", 64, what="128 bytes, 64 connections"),
    Case("h1-1000", "/small.html", 1000, what="128 bytes, 1000 connections"),
    Case("h1-100k", "/100k.bin", 32, what="100 KiB, 32 connections"),
    Case("h1-1m", "/1m.bin", 32, what="1 MiB, 32 connections"),
    Case("h1-close", "/small.html", 64, field="Connection: close", what="128 bytes, a connection for each request"),
    Case("h1-log", "/small.html", 64, logged=True, what="h1-small, with an access log in a file"),
]}


class Scratch:
    """A folder that every user may enter. It contains the site, and is removed at the end."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="portico-bench-"))
        self.folder.chmod(0o755)
        self.site = self.folder / "site"
        self.site.mkdir()
        (self.site / "small.html").write_bytes(b"a" * 128)
        (self.site / "100k.bin").write_bytes(os.urandom(100 * 1024))
        (self.site / "1m.bin").write_bytes(os.urandom(1 << 20))

    def __enter__(self) -> "Scratch":
        return self

    def __exit__(self, *_) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, name: str, text: str) -> Path:
        (self.folder / name).write_text(text)
        return self.folder / name


def portico(scratch: Scratch, port: int, log: Path | None, *options: str) -> list:
    logging = ["--access-log", "combined", "--log-file", log] if log else ["--access-log", "off"]
    return [PROGRAM, "serve", scratch.site, "--listen", f"127.0.0.1:{port}", "--threads", "1", *logging, *options]


def nginx(scratch: Scratch, port: int, log: Path | None) -> list:
    folder = scratch.folder
    return ["nginx", "-p", folder, "-c", scratch.write(f"nginx-{port}", f"""
        worker_processes 1; daemon off; pid {folder}/nginx-{port}.pid; error_log {folder}/nginx-{port}.errors;
        {"user root;" if os.getuid() == 0 else ""}
        events {{ worker_connections 16384; }}
        http {{
            access_log {f"{log} combined" if log else "off"}; types {{ text/html html; }}
            sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache max=1000;
            client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
            uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
            server {{ listen 127.0.0.1:{port} reuseport; root {scratch.site}; }}
        }}""")]


def h2o(scratch: Scratch, port: int, log: Path | None) -> list:
    return ["h2o", "-c", scratch.write(f"h2o-{port}", f"""
num-threads: 1
max-connections: 16384
{"user: root" if os.getuid() == 0 else ""}
{f"access-log: {log}" if log else ""}
listen: {{ host: 127.0.0.1, port: {port} }}
hosts:
  "*":
    paths:
      "/":
        file.dir: {scratch.site}
""")]


def lighttpd(scratch: Scratch, port: int, log: Path | None) -> list:
    return ["lighttpd", "-D", "-f", scratch.write(f"lighttpd-{port}", f"""
server.document-root = "{scratch.site}"
server.bind = "127.0.0.1"
server.port = {port}
server.max-keep-alive-requests = 1000000000
server.max-connections = 16384
server.max-fds = 32768
mimetype.assign = (".html" => "text/html", ".bin" => "application/octet-stream")
{f'server.modules = ("mod_accesslog") accesslog.filename = "{log}"' if log else ""}
""")]


def caddy(scratch: Scratch, port: int, log: Path | None) -> list:
    logging = f"log {{\n output file {log}\n }}" if log else ""
    return ["caddy", "run", "--adapter", "caddyfile", "--config", scratch.write(f"caddy-{port}", f"""
{{
  admin off
  auto_https off
}}
http://127.0.0.1:{port} {{
  root * {scratch.site}
  {logging}
  file_server
}}
""")]


def apache(scratch: Scratch, port: int, log: Path | None) -> list:
    modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
                      for name in ("mpm_event", "authz_core", "mime"))
    logging = f'LogFormat "%h %l %u %t \\"%r\\" %>s %b \\"%{{Referer}}i\\" \\"%{{User-Agent}}i\\"" c\nCustomLog {log} c' if log else ""
    return ["apache2", "-D", "FOREGROUND", "-f", scratch.write(f"apache-{port}", f"""{modules}
ServerName localhost
PidFile {scratch.folder}/apache-{port}.pid
ErrorLog {scratch.folder}/apache-{port}.errors
Listen 127.0.0.1:{port}
DocumentRoot {scratch.site}
TypesConfig /dev/null
MaxKeepAliveRequests 0
ServerLimit 16
ThreadsPerChild 64
MaxRequestWorkers 1024
{logging}
""")]


SERVERS = {"portico": portico, "nginx": nginx, "h2o": h2o, "lighttpd": lighttpd, "caddy": caddy, "apache": apache}
EXECUTABLES = {"portico": str(PROGRAM), "apache": "apache2"}


def installed() -> list[str]:
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    return [name for name in SERVERS if shutil.which(EXECUTABLES.get(name, name), path=path)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server, alone on its CPU. It runs until the end of the `with` block."""

    def __init__(self, scratch: Scratch, name: str, *options: str, log: Path | None = None):
        self.name, self.port = name, free_port()
        command = [str(word) for word in SERVERS[name](scratch, self.port, log, *options)]
        self.output = scratch.folder / f"{name}-{self.port}.output"
        environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "HOME": str(scratch.folder)}
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                            cwd=scratch.folder, env=environment, start_new_session=True,
                                            preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CPU}))
        until = time.monotonic() + STARTING_TIME
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError(f"{name} did not start: {self.output.read_text(errors='replace')[-500:]}")
            time.sleep(0.01)

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def stop(self) -> None:
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # only the session that was started for it
        except ProcessLookupError:
            pass
        self.process.wait()

    def processes(self) -> list[int]:
        found, to_ask = [], [self.process.pid]
        while to_ask:
            pid = to_ask.pop()
            found.append(pid)
            try:
                for thread in os.listdir(f"/proc/{pid}/task"):
                    to_ask += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
            except OSError:
                pass
        return found

    def cpu_seconds(self) -> float:
        ticks = 0
        for pid in self.processes():
            try:
                numbers = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                ticks += int(numbers[11]) + int(numbers[12])
            except OSError:
                pass
        return ticks / TICKS_PER_SECOND

    def resident_octets(self) -> int:
        total = 0
        for pid in self.processes():
            try:
                found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
                total += int(found[1]) * 1024 if found else 0
            except OSError:
                pass
        return total


@dataclass(frozen=True)
class Sample:
    microseconds: float  # CPU time of the server for one request
    requests: int
    rate: float          # requests per second
    p99: str             # 99th percentile of the response time


def load(server: Server, case: Case, seconds: int) -> Sample:
    field = ["-H", case.field] if case.field else []
    before = server.cpu_seconds()
    told = subprocess.run(["wrk", "-t1", f"-c{case.connections}", f"-d{seconds}s", "--latency", *field,
                           f"http://127.0.0.1:{server.port}{case.path}"], capture_output=True, text=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, {LOAD_CPU})).stdout
    spent = server.cpu_seconds() - before
    if "Non-2xx" in told:
        raise RuntimeError(f"{server.name} answered with a status other than 2xx: {told}")
    requests = int(re.search(r"(\d+) requests in", told)[1])
    if requests == 0:
        raise RuntimeError(f"{server.name} answered nothing: {told}")
    return Sample(spent * 1e6 / requests, requests, float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1]),
                  re.search(r"99%\s+(\S+)", told)[1])

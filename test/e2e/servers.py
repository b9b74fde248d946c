"""Starts the server under test on a root: Portico, or another server, which shows whether a case can pass and can fail.

PORTICO             the program, default build/release/portico
PORTICO_E2E_SERVER  portico (default), nginx, apache, h2o or caddy
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
STARTING_TIME = 20.0


class CannotServe(Exception):
    """This server does not support that option."""


def portico_program() -> Path:
    return Path(os.environ.get("PORTICO", REPOSITORY / "build/release/portico")).absolute()


def wait_until(holds, seconds: float = 10) -> bool:
    """Whether it holds by then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return False


def hash_of(password: str) -> str:
    """What `portico serve --auth USER:HASH` compares the password with."""
    return subprocess.run([str(portico_program()), "hash-password"], input=password + "\n", capture_output=True, text=True,
                          check=True).stdout.strip()


@dataclass(frozen=True)
class Certificate:
    chain: Path
    key: Path

    @property
    def options(self) -> tuple[str, ...]:
        return ("--cert", str(self.chain), "--key", str(self.key))

    def client_context(self) -> ssl.SSLContext:
        """What a client needs that trusts this certificate and no other."""
        context = ssl.create_default_context(cafile=str(self.chain))
        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # an end without close_notify is an error
        return context


def make_certificate(folder: Path, name: str, alternatives: list[str], *, key: str = "ec", days: int = 2) -> Certificate:
    made = Certificate(folder / f"{name}-{key}.pem", folder / f"{name}-{key}-key.pem")
    of_key = {"ec": ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"], "rsa": ["rsa:2048"]}[key]
    subprocess.run(["openssl", "req", "-x509", "-newkey", *of_key, "-nodes", "-days", str(days), "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=" + ",".join(alternatives), "-keyout", made.key, "-out", made.chain],
                   check=True, capture_output=True)
    return made


class Portico:
    """`portico serve` on a free port that it chooses itself; the port is read from its output."""

    def __init__(self, root: Path, options: tuple[str, ...] = (), **popen):
        program = portico_program()
        if not os.access(program, os.X_OK):
            raise FileNotFoundError(f"no program {program}: build it, or set PORTICO")
        command = [str(program), "serve", str(root), "--listen", "127.0.0.1:0", "--host", "*", "--access-log", "off",
                   *options]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, errors="replace", **popen)
        self.printed: list[str] = []
        self._port: int | None = None
        self._told = threading.Event()
        threading.Thread(target=self._read_output, daemon=True).start()
        if not self._told.wait(STARTING_TIME) or self._port is None:
            self.stop()
            raise RuntimeError(f"{command} printed no URL: {''.join(self.printed)}")
        self.address = ("127.0.0.1", self._port)

    def _read_output(self) -> None:
        for line in self.process.stdout:
            self.printed.append(line)
            url = re.search(r"https?://127\.0\.0\.1:(\d+)", line)
            if url and self._port is None:
                self._port = int(url[1])
                self._told.set()
        self._told.set()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def resident_kib(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


def is_sanitized() -> bool:
    """Returns whether the program was built with the address sanitizer, which needs much additional memory."""
    octets = portico_program().read_bytes()
    return b"libasan" in octets or b"AddressSanitizer" in octets  # linked as a library, or into the program


def queued_for(client: socket.socket) -> int:
    """How many octets the kernel holds for a client on 127.0.0.1: written by the server, and not acknowledged."""
    ends = [f"0100007F:{port:04X}" for port in (client.getpeername()[1], client.getsockname()[1])]
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1:3] == ends:
            return int(words[4].partition(":")[0], 16)
    return 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Peer:
    """Another server, as a check of the suite itself. It serves the same root without Portico's options."""

    def __init__(self, root: Path, options: tuple[str, ...] = (), **_):
        if options:
            raise CannotServe(f"only Portico knows {options}")
        self.folder = Path(tempfile.mkdtemp(prefix="peer-"))
        os.chmod(self.folder, 0o755)
        port = free_port()
        self.address = ("127.0.0.1", port)
        self.process = subprocess.Popen(self.command(root, port), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=open(self.folder / "errors", "wb"),
                                        start_new_session=True, env={**os.environ, "HOME": str(self.folder)})
        deadline = time.monotonic() + STARTING_TIME
        while True:
            try:
                socket.create_connection(self.address, timeout=1).close()
                return
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise RuntimeError((self.folder / "errors").read_text()) from None

    def command(self, root: Path, port: int) -> list[str]:
        raise NotImplementedError

    def write(self, text: str) -> str:
        (self.folder / "configuration").write_text(text)
        return str(self.folder / "configuration")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Nginx(Peer):
    def command(self, root: Path, port: int) -> list[str]:
        f = self.folder
        return ["nginx", "-c", self.write(f"""
            daemon off; master_process off; pid {f}/pid; error_log {f}/log; user root;
            events {{ worker_connections 15000; }}
            http {{
                include /etc/nginx/mime.types; charset utf-8; access_log off;
                client_body_temp_path {f}/b; proxy_temp_path {f}/p; fastcgi_temp_path {f}/f; uwsgi_temp_path {f}/u;
                scgi_temp_path {f}/s; gzip_static on; gzip_vary on; absolute_redirect off;
                large_client_header_buffers 4 8k; autoindex on; disable_symlinks if_not_owner;
                server {{ listen 127.0.0.1:{port} backlog=4096; root {root}; location ~ /\\. {{ return 404; }} }}
            }}""")]


class Apache(Peer):
    def command(self, root: Path, port: int) -> list[str]:
        m, f = "/usr/lib/apache2/modules", self.folder
        modules = "".join(f"LoadModule {name}_module {m}/mod_{name}.so\n"
                          for name in ("mpm_event", "authz_core", "mime", "dir", "autoindex", "reqtimeout"))
        return ["apache2", "-D", "FOREGROUND", "-f", self.write(f"""{modules}
            ServerName localhost
            PidFile {f}/pid
            ErrorLog {f}/log
            Listen 127.0.0.1:{port}
            DocumentRoot {root}
            TypesConfig /etc/mime.types
            AddDefaultCharset utf-8
            HttpProtocolOptions Strict
            TraceEnable off
            <Directory {root}>
              Options Indexes FollowSymLinks
              Require all granted
            </Directory>""")]


class H2o(Peer):
    def command(self, root: Path, port: int) -> list[str]:
        return ["h2o", "-m", "worker", "-c", self.write(f"""
user: root
pid-file: {self.folder}/pid
error-log: {self.folder}/log
num-threads: 1
listen: {{ host: 127.0.0.1, port: {port} }}
hosts:
  default:
    paths:
      "/":
        file.dir: {root}
        file.dirlisting: ON
        file.send-compressed: ON
""")]


class Caddy(Peer):
    def command(self, root: Path, port: int) -> list[str]:
        return ["caddy", "run", "--adapter", "caddyfile", "--config", self.write(f"""
{{
  admin off
  auto_https off
}}
http://127.0.0.1:{port}, http://:{port} {{
  bind 127.0.0.1
  root * {root}
  encode gzip zstd
  file_server browse {{
    precompressed br zstd gzip
    hide .*
  }}
}}""")]


SERVERS = {"portico": Portico, "nginx": Nginx, "apache": Apache, "h2o": H2o, "caddy": Caddy}


def chosen() -> str:
    return os.environ.get("PORTICO_E2E_SERVER", "portico")


def start(root: Path, options: tuple[str, ...] = (), **popen):
    return SERVERS[chosen()](root, options, **popen)

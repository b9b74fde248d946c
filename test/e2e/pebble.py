"""An authority on this machine, for servers that order certificates: Debian's pebble, and its name server."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import threading
import urllib.request
from pathlib import Path

import servers


class Program:
    """A program that runs until the test ends, with what it prints."""

    def __init__(self, *command: str, **popen):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, errors="replace", **popen)
        self.printed: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.printed.append(line)

    def said(self, text: str) -> bool:
        return any(text in line for line in self.printed)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


class Names:
    """A name server for which every name is 127.0.0.1, and that takes TXT records."""

    def __init__(self):
        self.dns, self.management = servers.free_port(), servers.free_port()
        self.program = Program("pebble-challtestsrv", "-management", f"127.0.0.1:{self.management}", "-dns01",
                               f"127.0.0.1:{self.dns}", "-http01", "", "-https01", "", "-tlsalpn01", "",
                               "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "")
        assert servers.wait_until(lambda: answers(self.management), 60), self.program.printed


class Pebble:
    """An authority that looks for proofs at one port of this machine."""

    def __init__(self, folder: Path, names: Names):
        self.folder, self.names = folder, names
        self.port, self.management, self.proofs = servers.free_port(), servers.free_port(), servers.free_port()
        self.certificate = servers.make_certificate(folder, "pebble", ["DNS:localhost"])
        self.config: dict = {}
        self.environment = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
        self.program: Program | None = None

    @property
    def directory(self) -> str:
        return f"https://localhost:{self.port}/dir"

    def start(self) -> Pebble:
        config = {"listenAddress": f"127.0.0.1:{self.port}", "managementListenAddress": f"127.0.0.1:{self.management}",
                  "certificate": str(self.certificate.chain), "privateKey": str(self.certificate.key),
                  "httpPort": self.proofs, "tlsPort": self.proofs, "ocspResponderURL": "", **self.config}
        path = self.folder / "pebble.json"
        path.write_text(json.dumps({"pebble": config}))
        self.program = Program("pebble", "-config", str(path), "-dnsserver", f"127.0.0.1:{self.names.dns}",
                               env={**os.environ, **self.environment})
        assert servers.wait_until(lambda: answers(self.port) and answers(self.management), 60), self.program.printed
        return self

    def stop(self) -> None:
        if self.program is not None:
            self.program.stop()

    def tell(self, path: str) -> str:
        """What the management says: it is no part of ACME."""
        context = ssl.create_default_context(cafile=str(self.certificate.chain))
        with urllib.request.urlopen(f"https://localhost:{self.management}{path}", context=context, timeout=10) as answer:
            return answer.read().decode()

    def root(self) -> Path:
        path = self.folder / "root.pem"
        path.write_text(self.tell("/roots/0"))
        return path

    def options(self, *names: str) -> tuple[str, ...]:
        ordered = [word for name in names for word in ("--acme", name)]
        return ("--listen", f"127.0.0.1:{self.proofs}", "--acme-directory", self.directory, *ordered)

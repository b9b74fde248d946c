"""OCSP responses that the server fetches from the responder that its certificate names: `openssl ocsp`, on loopback."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

import pytest

import servers
from conformance.content import PROBE

pytestmark = [pytest.mark.apart, pytest.mark.sanitized,
              pytest.mark.skipif(servers.chosen() != "portico", reason="about Portico's own options")]


def openssl(*words) -> str:
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, text=True, timeout=30).stdout


class Site:
    """A certificate that names a responder on this machine, and what that responder says of it."""

    def __init__(self, folder: Path):
        self.folder, self.port = folder, servers.free_port()
        self.authority = servers.make_certificate(folder, "ocsp-authority", ["DNS:authority.example"])
        self.chain, self.key, request = folder / "chain.pem", folder / "key.pem", folder / "request.csr"
        own, extensions = folder / "own.pem", folder / "extensions.cnf"
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
                "-keyout", self.key, "-out", request)
        # Not by its address: servers.py takes the first address that a server prints for its own.
        extensions.write_text(f"subjectAltName=DNS:localhost\nauthorityInfoAccess=OCSP;URI:http://localhost:{self.port}/\n")
        openssl("x509", "-req", "-in", request, "-CA", self.authority.chain, "-CAkey", self.authority.key,
                "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", own)
        self.chain.write_text(own.read_text() + self.authority.chain.read_text())
        self.serial = openssl("x509", "-in", own, "-noout", "-serial").strip().partition("=")[2]
        self.options = ("--cert", str(self.chain), "--key", str(self.key))

    def start_responder(self, status: str = "V") -> subprocess.Popen:
        index = self.folder / "index.txt"
        revoked = "250101000000Z" if status == "R" else ""
        index.write_text(f"{status}\t391231000000Z\t{revoked}\t{self.serial}\tunknown\t/CN=localhost\n")
        responder = subprocess.Popen(
            ["openssl", "ocsp", "-port", str(self.port), "-index", index, "-CA", self.authority.chain, "-rsigner",
             self.authority.chain, "-rkey", self.authority.key, "-ndays", "1"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        # Not by a connection: a responder that is sent nothing waits for ever.
        while "waiting for OCSP client connections" not in responder.stdout.readline():
            assert responder.poll() is None
        return responder


@pytest.fixture
def site(tmp_path) -> Site:
    return Site(tmp_path)


def staple(address) -> str:
    """What a client is shown that asks for it."""
    seen = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{address[1]}", "-servername", "localhost",
                           "-status"], input="", capture_output=True, text=True, timeout=30).stdout
    if "OCSP response: no response sent" in seen:
        return "nothing"
    assert "OCSP Response Status: successful" in seen, seen
    return "good" if "Cert Status: good" in seen else "other"


def test_a_response_is_fetched_and_shown(own_server, site):
    responder = site.start_responder()
    try:
        server = own_server("plain", site.options)
        assert servers.wait_until(lambda: staple(server.address) == "good"), server.printed
    finally:
        responder.kill()
        responder.wait()
    assert staple(server.address) == "good", "it lasts longer than its responder"
    verified = subprocess.run(["curl", "-sS", "--cert-status", "--cacert", site.authority.chain,
                               f"https://localhost:{server.address[1]}/probe.txt"], capture_output=True, timeout=30)
    assert verified.stdout == PROBE or b"does not support" in verified.stderr, verified.stderr
    quiet = own_server("plain", (*site.options, "--no-ocsp"))
    assert staple(quiet.address) == "nothing"


def test_a_server_needs_no_response(own_server, site):
    """First no responder listens; then there is one, which speaks of a revoked certificate."""
    server = own_server("plain", site.options)
    assert servers.wait_until(lambda: any("no OCSP response for localhost" in line for line in server.printed))
    assert staple(server.address) == "nothing"
    responder = site.start_responder("R")
    try:
        server = own_server("plain", site.options)
        assert servers.wait_until(lambda: any("has been revoked" in line for line in server.printed)), server.printed
    finally:
        responder.kill()
        responder.wait()
    assert staple(server.address) == "nothing"


def test_a_responder_that_does_not_answer_delays_nothing(own_server, site):
    with socket.create_server(("127.0.0.1", site.port)):
        began = time.monotonic()
        server = own_server("plain", site.options)
        assert staple(server.address) == "nothing"
        server.process.terminate()
        assert server.process.wait(10) == 0
        assert time.monotonic() - began < 10, "it is not waited for, neither at the start nor at the end"

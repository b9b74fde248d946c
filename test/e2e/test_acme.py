"""Certificates from an authority, ordered and renewed by the server itself: against pebble, on loopback."""

from __future__ import annotations

import base64
import functools
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import threading
import time
from pathlib import Path

import pytest

import servers
from conformance.content import PROBE
from conformance.case import get
from exchange import Conversation
from pebble import Names, Pebble

pytestmark = [pytest.mark.apart, pytest.mark.sanitized,
              pytest.mark.skipif(servers.chosen() != "portico", reason="about Portico's own options"),
              pytest.mark.skipif(shutil.which("pebble") is None, reason="pebble is not installed")]

PROGRAM = str(servers.portico_program())
MAC_KEY = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
wait_until = functools.partial(servers.wait_until, seconds=60)


@pytest.fixture(scope="module")
def names():
    names = Names()
    yield names
    names.program.stop()


@pytest.fixture
def pebble(tmp_path, names):
    authority = Pebble(tmp_path, names)
    yield authority
    authority.stop()


@pytest.fixture
def environment(tmp_path, pebble):
    """Where the server keeps certificates, and whom it trusts as an authority's server."""
    return {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data"), "SSL_CERT_FILE": str(pebble.certificate.chain)}


@pytest.fixture
def serve(own_server, environment):
    def start(*options: str):
        return own_server("plain", options, env=environment)
    return start


def kept(tmp_path: Path, name: str) -> Path:
    return tmp_path / "data/portico/acme/names" / name / "certificate.pem"


def curl(port: int, name: str, root: Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run(["curl", "-sS", "--cacert", str(root), "--resolve", f"{name}:{port}:127.0.0.1", *words,
                           f"https://{name}:{port}/probe.txt"], capture_output=True, timeout=30)


def is_served(server, name: str, root: Path) -> bool:
    """Whether a client that trusts the authority gets the file: the name, the chain and the dates are right."""
    return curl(server.address[1], name, root).stdout == PROBE


def serial_of(server, name: str) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(server.address, timeout=10) as plain, context.wrap_socket(plain, server_hostname=name) as secure:
        shown = secure.getpeercert(binary_form=True)
    text = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-serial"], input=shown, capture_output=True, check=True)
    return text.stdout.decode().partition("=")[2].strip().lower()


@pytest.mark.parametrize("challenge", ["http-01", "tls-alpn-01"])
def test_a_certificate_is_ordered(pebble, serve, tmp_path, challenge):
    pebble.start()
    server = serve(*pebble.options("one.test"), "--acme-challenge", challenge)
    assert any("no certificate for one.test yet" in line for line in server.printed)
    root = pebble.root()
    assert wait_until(lambda: is_served(server, "one.test", root)), server.printed
    seen = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.address[1]}", "-servername", "one.test",
                           "-verify_hostname", "one.test", "-CAfile", str(root)], input=b"", capture_output=True, timeout=30)
    assert b"Verify return code: 0 (ok)" in seen.stdout
    file = kept(tmp_path, "one.test")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert pebble.program.said("validate w/ HTTP") == (challenge == "http-01"), "".join(pebble.program.printed)


def test_the_proof_is_shown_where_http_leads_to_https(pebble, serve):
    plain = pebble.config["httpPort"] = servers.free_port()
    pebble.start()
    server = serve(*pebble.options("one.test"), "--listen", f"http://127.0.0.1:{plain}", "--acme-challenge", "http-01")
    root = pebble.root()
    assert wait_until(lambda: is_served(server, "one.test", root)), server.printed
    with Conversation(("127.0.0.1", plain)) as talk:
        talk.send(get("/.well-known/acme-challenge/unknown"))
        assert talk.read_answer().status == 301


def test_before_there_is_one_a_self_signed_certificate_is_shown(pebble, serve):
    server = serve(*pebble.options("one.test"))
    shown = subprocess.run(["curl", "-sSk", "--resolve", f"one.test:{server.address[1]}:127.0.0.1",
                            f"https://one.test:{server.address[1]}/probe.txt"], capture_output=True, timeout=30)
    assert shown.stdout == PROBE
    assert wait_until(lambda: any("the next attempt is in" in line for line in server.printed)), server.printed


def test_the_authority_may_be_down_for_a_while(pebble, serve):
    server = serve(*pebble.options("one.test"))
    assert wait_until(lambda: any("the next attempt is in" in line for line in server.printed)), server.printed
    pebble.start()
    root = pebble.root()
    assert wait_until(lambda: is_served(server, "one.test", root)), server.printed


def test_the_next_authority_is_asked(pebble, serve):
    pebble.start()
    nobody = f"https://localhost:{servers.free_port()}/dir"
    server = serve("--acme-directory", nobody, *pebble.options("one.test"))
    root = pebble.root()
    assert wait_until(lambda: is_served(server, "one.test", root)), server.printed


def test_nonces_may_be_refused(pebble, serve):
    pebble.environment["PEBBLE_WFE_NONCEREJECT"] = "20"
    pebble.start()
    server = serve(*pebble.options("one.test", "two.test"))
    root = pebble.root()
    assert wait_until(lambda: is_served(server, "one.test", root) and is_served(server, "two.test", root)), server.printed


def test_several_names_at_once(pebble, serve):
    pebble.start()
    wanted = ["one.test", "two.test", "three.test"]
    server = serve(*pebble.options(*wanted))
    root = pebble.root()
    assert wait_until(lambda: all(is_served(server, name, root) for name in wanted)), server.printed
    assert len({serial_of(server, name) for name in wanted}) == 3


def test_an_order_may_fail(pebble, serve):
    """Nothing answers where the authority looks."""
    pebble.config["httpPort"] = servers.free_port()
    pebble.start()
    server = serve(*pebble.options("one.test"), "--acme-challenge", "http-01")
    assert wait_until(lambda: any("was not convinced that one.test is this server" in line for line in server.printed))
    assert not is_served(server, "one.test", pebble.root())


def test_the_other_proof_is_tried_next(pebble, serve):
    pebble.config["httpPort"] = servers.free_port()
    pebble.start()
    server = serve(*pebble.options("one.test"))
    root = pebble.root()
    assert wait_until(lambda: is_served(server, "one.test", root)), server.printed


HOOK = """#!/bin/sh
# Called with: add or remove, the record's name, its value.
echo "$@" >> {log}
case $1 in
    add) path=set-txt body="{{\\"host\\":\\"$2.\\",\\"value\\":\\"$3\\"}}" ;;
    remove) path=clear-txt body="{{\\"host\\":\\"$2.\\"}}" ;;
esac
exec curl -sSf -d "$body" http://127.0.0.1:{port}/$path
"""


def test_a_wildcard_is_proven_by_dns(pebble, names, serve, tmp_path):
    pebble.start()
    log, hook = tmp_path / "calls", tmp_path / "change zone"
    hook.write_text(HOOK.format(log=log, port=names.management))
    hook.chmod(0o700)
    server = serve(*pebble.options("*.wild.test"), "--acme-dns-hook", str(hook))
    root = pebble.root()
    assert wait_until(lambda: is_served(server, "any.wild.test", root)), server.printed
    assert wait_until(lambda: len(log.read_text().splitlines()) == 2)
    add, remove = log.read_text().splitlines()
    assert re.fullmatch(r"add _acme-challenge\.wild\.test [\w-]{43}", add) and remove == add.replace("add", "remove", 1)
    assert kept(tmp_path, "_.wild.test").exists()


def test_a_hook_that_fails_is_told(pebble, serve, tmp_path):
    pebble.start()
    hook = tmp_path / "hook"
    hook.write_text("#!/bin/sh\necho the zone is locked >&2\nexit 7\n")
    hook.chmod(0o700)
    server = serve(*pebble.options("one.test"), "--acme-dns-hook", str(hook))
    assert wait_until(lambda: any("exit code 7" in line for line in server.printed)), server.printed
    assert any("the zone is locked" in line for line in server.printed)


def test_certificates_are_renewed_while_the_server_runs(pebble, serve):
    pebble.config["certificateValidityPeriod"] = 15
    pebble.start()
    server = serve(*pebble.options("one.test"))
    root = pebble.root()
    assert wait_until(lambda: is_served(server, "one.test", root)), server.printed
    first = serial_of(server, "one.test")
    assert wait_until(lambda: serial_of(server, "one.test") != first), server.printed
    assert is_served(server, "one.test", root), "the new one is valid when it is put to use"


class Front:
    """A gateway before pebble that adds what Debian's (2.4.0) does not have: renewal information (RFC 9773), and a limit of
    orders (RFC 8555 §6.6)."""

    def __init__(self, pebble: Pebble, orders_refused: int, wait: int):
        self.pebble, self.orders_refused, self.wait = pebble, orders_refused, wait
        self.asked: list[str] = []  # certificates whose renewal was asked for
        self.orders: list[tuple[float, dict]] = []  # when, and what
        front = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                front.answer(self, b"")
            do_HEAD = do_GET

            def do_POST(self) -> None:
                front.answer(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_) -> None:
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pebble.certificate.chain, pebble.certificate.key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def base(self) -> str:
        return f"https://localhost:{self.server.server_port}"

    def answer(self, request, content: bytes) -> None:
        status, fields, answer = self.decide(request, content)
        request.send_response(status)
        for name, value in {**fields, "Content-Length": str(len(answer))}.items():
            request.send_header(name, value)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(answer)

    def decide(self, request, content: bytes) -> tuple[int, dict[str, str], bytes]:
        if request.path.startswith("/renewal/"):
            self.asked.append(request.path.removeprefix("/renewal/"))
            year = 2024 if self.asked[-1] == self.asked[0] else 2999  # the first one should have been renewed long ago
            window = {"start": f"{year}-01-01T00:00:00Z", "end": f"{year}-01-02T00:00:00Z"}
            return 200, {"Content-Type": "application/json"}, json.dumps({"suggestedWindow": window}).encode()
        if request.path == "/order-plz":
            encoded = json.loads(content)["payload"]
            order = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
            self.orders.append((time.monotonic(), order))
            if len(self.orders) <= self.orders_refused:
                problem = {"type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many orders"}
                return 429, {"Content-Type": "application/problem+json", "Retry-After": str(self.wait)}, \
                    json.dumps(problem).encode()
        return self.pass_on(request, content)

    def pass_on(self, request, content: bytes) -> tuple[int, dict[str, str], bytes]:
        """With the same Host, of which pebble makes its URLs."""
        context = ssl.create_default_context(cafile=str(self.pebble.certificate.chain))
        link = http.client.HTTPSConnection("localhost", self.pebble.port, context=context, timeout=30)
        fields = {name: request.headers[name] for name in ("Host", "Content-Type", "User-Agent") if name in request.headers}
        link.request(request.command, request.path, content or None, fields)
        answer = link.getresponse()
        octets = answer.read()
        if request.path == "/dir":
            octets = json.dumps({**json.loads(octets), "renewalInfo": f"{self.base}/renewal"}).encode()
        kept = ("Content-Type", "Replay-Nonce", "Location", "Retry-After", "Link")
        return answer.status, {name: answer.headers[name] for name in kept if name in answer.headers}, octets


def test_an_authority_says_when(pebble, serve):
    """It limits orders, and then wants the certificate to be renewed at once."""
    pebble.start()
    root = pebble.root()
    front = Front(pebble, orders_refused=1, wait=11)
    server = serve("--listen", f"127.0.0.1:{pebble.proofs}", "--acme-directory", f"{front.base}/dir", "--acme", "one.test")
    try:
        assert wait_until(lambda: is_served(server, "one.test", root)), server.printed
        assert front.orders[1][0] - front.orders[0][0] >= 11, "not after ten seconds, as it would by itself"
        assert any("too many orders" in line for line in server.printed), server.printed
        assert wait_until(lambda: len(front.orders) == 3), server.printed
        replaced = [order.get("replaces") for _, order in front.orders]
        assert replaced == [None, None, front.asked[0]]
        assert wait_until(lambda: len(set(front.asked)) == 2), "the new certificate has its own time"
        assert is_served(server, "one.test", root) and len(front.orders) == 3
    finally:
        front.server.shutdown()
        front.server.server_close()


def test_a_certificate_is_kept_for_the_next_start(pebble, serve):
    pebble.start()
    root = pebble.root()
    server = serve(*pebble.options("one.test"))
    assert wait_until(lambda: is_served(server, "one.test", root)), server.printed
    serial = serial_of(server, "one.test")
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(20) == 0
    pebble.stop()
    server = serve(*pebble.options("one.test"))
    assert is_served(server, "one.test", root) and serial_of(server, "one.test") == serial
    assert not any("no certificate" in line for line in server.printed)


def test_a_certificate_is_revoked(pebble, serve, environment, tmp_path):
    pebble.start()
    root = pebble.root()
    server = serve(*pebble.options("one.test"))
    assert wait_until(lambda: is_served(server, "one.test", root)), server.printed
    serial = serial_of(server, "one.test")
    listed = subprocess.run([PROGRAM, "acme", "list"], capture_output=True, text=True, env=environment, timeout=30)
    assert re.fullmatch(r"one\.test  valid \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d, from localhost:\d+\n", listed.stdout)
    server.stop()
    done = subprocess.run([PROGRAM, "acme", "revoke", "one.test"], capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(pebble.tell(f"/cert-status-by-serial/{serial.lstrip('0')}"))["Status"] == "Revoked"
    listed = subprocess.run([PROGRAM, "acme", "list"], capture_output=True, text=True, env=environment, timeout=30)
    assert listed.stdout == "one.test  no certificate\n"
    server = serve(*pebble.options("one.test"))
    assert wait_until(lambda: is_served(server, "one.test", root)), server.printed
    assert serial_of(server, "one.test") != serial


def test_revoking_what_there_is_not_fails(environment):
    done = subprocess.run([PROGRAM, "acme", "revoke", "one.test"], capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 1 and "there is no certificate for one.test" in done.stderr


@pytest.mark.parametrize("moment", ["lock", "account", "order", "proof"])
def test_a_process_may_be_killed_in_the_middle(pebble, serve, tmp_path, moment):
    pebble.environment.pop("PEBBLE_VA_NOSLEEP")
    pebble.environment["PEBBLE_VA_SLEEPTIME"] = "1"
    pebble.start()
    folder = tmp_path / "data/portico/acme"
    has_come = {"lock": lambda: (folder / "names/one.test/lock").exists(),
                "account": lambda: list(folder.glob("accounts/*/key.pem")),
                "order": lambda: pebble.program.said("Added order"),
                "proof": lambda: pebble.program.said("Pulled a task from the Tasks queue")}[moment]
    server = serve(*pebble.options("one.test"))
    assert wait_until(has_come), "".join(pebble.program.printed)
    server.process.kill()
    server.process.wait()
    server = serve(*pebble.options("one.test"))
    root = pebble.root()
    assert wait_until(lambda: is_served(server, "one.test", root)), server.printed
    assert not list(folder.rglob(".portico-*"))


def test_accounts_for_customers(pebble, serve):
    pebble.config |= {"externalAccountBindingRequired": True, "externalAccountMACKeys": {"kid-1": MAC_KEY}}
    pebble.start()
    server = serve(*pebble.options("one.test"), "--acme-eab", f"kid-1:{MAC_KEY}", "--acme-email", "me@one.test")
    root = pebble.root()
    assert wait_until(lambda: is_served(server, "one.test", root)), server.printed


def test_an_authority_that_is_not_trusted_is_refused(pebble, own_server, environment):
    pebble.start()
    del environment["SSL_CERT_FILE"]
    server = own_server("plain", pebble.options("one.test"), env=environment)
    assert wait_until(lambda: any("the next attempt is in" in line for line in server.printed)), server.printed
    assert any("certificate" in line and "no certificate for one.test: " in line for line in server.printed)


def test_other_paths_beside_the_proofs_need_tls(pebble, serve):
    server = serve(*pebble.options("one.test"))
    with Conversation(server.address) as talk:
        talk.send(get("/.well-known/acme-challenge/unknown", "Accept: text/plain"))
        assert talk.read_answer().status == 400


@pytest.mark.parametrize("options, says", [
    (("--acme", "192.0.2.1"), "for names"),
    (("--acme", "*.one.test"), "--acme-dns-hook"),
    (("--acme", "one.test", "--tls"), "--acme orders certificates"),
    (("--acme", "one.test", "--acme-directory", "http://localhost/"), "is not an https:// address"),
    (("--acme", "one.test", "--acme-eab", "secret"), "not ID:KEY"),
    (("--acme-email", "me@one.test"), "for which name"),
], ids=str)
def test_misuse_is_explained(options, says):
    refused = subprocess.run([PROGRAM, "serve", "-p", "0", *options], capture_output=True, text=True, timeout=30)
    assert refused.returncode == 2 and says in refused.stderr
    assert "secret" not in refused.stderr

"""HTTPS: session tickets, certificates of clients, names that are refused or misdirected, and HTTP that leads there."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

import servers
from conformance.case import get
from conformance.content import PROBE
from exchange import Conversation, SecureConversation

pytestmark = pytest.mark.skipif(servers.chosen() != "portico", reason="about Portico's own options")

PROGRAM = str(servers.portico_program())


def openssl(*words, **options) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=30, **options)


# --- session tickets

@dataclass
class Visit:
    ticket: ssl.SSLSession | None
    resumed: bool


def visit(address, context: ssl.SSLContext, ticket: ssl.SSLSession | None = None) -> Visit:
    """One request on a connection of its own, perhaps with the ticket of another."""
    plain = socket.create_connection(address, timeout=10)
    with context.wrap_socket(plain, server_hostname="localhost", session=ticket) as secure:
        secure.sendall(get("/probe.txt", "Connection: close"))
        received = b""
        while octets := secure.recv(65536):
            received += octets
        assert received.endswith(PROBE)
        return Visit(secure.session, secure.session_reused)


def context_for(certificate: servers.Certificate, version: ssl.TLSVersion, client: servers.Certificate | None = None):
    context = certificate.client_context()
    context.maximum_version = version
    if client is not None:
        context.load_cert_chain(client.chain, client.key)
    return context


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture
def key_file(tmp_path) -> Path:
    file = tmp_path / "ticket.keys"
    file.write_bytes(os.urandom(80))
    return file


def replace(file: Path, octets: bytes) -> None:
    new = file.with_suffix(".new")
    new.write_bytes(octets)
    new.rename(file)


@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_a_session_goes_on_at_another_process_with_the_same_keys(own_server, certificate, key_file, version):
    one, two = (own_server("plain", (*certificate.options, "--ticket-keys", str(key_file))) for _ in range(2))
    stranger = own_server("plain", certificate.options)
    context = context_for(certificate, version)
    first = visit(one.address, context)
    assert not first.resumed
    assert visit(two.address, context, first.ticket).resumed
    assert visit(one.address, context, first.ticket).resumed
    assert not visit(stranger.address, context, first.ticket).resumed


def test_a_session_goes_on_at_every_thread(own_server, certificate):
    address = own_server("plain", (*certificate.options, "--threads", "4")).address
    context = context_for(certificate, ssl.TLSVersion.TLSv1_2)
    ticket = visit(address, context).ticket
    assert [visit(address, context, ticket).resumed for _ in range(20)] == [True] * 20


def test_keys_are_rotated_in_the_file(own_server, certificate, key_file):
    server = own_server("plain", (*certificate.options, "--ticket-keys", str(key_file)))
    context = context_for(certificate, ssl.TLSVersion.TLSv1_2)
    old, new = key_file.read_bytes(), os.urandom(80)
    ticket = visit(server.address, context).ticket

    replace(key_file, new + old)  # the old key still opens tickets
    probe = {}

    def is_renewed() -> bool:
        seen = visit(server.address, context, ticket)
        probe["resumed"] = seen.resumed
        return seen.ticket.id != ticket.id or seen.ticket != ticket
    assert servers.wait_until(is_renewed) and probe["resumed"]

    replace(key_file, new)
    assert servers.wait_until(lambda: not visit(server.address, context, ticket).resumed), "the old key has been rotated out"

    ticket = visit(server.address, context).ticket
    replace(key_file, b"too short")
    assert servers.wait_until(lambda: any("a key has 80" in line for line in server.printed)), server.printed
    assert any("the keys in use stay" in line for line in server.printed)
    assert visit(server.address, context, ticket).resumed


# --- certificates of clients

@dataclass(frozen=True)
class Authority:
    own: servers.Certificate

    def issue(self, folder: Path, name: str, *, days: int = 2, usage: str = "clientAuth") -> servers.Certificate:
        made = servers.Certificate(folder / f"{name}.pem", folder / f"{name}-key.pem")
        request, extensions = folder / f"{name}.csr", folder / f"{name}.cnf"
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/O=Test/CN={name}",
                "-keyout", made.key, "-out", request)
        extensions.write_text(f"extendedKeyUsage={usage}\nsubjectAltName=DNS:{name}.example\n")
        openssl("x509", "-req", "-in", request, "-CA", self.own.chain, "-CAkey", self.own.key, "-CAcreateserial", "-days",
                days, "-extfile", extensions, "-out", made.chain)
        return made


@pytest.fixture(scope="module")
def authority(scratch) -> Authority:
    return Authority(servers.make_certificate(scratch, "clients-authority", ["DNS:authority.example"]))


@pytest.fixture(scope="module")
def ann(authority, scratch) -> servers.Certificate:
    return authority.issue(scratch, "ann")


def curl(address, certificate, *words) -> subprocess.CompletedProcess:
    return subprocess.run(["curl", "-sS", "--cacert", str(certificate.chain), *map(str, words),
                           f"https://localhost:{address[1]}/probe.txt"], capture_output=True, timeout=30)


def is_open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def shows(client: servers.Certificate) -> tuple:
    return ("--cert", client.chain, "--key", client.key)


def test_a_certificate_of_the_client_is_required(own_server, certificate, authority, ann):
    server = own_server("plain", (*certificate.options, "--client-ca", str(authority.own.chain), "--access-log", "text"))
    for words in ((), ("--tls-max", "1.2"), ("--http1.1",)):
        known = curl(server.address, certificate, *shows(ann), *words)
        assert (known.returncode, known.stdout) == (0, PROBE), known.stderr
        unknown = curl(server.address, certificate, *words)
        assert unknown.returncode in (35, 56) and b"alert" in unknown.stderr, unknown.stderr
    assert servers.wait_until(lambda: any("peer did not return a certificate" in line for line in server.printed)), server.printed


def test_connect_shows_its_certificate(own_server, certificate, authority, ann):
    address = own_server("plain", (*certificate.options, "--client-ca", str(authority.own.chain))).address

    def connect(*words) -> subprocess.CompletedProcess:
        return subprocess.run([PROGRAM, "connect", f"tls://localhost:{address[1]}", "-q", "--ca", str(certificate.chain),
                               *map(str, words)], input=get("/probe.txt", "Connection: close"), capture_output=True, timeout=30)
    known = connect(*shows(ann))
    assert (known.returncode, known.stdout.endswith(PROBE)) == (0, True), known.stderr
    unknown = connect()
    assert unknown.returncode != 0 and PROBE not in unknown.stdout, unknown.stderr
    lost = connect("--cert", ann.chain)
    assert lost.returncode == 2 and b"belong together" in lost.stderr
    wrong = connect("--cert", ann.chain, "--key", certificate.key)
    assert wrong.returncode == 2 and b"does not belong to the certificate" in wrong.stderr


@pytest.mark.parametrize("peer", ["portico", "openssl"])
def test_get_shows_its_certificate(own_server, certificate, authority, ann, peer):
    with contextlib.ExitStack() as stack:
        if peer == "portico":
            port = own_server("plain", (*certificate.options, "--client-ca", str(authority.own.chain))).address[1]
        else:
            port = servers.free_port()
            other = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", certificate.chain, "-key",
                                      certificate.key, "-CAfile", authority.own.chain, "-Verify", "1", "-verify_return_error",
                                      "-www", "-quiet"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
            stack.callback(other.wait, 20)
            stack.callback(other.kill)
            assert servers.wait_until(lambda: is_open(port))

        def fetch(*words) -> subprocess.CompletedProcess:
            return subprocess.run([PROGRAM, "get", f"https://localhost:{port}/probe.txt", "--ca", str(certificate.chain),
                                   *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
        known = fetch(*shows(ann))
        assert known.returncode == 0, known.stderr
        # s_server sends back the certificate that it was shown
        assert (known.stdout == PROBE if peer == "portico" else ann.chain.read_bytes() in known.stdout), known.stdout
        unknown = fetch()
        assert unknown.returncode in (35, 52, 56) and unknown.stdout == b"", unknown.stderr
        lost = fetch("-E", ann.chain)
        assert lost.returncode == 2 and b"belong together" in lost.stderr


@pytest.mark.parametrize("kind, said", [("expired", "certificate has expired"), ("server", "unsuitable certificate purpose"),
                                        ("stranger", "unable to get local issuer certificate")])
def test_a_bad_certificate_is_refused(own_server, certificate, authority, scratch, kind, said):
    server = own_server("plain", (*certificate.options, "--client-ca", str(authority.own.chain), "--client-cert",
                                  "optional", "--access-log", "text"))
    by = Authority(servers.make_certificate(scratch, "stranger", ["DNS:a"])) if kind == "stranger" else authority
    bad = by.issue(scratch, f"bad-{kind}", days=-1 if kind == "expired" else 2,
                   usage="serverAuth" if kind == "server" else "clientAuth")
    refused = curl(server.address, certificate, *shows(bad))
    assert refused.returncode in (35, 56) and b"alert" in refused.stderr
    assert servers.wait_until(lambda: any(said in line for line in server.printed)), server.printed
    assert curl(server.address, certificate).stdout == PROBE, "none at all is allowed"


def test_the_log_names_the_certificate_and_no_field_does(own_server, certificate, authority, ann):
    server = own_server("plain", (*certificate.options, "--client-ca", str(authority.own.chain), "--client-cert",
                                  "optional", "--access-log", "json"))
    assert curl(server.address, certificate, *shows(ann)).stdout == PROBE
    forged = ("-H", "SSL-Client-Subject: CN=eve", "-H", "X-Client-Cert: CN=eve", "-H", "Forwarded: for=eve")
    assert curl(server.address, certificate, *forged).stdout == PROBE
    assert servers.wait_until(lambda: sum('"status":200' in line for line in server.printed) == 2), server.printed
    lines = [line for line in server.printed if '"status":200' in line]
    assert '"user":"CN=ann,O=Test"' in lines[0] and '"user"' not in lines[1]


@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_no_session_goes_on_under_other_rules(own_server, certificate, authority, ann, key_file, version):
    shared = (*certificate.options, "--ticket-keys", str(key_file))
    closed = ("--client-ca", str(authority.own.chain))
    open_one = own_server("plain", shared)
    optional = own_server("plain", (*shared, *closed, "--client-cert", "optional"))
    required = own_server("plain", (*shared, *closed))
    context = context_for(certificate, version, ann)
    assert not visit(optional.address, context, visit(open_one.address, context).ticket).resumed
    assert not visit(required.address, context, visit(optional.address, context).ticket).resumed
    assert visit(required.address, context, visit(required.address, context).ticket).resumed


# --- names

def shaken(address, name: str) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection(address, timeout=10) as plain, context.wrap_socket(plain, server_hostname=name):
            return "let in"
    except ssl.SSLError as error:
        return error.reason


def test_unknown_names_can_be_refused(own_server, certificate):
    address = own_server("plain", (*certificate.options, "--sni-strict")).address
    assert shaken(address, "localhost") == "let in"
    assert shaken(address, "www.example.org") == "let in"
    assert shaken(address, "unknown.example") == "TLSV1_UNRECOGNIZED_NAME"


@pytest.fixture(scope="module")
def two_names(scratch):
    return tuple(servers.make_certificate(scratch, name, [f"DNS:{name}"]) for name in ("one.example", "two.example"))


@pytest.mark.parametrize("host, status", [("one.example", 200), ("ONE.example:8443", 200), ("unknown.example", 200),
                                          ("two.example", 421)])
@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_request_for_another_name_is_misdirected(own_server, two_names, host, status, version):
    one, two = two_names
    address = own_server("plain", one.options + two.options).address
    got = subprocess.run(["curl", "-sS", version, "--cacert", one.chain, "--resolve", f"one.example:{address[1]}:127.0.0.1",
                          "-H", f"Host: {host}", "-o", "/dev/null", "-w", "%{http_code} %{http_version}",
                          f"https://one.example:{address[1]}/probe.txt"], capture_output=True, text=True, timeout=30)
    assert got.stdout == f"{status} {version[6:]}", got.stderr


def test_a_connection_stays_usable_after_a_misdirected_request(own_server, two_names):
    one, two = two_names
    address = own_server("plain", one.options + two.options).address
    context = one.client_context()
    with SecureConversation(address, context, name="one.example") as talk:
        talk.send(get("/probe.txt").replace(b"Host: ", b"Host: two.example\r\nX: "))
        assert talk.read_answer().status == 421
        talk.send(get("/probe.txt").replace(b"Host: ", b"Host: one.example\r\nX: "))
        assert talk.read_answer().content == PROBE


# --- HTTP that leads to HTTPS

def both_ports(server) -> tuple[tuple, tuple]:
    """The addresses for HTTPS and for HTTP."""
    found = {}
    for line in server.printed:
        for scheme, port in re.findall(r"(https?)://127\.0\.0\.1:(\d+)", line):
            found[scheme] = ("127.0.0.1", int(port))
    return found["https"], found["http"]


@pytest.fixture
def mixed(own_server, certificate):
    server = own_server("plain", (*certificate.options, "--listen", "http://127.0.0.1:0"))
    assert servers.wait_until(lambda: any("leads to HTTPS" in line for line in server.printed)), server.printed
    return both_ports(server)


@pytest.mark.parametrize("method, status", [("GET", 301), ("HEAD", 301), ("POST", 308), ("DELETE", 308)])
def test_http_leads_to_https(mixed, method, status):
    secure, plain = mixed
    with Conversation(plain) as talk:
        for target in ("/probe.txt?a=b", "/"):
            talk.send(f"{method} {target} HTTP/1.1\r\nHost: localhost:{plain[1]}\r\nContent-Length: 0\r\n\r\n".encode())
            answer = talk.read_answer(method=method) if method == "HEAD" else talk.read_answer()
            assert answer.status == status
            assert answer.field("location") == f"https://localhost:{secure[1]}{target}"
            assert answer.field("strict-transport-security") is None


def test_a_client_that_follows_gets_the_file(mixed, certificate):
    _, plain = mixed
    got = subprocess.run(["curl", "-sSL", "--cacert", certificate.chain, f"http://localhost:{plain[1]}/probe.txt"],
                         capture_output=True, timeout=30)
    assert got.stdout == PROBE, got.stderr


def test_http_is_served_where_there_is_no_certificate(own_server):
    server = own_server("plain", ("--listen", "http://127.0.0.1:0"))
    with Conversation(server.address) as talk:
        talk.send(get("/probe.txt"))
        assert talk.read_answer().content == PROBE


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_browsers_are_told_to_stay_with_https(own_server, certificate, version):
    address = own_server("plain", (*certificate.options, "--hsts")).address
    for path, status in (("/probe.txt", "200"), ("/missing", "404"), ("/%00", "400")):
        got = subprocess.run(["curl", "-sS", version, "--cacert", certificate.chain, "-D", "-", "-o", "/dev/null",
                              f"https://localhost:{address[1]}{path}"], capture_output=True, text=True, timeout=30)
        assert got.stdout.split()[1] == status
        assert re.findall(r"^strict-transport-security: (.*?)\r?$", got.stdout, re.M | re.I) == ["max-age=31536000"]
    with Conversation(address) as talk:
        talk.send(get("/probe.txt"))
        answer = talk.read_answer()
        assert answer.status == 400 and answer.field("strict-transport-security") is None


MISTAKES = {
    "keys without HTTPS": (("--ticket-keys", "k"), 2, "--ticket-keys is for HTTPS"),
    "hsts without HTTPS": (("--hsts",), 2, "--hsts is for HTTPS"),
    "early data without HTTPS": (("--early-data",), 2, "--early-data is for HTTPS"),
    "no OCSP without HTTPS": (("--no-ocsp",), 2, "--no-ocsp is for HTTPS"),
    "https without a certificate": (("--listen", "https://127.0.0.1:0"), 2, "needs a certificate"),
    "only http": (("--tls", "--listen", "http://127.0.0.1:0"), 2, "there is no endpoint for that"),
    "demand without authorities": (("--tls", "--client-cert", "optional"), 2, "--client-cert needs --client-ca"),
    "no such keys": (("--tls", "--ticket-keys", "missing"), 1, "cannot read 'missing'"),
    "keys that are none": (("--tls", "--ticket-keys", "empty"), 1, "it has 0 bytes; a key has 80"),
    "authorities that are none": (("--tls", "--client-ca", "empty"), 1, "authorities of clients: there is no certificate"),
}


@pytest.mark.parametrize("words, status, said", MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_explained(tmp_path, words, status, said):
    (tmp_path / "empty").write_text("")
    got = subprocess.run([PROGRAM, "serve", ".", *words], cwd=tmp_path, capture_output=True, text=True, timeout=30,
                         stdin=subprocess.DEVNULL, env={**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")})
    assert (got.returncode, said in got.stderr) == (status, True), got.stderr


# --- the certificate for phones

def test_the_authority_can_be_fetched(tmp_path):
    home = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")}
    process = subprocess.Popen([PROGRAM, "cert", "trust", "--serve"], env=home, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        printed = [process.stdout.readline(), process.stdout.readline()]
        port = int(re.search(r"http://[^/]*:(\d+)/portico\.crt", printed[1])[1])
        with Conversation(("127.0.0.1", port)) as talk:
            talk.send(get("/portico.crt"))
            answer = talk.read_answer()
            assert answer.field("content-type") == "application/x-x509-ca-cert"
            folder = tmp_path / "data/portico"
            assert answer.content == (folder / "authority.pem").read_bytes() and b"PRIVATE" not in answer.content
            for target in ("/", "/authority-key.pem", "/portico.crt/..", "/authority.pem"):
                talk.send(get(target))
                assert talk.read_answer().status == 404
        process.terminate()
        rest = process.stdout.read()
        shown = subprocess.run([PROGRAM, "cert", "show"], env=home, capture_output=True, text=True).stdout
        assert re.search(r"[0-9A-F:]{95}", shown)[0] in rest and "█" in rest
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


# --- OCSP

def test_an_ocsp_response_beside_the_certificate_is_shown(own_server, tmp_path):
    authority = servers.make_certificate(tmp_path, "ocsp-authority", ["DNS:authority.example"])
    own = Authority(authority).issue(tmp_path, "localhost", usage="serverAuth")
    chain = tmp_path / "chain.pem"
    chain.write_text(own.chain.read_text() + authority.chain.read_text())
    serial = subprocess.run(["openssl", "x509", "-in", own.chain, "-noout", "-serial"], capture_output=True, text=True,
                            check=True).stdout.strip().partition("=")[2]
    index = tmp_path / "index.txt"
    index.write_text(f"V\t391231000000Z\t\t{serial}\tunknown\t/CN=localhost\n")

    def respond(days: str) -> None:
        made = tmp_path / "made.ocsp"
        openssl("ocsp", "-index", index, "-CA", authority.chain, "-rsigner", authority.chain, "-rkey", authority.key,
                "-issuer", authority.chain, "-cert", own.chain, "-respout", made, *days.split())
        made.rename(tmp_path / "chain.pem.ocsp")

    def shown(address) -> str:
        seen = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{address[1]}", "-servername", "localhost",
                               "-status"], input="", capture_output=True, text=True, timeout=30).stdout
        return "successful" if "OCSP Response Status: successful" in seen else \
            "nothing" if "OCSP response: no response sent" in seen else seen

    server = own_server("plain", ("--cert", str(chain), "--key", str(own.key)))
    assert shown(server.address) == "nothing"
    respond("-ndays 1")
    assert servers.wait_until(lambda: shown(server.address) == "successful"), server.printed
    index.write_text(f"R\t391231000000Z\t250101000000Z\t{serial}\tunknown\t/CN=localhost\n")
    respond("-ndays 1")
    assert servers.wait_until(lambda: any("has been revoked" in line for line in server.printed)), server.printed
    assert servers.wait_until(lambda: shown(server.address) == "nothing")


# --- services

def service(*words, **options):
    """A running service, and its port once it has said it."""
    process = subprocess.Popen([PROGRAM, *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, **options)
    line = process.stdout.readline()
    found = re.match(r"Listening on tls://127\.0\.0\.1:(\d+)\n", line)
    if not found:
        process.kill()
        process.wait()
    assert found, line
    return process, int(found[1])


@pytest.mark.parametrize("kind, sent, received", [("echo", b"one\ntwo\n", b"one\ntwo\n"), ("hello", b"", b"Hello from Portico\n")])
@pytest.mark.parametrize("own", [True, False], ids=["own authority", "files"])
def test_services_speak_tls(certificate, tmp_path, kind, sent, received, own):
    home = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")}
    words = () if own else certificate.options
    process, port = service(kind, "--listen", "tls://127.0.0.1:0", *words, env=home)
    try:
        trusted = subprocess.run([PROGRAM, "cert", "path"], env=home, capture_output=True, text=True).stdout.strip()
        got = subprocess.run([PROGRAM, "connect", f"tls://localhost:{port}", "-q", "--ca",
                              trusted if own else str(certificate.chain)], input=sent, capture_output=True, timeout=30)
        assert (got.returncode, got.stdout) == (0, received), got.stderr
        # A client of another kind, which leaves in its own way.
        other = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-quiet", "-no_ign_eof"],
                               input=sent, capture_output=True, timeout=30)
        assert b"error" not in other.stderr.lower() or b"verify error" in other.stderr
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("words, said", [(("-l", "tls://udp://:1"), "TLS needs a stream"),
                                         (("-l", "https://:1"), "is not an endpoint"),
                                         (("-l", ":1", "--cert", "a", "--key", "b"), "--cert is for endpoints with tls://"),
                                         (("-l", "tls://:1", "--cert", "a"), "--cert and --key belong together")])
def test_services_refuse_what_makes_no_sense(words, said):
    got = subprocess.run([PROGRAM, "echo", *words], capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
    assert got.returncode == 2 and said in got.stderr, got.stderr

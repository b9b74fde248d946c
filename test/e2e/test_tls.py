"""HTTPS: with certificates from files, renewed while the server runs, and from an authority of the user's own."""

from __future__ import annotations

import contextlib
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
from conformance.case import get
from conformance.content import PROBE
from exchange import Conversation, SecureConversation, ask

pytestmark = pytest.mark.skipif(servers.chosen() != "portico", reason="about Portico's own options")

PROGRAM = str(servers.portico_program())


def portico(*words: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL, **options)


def curl(address, certificate, *words: str, path: str = "/probe.txt") -> subprocess.CompletedProcess:
    return subprocess.run(["curl", "-sS", "--cacert", str(certificate.chain), *words, f"https://localhost:{address[1]}{path}"],
                          capture_output=True, timeout=30)


def shown_certificate(address, name: str = "localhost") -> bytes:
    """The certificate that a client for this name is shown, whatever it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(address, timeout=10) as plain, context.wrap_socket(plain, server_hostname=name) as secure:
        return secure.getpeercert(binary_form=True)


def in_file(chain: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(chain.read_text())


@pytest.mark.parametrize("words", [(), ("--tls-max", "1.2"), ("--tlsv1.3",), ("--http1.0",)], ids=" ".join)
def test_curl_verifies_and_gets_the_file(server, certificate, words):
    got = curl(server("plain", certificate.options).address, certificate, *words)
    assert (got.returncode, got.stdout) == (0, PROBE), got.stderr


def test_the_modern_profile_wants_tls_1_3(server, certificate):
    address = server("plain", (*certificate.options, "--tls-profile", "modern")).address
    assert curl(address, certificate).stdout == PROBE
    refused = curl(address, certificate, "--tls-max", "1.2")
    assert refused.returncode == 35 and b"protocol version" in refused.stderr


def test_http_on_a_tls_port_is_told_so(server, certificate):
    address = server("plain", certificate.options).address
    with Conversation(address) as talk:
        talk.send(get("/probe.txt", "Accept: text/plain") + get("/probe.txt"))
        answer = talk.read_answer()
        talk.read_to_end()
        assert not talk.received, "the second request is not answered"
    assert answer.status == 400 and b"https://" in answer.content
    assert PROBE not in answer.content


def test_tls_on_an_http_port_is_logged(own_server):
    server = own_server("plain", ("--access-log", "text"))
    context = ssl.create_default_context()
    with pytest.raises(ssl.SSLError):
        with socket.create_connection(server.address, timeout=10) as plain:
            context.wrap_socket(plain, server_hostname="localhost")
    assert servers.wait_until(lambda: any("TLS on a port for HTTP" in line for line in server.printed)), server.printed


def test_the_name_chooses_the_certificate(own_server, scratch):
    first = servers.make_certificate(scratch, "first.example", ["DNS:first.example"])
    second = servers.make_certificate(scratch, "second.example", ["DNS:second.example", "DNS:*.second.example"])
    address = own_server("plain", first.options + second.options).address
    chosen = {name: shown_certificate(address, name) for name in
              ("first.example", "second.example", "www.second.example", "unknown.example")}
    assert chosen == {"first.example": in_file(first.chain), "second.example": in_file(second.chain),
                      "www.second.example": in_file(second.chain), "unknown.example": in_file(first.chain)}


@pytest.mark.parametrize("kind, algorithms", [("rsa", "RSA-PSS+SHA256"), ("ec", "ECDSA+SHA256")])
def test_both_kinds_of_key_side_by_side(own_server, scratch, kind, algorithms):
    both = {key: servers.make_certificate(scratch, f"both-{kind}", ["DNS:localhost"], key=key) for key in ("ec", "rsa")}
    address = own_server("plain", both["ec"].options + both["rsa"].options).address
    seen = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{address[1]}", "-servername", "localhost",
                           "-sigalgs", algorithms, "-showcerts"], input=b"", capture_output=True, timeout=30)
    shown = re.search(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", seen.stdout, re.DOTALL)
    assert shown and ssl.PEM_cert_to_DER_cert(shown[0].decode()) == in_file(both[kind].chain)


@pytest.fixture
def renewable(scratch, tmp_path):
    """A certificate in files of its own, and another one for the same name."""
    old = servers.make_certificate(scratch, "old-localhost", ["DNS:localhost"])
    new = servers.make_certificate(scratch, "new-localhost", ["DNS:localhost"])
    files = servers.Certificate(tmp_path / "chain.pem", tmp_path / "key.pem")
    shutil.copy(old.chain, files.chain)
    shutil.copy(old.key, files.key)
    return files, new


def replace(file: Path, source: Path) -> None:
    """As a tool that renews certificates does it."""
    shutil.copy(source, f"{file}.new")
    os.rename(f"{file}.new", file)


def test_a_renewed_certificate_is_used_within_five_seconds(own_server, renewable):
    files, new = renewable
    server = own_server("plain", files.options)
    with SecureConversation(server.address, files.client_context()) as talk:
        talk.send(get("/probe.txt"))
        assert talk.read_answer().content == PROBE
        replace(files.key, new.key)
        replace(files.chain, new.chain)
        assert servers.wait_until(lambda: shown_certificate(server.address) == in_file(new.chain), 5), server.printed
        talk.send(get("/probe.txt"))  # the connection that began with the old one goes on
        assert talk.read_answer().content == PROBE
    assert any("have been renewed" in line for line in server.printed)


def test_a_broken_renewal_changes_nothing(own_server, renewable):
    files, new = renewable
    server = own_server("plain", files.options)
    before = shown_certificate(server.address)
    replace(files.chain, new.chain)  # and not the key
    assert servers.wait_until(lambda: any("does not belong to the certificate" in line for line in server.printed)), server.printed
    assert any("the certificates in use stay" in line for line in server.printed)
    assert shown_certificate(server.address) == before
    replace(files.key, new.key)
    assert servers.wait_until(lambda: shown_certificate(server.address) == in_file(new.chain)), server.printed


def test_a_large_file_arrives_whole_and_in_ranges(own_server, certificate, tmp_path):
    content = os.urandom(5_000_000)
    (tmp_path / "large.bin").write_bytes(content)
    address = own_server(tmp_path, certificate.options).address
    assert curl(address, certificate, path="/large.bin").stdout == content
    part = curl(address, certificate, "-r", "1000000-3999999", path="/large.bin").stdout
    assert part == content[1_000_000:4_000_000]


def test_a_file_that_becomes_shorter_is_cut_and_not_mistaken(own_server, certificate, tmp_path):
    file = tmp_path / "large.bin"
    file.write_bytes(b"x" * 50_000_000)
    address = own_server(tmp_path, certificate.options).address
    with SecureConversation(address, certificate.client_context(), receive_buffer=16 * 1024) as talk:
        talk.send(get("/large.bin"))
        while len(talk.received) < 100_000:
            talk.step(time.monotonic() + 8)
        os.truncate(file, 1_000_000)
        with pytest.raises(AssertionError):
            talk.read_answer()
        assert talk.ended == "reset"


def test_an_unfinished_handshake_is_ended(own_server, certificate):
    address = own_server("plain", (*certificate.options, "--set", "head_time_max=1s")).address
    for octets in (b"", b"\x16\x03\x01\x02\x00\x01\x00"):
        with socket.create_connection(address, timeout=8) as client:
            client.sendall(octets)
            assert client.recv(100) == b"", octets


def test_an_idle_connection_ends_with_close_notify(own_server, certificate):
    address = own_server("plain", (*certificate.options, "--set", "keep_alive_max=1s")).address
    with SecureConversation(address, certificate.client_context()) as talk:
        talk.send(get("/probe.txt"))
        assert talk.read_answer().content == PROBE
        talk.read_to_end()
        assert talk.ended == "eof"


def test_a_handshake_does_not_delay_the_end(own_server, certificate):
    server = own_server("plain", (*certificate.options, "--set", "head_time_max=60s"))
    with Conversation(server.address) as used, socket.create_connection(server.address) as silent:
        used.send(get("/probe.txt"))
        used.read_answer()
        silent.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0  # and not only after shutdown_time_max


def test_an_answer_under_way_is_finished_when_the_server_ends(own_server, certificate, tmp_path):
    content = os.urandom(20_000_000)
    (tmp_path / "large.bin").write_bytes(content)
    server = own_server(tmp_path, certificate.options)
    with SecureConversation(server.address, certificate.client_context(), receive_buffer=64 * 1024) as talk:
        talk.send(get("/large.bin"))
        while len(talk.received) < 100_000:
            talk.step(time.monotonic() + 8)
        server.process.send_signal(signal.SIGTERM)
        assert talk.read_answer().content == content
        talk.read_to_end()
        assert talk.ended == "eof"  # with close_notify
    assert server.process.wait(20) == 0


def test_requests_in_one_record_are_all_answered(server, certificate):
    with SecureConversation(server("plain", certificate.options).address, certificate.client_context()) as talk:
        talk.send(get("/probe.txt") * 20)
        assert [talk.read_answer().content for _ in range(20)] == [PROBE] * 20


MISTAKES = {
    "no such file": (("--cert", "missing.pem", "--key", "key.pem"), 1, "cannot read 'missing.pem': No such file"),
    "a folder": (("--cert", ".", "--key", "key.pem"), 1, "cannot read '.'"),
    "no certificate": (("--cert", "key.pem", "--key", "key.pem"), 1, "there is no certificate in it"),
    "no key": (("--cert", "chain.pem", "--key", "chain.pem"), 1, "there is no private key in it"),
    "without its key": (("--cert", "chain.pem"), 2, "there is a --cert without its --key"),
    "without a certificate": (("--key", "key.pem"), 2, "there is a --key without a --cert"),
    "two ways": (("--tls", "--cert", "chain.pem", "--key", "key.pem"), 2, "only one of them"),
    "unknown profile": (("--tls", "--tls-profile", "old"), 2, "intermediate or modern"),
}


@pytest.mark.parametrize("words, status, said", MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_explained(renewable, words, status, said):
    files, _ = renewable
    got = portico("serve", ".", "--port", "0", *words, cwd=files.chain.parent)
    assert (got.returncode, said in got.stderr) == (status, True), got.stderr


def test_an_expired_certificate_is_used_and_noted(own_server, scratch):
    expired = servers.make_certificate(scratch, "expired", ["DNS:localhost"])
    request = subprocess.run(["openssl", "req", "-new", "-key", expired.key, "-subj", "/CN=localhost"],
                             capture_output=True, check=True).stdout
    subprocess.run(["openssl", "x509", "-req", "-signkey", expired.key, "-days", "-1", "-out", expired.chain],
                   input=request, capture_output=True, check=True)
    server = own_server("plain", expired.options)
    assert servers.wait_until(lambda: any("expired on" in line for line in server.printed)), server.printed
    assert shown_certificate(server.address) == in_file(expired.chain)


def connect(address, *words: str, request: bytes = get("/probe.txt", "Connection: close")) -> subprocess.CompletedProcess:
    return subprocess.run([PROGRAM, "connect", f"tls://localhost:{address[1]}", *words], input=request,
                          capture_output=True, timeout=30)


def test_connect_verifies_and_tells_what_was_agreed_on(server, certificate):
    address = server("plain", certificate.options).address
    got = connect(address, "--ca", str(certificate.chain), "-v", "--alpn", "http/1.1")
    assert (got.returncode, got.stdout.endswith(b"\r\n\r\n" + PROBE)) == (0, True), got.stderr
    assert re.search(rb"TLSv1\.3 with TLS_\w+, ALPN http/1\.1\ncertificate of CN=localhost\n  by CN=localhost, until \d", got.stderr)


def test_connect_believes_nobody_unless_told_to(server, certificate):
    address = server("plain", certificate.options).address
    got = connect(address)
    assert (got.returncode, got.stdout) == (60, b"")
    assert b"is not who it should be: self-signed certificate" in got.stderr and b"--insecure" in got.stderr
    careless = connect(address, "--insecure", "-q")
    assert (careless.returncode, careless.stdout.endswith(PROBE), careless.stderr) == (0, True, b"")


@pytest.mark.parametrize("peer", ["openssl", "nothing like TLS", "silent"])
def test_connect_to_other_servers(certificate, server, peer):
    if peer == "openssl":
        port = servers.free_port()
        other = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", certificate.chain, "-key",
                                  certificate.key, "-www", "-quiet"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            assert servers.wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
            got = connect(("127.0.0.1", port), "--ca", str(certificate.chain), request=b"GET / HTTP/1.0\r\n\r\n")
            assert got.returncode == 0 and got.stdout.startswith(b"HTTP/1.0 200"), got.stderr
        finally:
            other.kill()
            other.wait()
    elif peer == "silent":
        with socket.create_server(("127.0.0.1", 0)) as listener:
            got = connect(listener.getsockname(), "--wait", "1")
            assert got.returncode == 28 and b"no TLS handshake" in got.stderr
    else:
        got = connect(server("plain").address)
        assert got.returncode == 35 and b"no TLS with tls://localhost" in got.stderr


def say_and_leave(listener: socket.socket, certificate, says_end: bool) -> None:
    """A server of one client: says something, and ends the connection with close_notify or without."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    plain, _ = listener.accept()
    with context.wrap_socket(plain, server_side=True) as secure:
        secure.sendall(b"half of it")
        if says_end:
            secure.unwrap()
        secure.shutdown(socket.SHUT_WR)  # the FIN that anybody on the way could send
        with contextlib.suppress(OSError):
            while secure.recv(4096):
                pass


@pytest.mark.parametrize("says_end, status", [(True, 0), (False, 18)])
def test_connect_takes_no_cut_for_an_end(certificate, says_end, status):
    """RFC 8446 §6.1."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=say_and_leave, args=(listener, certificate, says_end), daemon=True).start()
        got = connect(listener.getsockname(), "--ca", str(certificate.chain), "-q", request=b"")
    assert (got.returncode, got.stdout) == (status, b"half of it"), got.stderr
    assert (b"bytes may be missing" in got.stderr) == (status != 0)


@pytest.mark.parametrize("words", [("localhost:1", "--ca", "x"), ("tls://localhost:1", "--ca", "/nothing-here"),
                                   ("--udp", "tls://localhost:1"), ("localhost:1", "--alpn", "h2")], ids=" ".join)
def test_connect_refuses_what_makes_no_sense(words):
    got = portico("connect", *words)
    assert got.returncode == 2 and "try: " in got.stderr


@pytest.fixture
def at_home(tmp_path):
    return {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")}


def test_tls_needs_nothing_else(own_server, at_home, tmp_path):
    server = own_server("plain", ("--tls",), env=at_home)
    authority = Path(portico("cert", "path", env=at_home).stdout.strip())
    assert authority.parent == tmp_path / "data/portico"
    secret = authority.parent / "authority-key.pem"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600 and "PRIVATE KEY" in secret.read_text()
    assert "PRIVATE KEY" not in authority.read_text()
    trusting = servers.Certificate(authority, secret)
    for host in ("localhost", "127.0.0.1"):
        got = subprocess.run(["curl", "-sS", "--cacert", authority, f"https://{host}:{server.address[1]}/probe.txt"],
                             capture_output=True, timeout=30)
        assert (got.returncode, got.stdout) == (0, PROBE), got.stderr
    again = own_server("plain", ("--tls",), env=at_home)
    assert curl(again.address, trusting).stdout == PROBE, "the authority is made once"
    fingerprint = re.search(r"fingerprint +([0-9A-F:]{95})\n", portico("cert", "show", env=at_home).stdout)
    assert fingerprint and fingerprint[1] in portico("cert", "trust", env=at_home).stdout


def test_two_that_begin_at_once_have_one_authority(at_home):
    shows = [subprocess.Popen([PROGRAM, "cert", "show"], env=at_home, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    assert len({show.communicate(timeout=30)[0] for show in shows}) == 1
    assert {show.returncode for show in shows} == {0}


def test_without_a_home_it_says_what_is_missing():
    got = portico("cert", "path", env={"PATH": os.environ["PATH"]})
    assert got.returncode == 1 and "neither HOME nor XDG_DATA_HOME is set" in got.stderr


def test_a_damaged_authority_is_left_alone(at_home, tmp_path):
    portico("cert", "path", env=at_home)
    secret = tmp_path / "data/portico/authority-key.pem"
    secret.write_text("nonsense")
    got = portico("serve", ".", "--tls", "--port", "0", env=at_home)
    assert got.returncode == 1 and "cannot use the certificate authority" in got.stderr
    assert secret.read_text() == "nonsense"

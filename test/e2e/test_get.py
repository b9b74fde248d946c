"""`portico get`, against Portico, nghttpd, nginx, Python's http.server and ssl, `openssl s_server`, and servers of a few
scripted bytes."""

from __future__ import annotations

import contextlib
import http.server
import os
import pty
import select
import shutil
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest

import h2.config
import h2.connection
import h2.events
from h2.errors import ErrorCodes

import servers

pytestmark = pytest.mark.skipif(servers.chosen() != "portico", reason="about Portico's own client")

PROGRAM = str(servers.portico_program())
PATIENCE = 20.0


def get(*words: str, status: int = 0, give: bytes | None = None) -> subprocess.CompletedProcess:
    options = {"stdin": subprocess.DEVNULL} if give is None else {"input": give}
    done = subprocess.run([PROGRAM, "get", *words], capture_output=True, timeout=60, **options)
    assert done.returncode == status, done.stderr
    return done


def dechunked(octets: bytes) -> bytes:
    content = b""
    while True:
        size, _, octets = octets.partition(b"\r\n")
        if int(size, 16) == 0:
            return content
        content += octets[:int(size, 16)]
        octets = octets[int(size, 16) + 2:]


class Scripted:
    """Accepts connections one after another; reads a request and sends the next script's bytes, then closes."""

    def __init__(self, *scripts: bytes, context: ssl.SSLContext | None = None, rude: bool = False,
                 consents: bool = True):
        self.requests: list[bytes] = []
        self.consents = consents  # to content, if it is asked
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, args=(scripts, context, rude), daemon=True)
        self.thread.start()

    def _serve(self, scripts, context, rude):
        for script in scripts:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return  # closed: the client has made fewer requests than there are scripts
            with contextlib.suppress(OSError), plain:
                plain.settimeout(PATIENCE)
                peer = context.wrap_socket(plain, server_side=True) if context else plain
                with peer:
                    if context and peer.selected_alpn_protocol() == "h2":
                        self._demand_http11(peer, script)
                        continue
                    self.requests.append(self._request(peer))
                    peer.sendall(script)
                    if context and not rude:
                        peer.unwrap()

    @staticmethod
    def _demand_http11(peer, script: bytes) -> None:
        """Speaks HTTP/2, and ends the first stream or all of them with HTTP_1_1_REQUIRED."""
        protocol = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        protocol.initiate_connection()
        is_closed = False
        while octets := peer.recv(65536):
            for event in () if is_closed else protocol.receive_data(octets):
                if isinstance(event, h2.events.RequestReceived) and script == b"RST_STREAM":
                    protocol.reset_stream(event.stream_id, ErrorCodes.HTTP_1_1_REQUIRED)
                elif isinstance(event, h2.events.RequestReceived):
                    protocol.close_connection(ErrorCodes.HTTP_1_1_REQUIRED, last_stream_id=0)
                    is_closed = True  # the library takes nothing more
            peer.sendall(protocol.data_to_send())

    def _request(self, peer) -> bytes:
        received = b""
        while b"\r\n\r\n" not in received:
            octets = peer.recv(65536)
            if not octets:
                return received
            received += octets
        head, _, content = received.partition(b"\r\n\r\n")
        if b"\r\nexpect: 100-continue" in head.lower():
            if not self.consents:
                return received
            peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        is_chunked = b"\r\ntransfer-encoding: chunked" in head.lower()
        while len(content) < length or (is_chunked and not content.endswith(b"\r\n0\r\n\r\n")):
            content += peer.recv(65536)
        return head + b"\r\n\r\n" + (dechunked(content) if is_chunked else content)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # ends an accept
        self.thread.join(PATIENCE)
        self.listener.close()


@pytest.fixture
def scripted():
    made = []

    def make(*scripts: bytes, **options) -> Scripted:
        made.append(Scripted(*scripts, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def server_context(certificate, *protocols: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


# --- what is printed

@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"hello\n")
    (tmp_path / "large.bin").write_bytes(os.urandom(5_000_000))
    (tmp_path / "empty").write_bytes(b"")
    return tmp_path


@pytest.fixture
def site(folder):
    """Python's server of the folder."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def __init__(self, *words):
            super().__init__(*words, directory=str(folder))

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("name", ["a.txt", "large.bin", "empty"])
def test_prints_the_content(folder, site, name, tmp_path):
    content = (folder / name).read_bytes()
    assert get(f"{site}/{name}").stdout == content
    get(f"{site}/{name}", "-o", str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == content


def test_gets_a_large_file_from_portico_over_tls(own_server, certificate, folder):
    server = own_server(folder, certificate.options)
    url = f"https://localhost:{server.address[1]}/large.bin"
    assert get(url, "--ca", str(certificate.chain)).stdout == (folder / "large.bin").read_bytes()


def test_shows_the_exchange(own_server, certificate, folder):
    server = own_server(folder, certificate.options)
    done = get("-v", f"https://localhost:{server.address[1]}/a.txt", "--ca", str(certificate.chain))
    assert done.stdout == b"hello\n"
    shown = done.stderr.decode()
    for line in ("* TLSv1.3 with TLS_", "ALPN h2", "* certificate of ", "> GET /a.txt HTTP/2\n", "> Host: localhost:",
                 "> User-Agent: portico/", "< HTTP/2 200 OK\n", "< content-length: 6\n"):
        assert line in shown
    plain = get("-v", f"http://localhost:{own_server(folder).address[1]}/a.txt").stderr.decode()
    for line in ("> GET /a.txt HTTP/1.1\n", "< HTTP/1.1 200 OK\n", "< Content-Length: 6\n"):
        assert line in plain
    times = shown.splitlines()[-1]
    steps = ["resolve", "connect", "TLS", "request", "first octet", "last octet", "in total"]
    assert [times.find(step) for step in steps] == sorted(times.find(step) for step in steps)
    assert times.find("resolve") > 0


def test_prints_the_head(site):
    alone = get("-I", f"{site}/a.txt").stdout
    assert alone.startswith(b"HTTP/1.1 200 OK\r\n") and b"Content-Length: 6\r\n" in alone and alone.endswith(b"\r\n\r\n")
    both = get("-i", f"{site}/a.txt").stdout
    assert both.startswith(b"HTTP/1.1 200 OK\r\n") and both.endswith(b"\r\n\r\nhello\n")


# --- what is sent

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_sends_what_the_options_say(scripted, tmp_path):
    (tmp_path / "content").write_bytes(b"\x00\r\nfrom a file")
    server = scripted(*[ANSWER] * 4)
    get(server.url, "-H", "X-A: b", "-H", "Accept: text/plain", "-u", "user:pass")
    get(server.url + "form", "-d", "a=b", "-d", "c=d")
    get(server.url, "-X", "PUT", "-d", "@" + str(tmp_path / "content"), "-H", "Content-Type: text/plain")
    get(server.url, "-d", "@-", give=b"typed")
    first, form, put, typed = server.requests
    assert b"\r\nX-A: b\r\n" in first and first.count(b"\r\nAccept: ") == 1 and b"Basic dXNlcjpwYXNz\r\n" in first
    assert form.startswith(b"POST /form HTTP/1.1\r\n") and form.endswith(b"\r\n\r\na=b&c=d")
    assert b"\r\nContent-Type: application/x-www-form-urlencoded\r\n" in form
    assert put.startswith(b"PUT / ") and put.endswith(b"\r\n\r\n\x00\r\nfrom a file") and put.count(b"Content-Type") == 1
    assert typed.endswith(b"\r\n\r\ntyped")


def test_a_url_needs_no_scheme(scripted):
    server = scripted(ANSWER)
    assert get(f"127.0.0.1:{server.port}").stdout == b"ok"


def test_follows_redirects_with_L(scripted):
    target = scripted(ANSWER)
    moved = f"HTTP/1.1 302 Found\r\nLocation: {target.url}new\r\nContent-Length: 0\r\n\r\n".encode()
    server = scripted(moved, moved)
    assert get(server.url).stdout == b""
    assert get("-L", "-u", "user:pass", server.url).stdout == b"ok"
    assert target.requests[0].startswith(b"GET /new ") and b"Authorization" not in target.requests[0]


def test_asks_a_unix_socket(own_server, folder, tmp_path):
    socket_path = tmp_path / "x.sock"
    process = subprocess.Popen([PROGRAM, "serve", str(folder), "--listen", f"unix:{socket_path}", "--quiet"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE
        while not socket_path.exists() and time.monotonic() < end:
            time.sleep(0.02)
        assert get("--unix-socket", str(socket_path), "http://localhost/a.txt").stdout == b"hello\n"
    finally:
        process.terminate()
        process.wait(PATIENCE)


# --- exit codes, which are curl's

OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize("script, status, content", [
    (b"", 52, b""),
    (b"SSH-2.0-x\r\n", 8, b""),
    (OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 8, b""),
    (OK + b"Content-Length: 5\r\n\r\nhel", 18, b"hel"),
    (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n", 18, b"hel"),
    (OK + b"Content-Length: ", 56, b""),
    (b"HTTP/1.1 302 Found\r\nLocation: ftp://x/\r\nContent-Length: 0\r\n\r\n", 8, b""),
], ids=["empty", "not-http", "ambiguous", "short", "no-last-chunk", "half-a-head", "redirect-to-nowhere"])
def test_exit_code_of_a_bad_answer(scripted, script, status, content):
    done = get("-L", scripted(script).url, status=status)
    assert done.stdout == content and done.stderr.startswith(b"portico: error: ")


def test_curl_gives_the_same_exit_codes(scripted):
    if shutil.which("curl") is None:
        pytest.skip("no curl")
    for script in (b"", OK + b"Content-Length: 5\r\n\r\nhel", OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n"):
        server = scripted(script, script)
        theirs = subprocess.run(["curl", "-sS", server.url], capture_output=True, timeout=PATIENCE)
        get(server.url, status=theirs.returncode)


def not_tls() -> int:
    """The port of a server that speaks first, and not TLS."""
    listener = socket.create_server(("127.0.0.1", 0))

    def greet():
        with listener, listener.accept()[0] as peer:
            peer.sendall(b"220 ready\r\n")
            peer.recv(65536)

    threading.Thread(target=greet, daemon=True).start()
    return listener.getsockname()[1]


def test_exit_codes_without_an_answer(scripted, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    get("ftp://127.0.0.1/", status=3)
    get("http://127.0.0.1:99999/", status=3)
    get("http://nowhere.invalid/", status=6)
    get(f"http://127.0.0.1:{port}/", status=7)
    get(f"https://127.0.0.1:{not_tls()}/", status=35)
    get("-H", "Content-Length: 5", scripted(ANSWER).url, status=2)
    assert b"404" in get("-f", scripted(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").url, status=22).stderr
    get(scripted(ANSWER).url, "-o", str(tmp_path / "no" / "such" / "folder"), status=23)
    get(scripted(ANSWER).url, "-o", "/dev/full", status=23)


def test_the_time_is_limited():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        get("-m", "500ms", f"http://127.0.0.1:{silent.getsockname()[1]}/", status=28)
        assert 0.4 < time.monotonic() - began < 10


def test_many_redirects_are_too_many(scripted):
    moved = b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    server = scripted(*[moved] * 12)
    get("-L", server.url, status=47)
    assert len(server.requests) == 11


def test_a_failed_request_leaves_the_file_alone(scripted, tmp_path):
    out = tmp_path / "out"
    out.write_bytes(b"before")
    get("-f", "-o", str(out), scripted(b"HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nbad").url, status=22)
    get("-o", str(out), scripted(b"").url, status=52)
    assert out.read_bytes() == b"before"


# --- TLS

def test_an_unknown_authority_is_not_trusted(scripted, certificate):
    server = scripted(ANSWER, ANSWER, context=server_context(certificate))
    url = f"https://localhost:{server.port}/"
    refused = get(url, status=60)
    assert b"--insecure" in refused.stderr and refused.stdout == b""


def test_a_certificate_is_for_its_name(scripted, certificate):
    server = scripted(ANSWER, context=server_context(certificate))
    get(f"https://other.localhost:{server.port}/", "--ca", str(certificate.chain), status=60)


def test_content_to_the_end_of_the_connection_must_end_with_tls(scripted, certificate):
    """RFC 9112 §9.8: without close_notify, an attacker may have cut it."""
    server = scripted(OK + b"\r\nhello", context=server_context(certificate))
    whole = get(f"https://localhost:{server.port}/", "--ca", str(certificate.chain))
    assert whole.stdout == b"hello"
    rude = scripted(OK + b"\r\nhello", context=server_context(certificate), rude=True)
    cut = get(f"https://localhost:{rude.port}/", "--ca", str(certificate.chain), status=18)
    assert cut.stdout == b"hello"


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl_is_a_server_too(certificate, version, folder):
    port = servers.free_port()
    process = subprocess.Popen(["openssl", "s_server", "-accept", str(port), "-cert", str(certificate.chain), "-key",
                                str(certificate.key), "-WWW", "-quiet", version], cwd=folder, stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        done = get(f"https://localhost:{port}/a.txt", "--ca", str(certificate.chain))
        assert done.stdout == b"hello\n"
    finally:
        process.kill()
        process.wait(PATIENCE)


# --- HTTP/2

@contextlib.contextmanager
def running(words: list[str], port: int, **options):
    """The program, which listens on the port."""
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    try:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


def found(program: str) -> str:
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if path is None:
        pytest.skip(f"no {program}")
    return path


@pytest.fixture
def nghttpd(folder, certificate):
    """nghttpd(secure) is the start of a URL of its server, which sends uploads back."""
    with contextlib.ExitStack() as stack:
        def start(secure: bool) -> str:
            port = servers.free_port()
            words = [found("nghttpd"), "--address=127.0.0.1", "--echo-upload", f"--htdocs={folder}", str(port)]
            words += [str(certificate.key), str(certificate.chain)] if secure else ["--no-tls"]
            stack.enter_context(running(words, port))
            return f"http{'s' if secure else ''}://localhost:{port}"
        yield start


@pytest.fixture
def nginx(folder, certificate, tmp_path):
    """The start of a URL of an nginx that speaks HTTP/2 over TLS."""
    port = servers.free_port()
    config = tmp_path / "nginx.conf"
    config.write_text(f"""
        daemon off; master_process off; pid {tmp_path}/nginx.pid; error_log /dev/null;
        events {{}}
        http {{
            access_log off; client_body_temp_path {tmp_path}/body; proxy_temp_path {tmp_path}/proxy;
            fastcgi_temp_path {tmp_path}/fastcgi; uwsgi_temp_path {tmp_path}/uwsgi; scgi_temp_path {tmp_path}/scgi;
            server {{
                listen 127.0.0.1:{port} ssl http2; root {folder}; client_max_body_size 1k;
                ssl_certificate {certificate.chain}; ssl_certificate_key {certificate.key};
                location /moved {{ return 302 /a.txt; }}
            }}
        }}""")
    folder.chmod(0o755)
    with running([found("nginx"), "-p", str(tmp_path), "-c", str(config)], port):
        yield f"https://localhost:{port}"


def test_speaks_the_version_that_is_wanted(own_server, certificate, folder):
    server = own_server(folder, certificate.options)
    url = f"https://localhost:{server.address[1]}/large.bin"
    large = (folder / "large.bin").read_bytes()
    for words, version in ((["--http1.1"], b"< HTTP/1.1 200"), ([], b"< HTTP/2 200")):
        done = get("-v", "--ca", str(certificate.chain), *words, url)
        assert done.stdout == large and version in done.stderr
    plain = own_server(folder)
    done = get("-v", "--http2-prior-knowledge", f"http://localhost:{plain.address[1]}/large.bin")
    assert done.stdout == large and b"< HTTP/2 200" in done.stderr
    assert get("-f", "--http2-prior-knowledge", f"http://localhost:{plain.address[1]}/none", status=22).stdout == b""


def test_prior_knowledge_of_a_server_of_http1_is_an_error(scripted):
    get("--http2-prior-knowledge", scripted(ANSWER).url, status=8)


@pytest.mark.parametrize("secure", [False, True], ids=["h2c", "h2"])
def test_nghttpd_is_a_server_too(nghttpd, certificate, folder, secure):
    url = nghttpd(secure)
    words = ["--ca", str(certificate.chain)] if secure else ["--http2-prior-knowledge"]
    for name in ("a.txt", "large.bin", "empty"):
        assert get(*words, f"{url}/{name}").stdout == (folder / name).read_bytes()
    assert get("-I", *words, f"{url}/a.txt").stdout.startswith(b"HTTP/2 200 OK\r\n")
    get("-f", *words, f"{url}/none", status=22)
    # sent while it is read, and while the answer comes
    large = (folder / "large.bin").read_bytes()
    assert get(*words, "-T", str(folder / "large.bin"), f"{url}/x").stdout == large
    assert get(*words, "-T", "-", f"{url}/x", give=large).stdout == large
    assert get(*words, "-d", "@" + str(folder / "large.bin"), f"{url}/x").stdout == large
    assert get(*words, "-d", "a=b", f"{url}/x").stdout == b"a=b"


def test_nginx_is_a_server_too(nginx, certificate, folder):
    words = ["--ca", str(certificate.chain)]
    shown = get("-v", "-L", *words, f"{nginx}/moved")
    assert shown.stdout == b"hello\n" and b"< HTTP/2 302 Found\n" in shown.stderr
    assert b"* the connection is open already\n" in shown.stderr
    assert get(*words, f"{nginx}/large.bin").stdout == (folder / "large.bin").read_bytes()
    # refused before it has been read
    refused = get("-i", *words, "-T", str(folder / "large.bin"), f"{nginx}/x").stdout
    assert refused.startswith(b"HTTP/2 413 ")


@pytest.mark.parametrize("how", [b"RST_STREAM", b"GOAWAY"])
def test_a_server_may_demand_http11(scripted, certificate, how):
    """RFC 9113 §7; the redirect shows that the demand is remembered."""
    moved = b"HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: /b\r\n\r\n"
    server = scripted(how, moved, ANSWER, context=server_context(certificate, "h2", "http/1.1"))
    done = get("-v", "-L", "-X", "POST", "--ca", str(certificate.chain), f"https://localhost:{server.port}/a")
    assert b"> POST /a HTTP/2\n" in done.stderr and done.stdout == ANSWER.partition(b"\r\n\r\n")[2]
    assert [request.split(b"\r\n")[0] for request in server.requests] == [b"POST /a HTTP/1.1", b"GET /b HTTP/1.1"]


# --- content that is sent as it is read

def test_uploads_a_file_with_its_length(scripted, tmp_path):
    content = os.urandom(300_000)
    (tmp_path / "a b").write_bytes(content)
    server = scripted(ANSWER, ANSWER)
    get("-T", str(tmp_path / "a b"), server.url)
    get("-T", str(tmp_path / "a b"), "-X", "POST", server.url + "x")
    put, post = server.requests
    assert put.startswith(b"PUT /a%20b HTTP/1.1\r\n") and b"\r\nContent-Length: 300000\r\n" in put
    assert put.endswith(b"\r\n\r\n" + content) and b"Content-Type" not in put
    assert post.startswith(b"POST /x HTTP/1.1\r\n") and post.endswith(content)


def test_uploads_standard_input_as_it_arrives(scripted):
    server = scripted(ANSWER)
    content = os.urandom(300_000)
    assert get("-T", "-", server.url, give=content).stdout == b"ok"
    assert b"\r\nTransfer-Encoding: chunked\r\n" in server.requests[0]
    assert server.requests[0].endswith(b"\r\n\r\n" + content)


@pytest.mark.parametrize("words, asks", [(["-T", "-"], True), (["-d", "@-"], True), (["-d", "a=b"], False)],
                         ids=["unknown length", "large", "small"])
def test_asks_before_it_sends_much(scripted, words, asks):
    server = scripted(ANSWER)
    get(*words, server.url, give=b"x" * 1_100_000)
    assert (b"\r\nExpect: 100-continue\r\n" in server.requests[0]) == asks


def test_sends_nothing_that_is_refused(scripted, tmp_path):
    (tmp_path / "large").write_bytes(b"x" * 2_000_000)
    refusal = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"
    server = scripted(refusal, consents=False)
    assert get("-T", str(tmp_path / "large"), server.url).stdout == b"no"
    assert server.requests[0].endswith(b"\r\n\r\n"), "the head alone"


def test_an_upload_goes_where_a_redirect_leads_if_it_can_be_repeated(scripted, tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    target = scripted(ANSWER)
    moved = f"HTTP/1.1 307 Moved\r\nLocation: {target.url}\r\nContent-Length: 0\r\n\r\n".encode()
    server = scripted(moved, moved)
    assert get("-L", "-T", str(tmp_path / "a"), server.url).stdout == b"ok"
    assert target.requests[0].endswith(b"\r\n\r\ncontent")
    get("-L", "-T", "-", server.url, give=b"content", status=65)


def test_exit_codes_of_uploads(scripted, tmp_path):
    get("-T", str(tmp_path / "none"), scripted(ANSWER).url, status=2)
    get("-T", str(tmp_path), scripted(ANSWER).url, status=26)


# --- terminals

def at_a_terminal(*words: str, status: int = 0) -> bytes:
    """What a terminal shows that is standard output and standard error."""
    fd, theirs = pty.openpty()
    process = subprocess.Popen([PROGRAM, "get", *words], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):
        while select.select([fd], [], [], PATIENCE)[0]:
            octets = os.read(fd, 65536)
            if not octets:
                break
            shown += octets
    os.close(fd)
    assert process.wait(PATIENCE) == status, shown
    return shown


def with_content(content: bytes) -> bytes:
    return OK + b"Content-Length: %d\r\n\r\n" % len(content) + content


def test_a_terminal_is_safe_from_a_server(scripted):
    assert at_a_terminal(scripted(with_content(b"a\x1b[2Jb\n")).url) == b"a\\x1b[2Jb\r\n"
    assert at_a_terminal(scripted(with_content(b"a\x1b[2Jb\n")).url, "-o", "-") == b"a\x1b[2Jb\r\n"


def test_a_terminal_gets_no_binary_content(scripted):
    assert b"not text" in at_a_terminal(scripted(with_content(b"\x7fELF\x00\x01")).url, status=23)
    assert b"ELF" in at_a_terminal(scripted(with_content(b"\x7fELF\x00\x01")).url, "-o", "-")


def test_a_terminal_shows_the_progress(scripted, tmp_path):
    shown = at_a_terminal(scripted(with_content(b"x" * 100_000)).url, "-o", str(tmp_path / "out"))
    assert b"100 kB of 100 kB  100 %" in shown and shown.endswith(b"\n")
    quiet = at_a_terminal(scripted(with_content(b"x" * 100_000)).url, "-q", "-o", str(tmp_path / "out"))
    assert quiet == b""


def test_a_reader_that_has_read_enough_ends_it_quietly(folder, site):
    process = subprocess.Popen([PROGRAM, "get", f"{site}/large.bin"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.read(10) == (folder / "large.bin").read_bytes()[:10]
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(PATIENCE) == 23

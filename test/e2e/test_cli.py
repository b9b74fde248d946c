"""The command line: help, mistakes and their messages, completion, the manual page, and how `serve` starts."""

from __future__ import annotations

import contextlib
import http.client
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

import servers

HELP_LINES_MAX = 40


def portico(*words: str, input: str | None = None, **environment: str) -> subprocess.CompletedProcess:
    stdin = {"input": input} if input is not None else {"stdin": subprocess.DEVNULL}
    return subprocess.run([servers.portico_program(), *words], capture_output=True, text=True, timeout=20,
                          env={**os.environ, **environment}, **stdin)


def commands() -> list[str]:
    overview = portico("help").stdout
    listed = overview[overview.index("usage:"):].split("\n\n")[1]
    return [line.split()[0] for line in listed.splitlines()]


class Serving:
    """`portico serve`; the lines that it prints on both outputs can be read."""

    def __init__(self, *words: str | Path, **popen):
        self.process = subprocess.Popen([str(servers.portico_program()), "serve", *map(str, words)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, **popen)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def said_until(self, pattern: str) -> tuple[str, re.Match]:
        said = ""
        gives_up = threading.Timer(60, self.process.kill)  # ends the loop
        gives_up.start()
        try:
            for line in self.process.stdout:
                said += line
                found = re.search(pattern, said)
                if found:
                    return said, found
        finally:
            gives_up.cancel()
        raise AssertionError(f"{said!r} has no {pattern!r}")

    def said_until_end(self) -> str:
        """Ends the server and returns the rest of its output. communicate() would lose what has been read ahead."""
        self.process.terminate()
        return self.process.stdout.read()

    def port(self) -> int:
        return int(self.said_until(r"http://127\.0\.0\.1:(\d+)/")[1][1])

    def end(self, which: int = signal.SIGTERM) -> int:
        self.process.send_signal(which)
        return self.process.wait(10)


@pytest.fixture
def site(tmp_path):
    (tmp_path / "index.html").write_text("front\n")
    return tmp_path


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def fetch(port: int, target: str = "/", **fields: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", target, headers=fields)
    response = connection.getresponse()
    response.content = response.read()
    connection.close()
    return response


# --- help

@pytest.mark.parametrize("words", [[], ["help"], ["--help"], ["-h"]], ids=" ".join)
def test_portico_alone_says_what_it_can_do(words):
    done = portico(*words)
    assert done.returncode == 0 and not done.stderr
    assert len(done.stdout.splitlines()) <= HELP_LINES_MAX
    for command in commands():
        assert command in done.stdout


def test_every_command_has_help_of_one_screen():
    for command in commands():
        done = portico(command, "--help")
        assert done.returncode == 0 and not done.stderr, command
        assert len(done.stdout.splitlines()) <= HELP_LINES_MAX, command
        assert done.stdout.index("portico " + command) < done.stdout.index("usage:"), command
        assert portico("help", command).stdout == done.stdout


def test_version_is_the_projects():
    cmake = (servers.REPOSITORY / "CMakeLists.txt").read_text()
    version = re.search(r"project\(portico VERSION (\S+)", cmake)[1]
    assert portico("--version").stdout == f"portico {version}\n"


def test_limits_are_listed_and_can_be_set(site):
    listed = portico("help", "limits").stdout
    settings = re.findall(r"^  (\w+) +(\w+)  ", listed, re.MULTILINE)
    assert len(settings) >= 15
    with Serving(site, "-p0", *(word for name, value in settings for word in ("--set", f"{name}={value}"))) as serving:
        assert fetch(serving.port()).status == 200


# --- mistakes

@pytest.mark.parametrize("words, said", [
    (["sevre"], "there is no command 'sevre'; did you mean 'serve'?"),
    (["serve", "--prot", "80"], "did you mean '--port'?"),
    (["serve", "--port"], "--port needs a value"),
    (["serve", "-p", "http"], "'http' is not a number from 0 to 65535"),
    (["serve", "-p", "70000"], "from 0 to 65535"),
    (["serve", "--set", "head_tme_max=3s"], "did you mean 'head_time_max'?"),
    (["serve", "--set", "head_time_max=0"], "too small"),
    (["serve", "--access-log", "jsn"], "did you mean 'json'?"),
    (["serve", "-l", "udp://:80"], "TCP or Unix sockets"),
    (["serve", "-l", "host:99999"], "is not an endpoint"),
    (["serve", "--auth", "ann"], "is not USER:HASH"),
    (["serve", "--auth", "ann:secret"], "portico hash-password"),
    (["serve", "a", "b"], "serve takes 1 argument, but 'b' was given too"),
    (["help", "serv"], "did you mean 'serve'?"),
    (["completion"], "bash, zsh or fish"),
    (["completion", "tcsh"], "'tcsh' is not bash, zsh or fish"),
    (["--frobnicate"], "portico itself has no option '--frobnicate'"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else None)
def test_a_wrong_command_line_is_explained(words, said):
    done = portico(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.startswith("portico: error: ") and "\n  try: portico" in done.stderr
    assert not done.stdout


@pytest.mark.parametrize("words, instead", [
    (["serve", "--set", "head_tme_max=3s"], "portico help limits"),
    (["serve", "--set", "head_time_max=soon"], "portico help limits"),
    (["serve", "--bind", "0.0.0.0"], "portico serve --listen 0.0.0.0:8080"),
    (["serve", "-b", "127.0.0.1:81"], "portico serve --listen 127.0.0.1:81"),
    (["serve", "-d", "site"], "portico serve site"),
    (["serve", "--directory=my site", "--spa"], "portico serve 'my site' --spa"),
    (["serve", "--root", "/srv"], "portico serve /srv"),
    (["serve", "--host", "0.0.0.0"], "portico serve --listen 0.0.0.0:8080"),
    (["serve", "-l", "localhost"], "portico serve -l localhost:8080"),
    (["echo", "--listen", "http://localhost:3000/"], "portico echo --listen localhost:3000"),
    (["serve", "--auth", "ann:$6$secret", "-l", "::1"], "portico serve --auth USER:HASH -l '[::1]:8080'"),
    (["serve", ""], "portico serve ."),
    (["echo", "--port", "7"], "portico echo --listen 127.0.0.1:7"),
    (["hello", "--bind", "::1"], "portico hello --listen '[::1]:8080'"),
    (["connect", "localhost"], "portico connect localhost:80"),
    (["connect", "https://example.org/a"], "portico connect example.org:443"),
    (["connect", "localhost", "htpt"], "portico connect localhost:http"),
    (["connect", "/run/x.sock"], "portico connect unix:/run/x.sock"),
    (["resolve", "--version"], "portico --version"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else None)
def test_a_hint_is_what_was_probably_meant(words, instead):
    done = portico(*words)
    assert done.returncode == 2 and not done.stdout
    assert re.findall(r"\n  try: (.*)", done.stderr) == [instead]
    assert "secret" not in done.stderr


def test_what_was_typed_does_not_reach_the_terminal_as_it_is():
    for words in (["\x1b[2J"], ["serve", "--\x1b[2J"], ["serve", "-l", "\x1b[2J\u009b"], ["connect", "a\rb"], ["ports", "\x1b"],
                  ["serve", "/nowhere\x1b[2J"], ["help", "\x7f"]):
        done = portico(*words)
        assert done.returncode != 0 and "\\x" in done.stderr, words
        assert all(character == "\n" or character.isprintable() for character in done.stderr), done.stderr


def test_an_empty_folder_name_is_refused_and_not_taken_for_this_folder(site):
    done = subprocess.run([servers.portico_program(), "serve", "", "-p0"], cwd=site, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and "the argument PATH is empty" in done.stderr


def test_endpoints_may_be_written_without_slashes(site):
    port = servers.free_port()
    with Serving(site, "-l", f"tcp:127.0.0.1:{port}") as serving:
        assert fetch(serving.port()).status == 200


def test_a_folder_is_no_command(site):
    done = portico(str(site))
    assert done.returncode == 2 and f"try: portico serve {site}" in done.stderr


def test_a_single_file_is_served_at_the_address_that_is_printed(site):
    with Serving(site / "index.html", "-l", "127.0.0.1:0") as serving:
        port = int(serving.said_until(r"http://127\.0\.0\.1:(\d+)/index\.html ")[1][1])
        assert fetch(port).content == fetch(port, "/index.html").content == (site / "index.html").read_bytes()
        assert fetch(port, "/other").status == 404


def test_what_is_no_folder_is_named(site):
    missing = portico("serve", str(site / "nowhere"))
    assert missing.returncode == 1 and "there is no such folder" in missing.stderr
    device = portico("serve", "/dev/null")
    assert device.returncode == 1 and "it is neither a folder nor a regular file" in device.stderr
    assert "try: portico serve /dev\n" in device.stderr
    port = portico("serve", "9000")
    assert "try: portico serve -p 9000" in port.stderr


def test_a_taken_port_is_explained_by_its_holder(site, taken_port):
    done = portico("serve", str(site), "-p", str(taken_port))
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{taken_port}: the port is in use by" in done.stderr
    assert f"(pid {os.getpid()})" in done.stderr
    tries = re.findall(r"  try: (.*)", done.stderr)
    assert len(tries) == 2 and tries[1] == f"kill {os.getpid()}"
    with Serving(*tries[0].split()[2:]) as serving:
        assert fetch(serving.port()).content == b"front\n"


def test_two_servers_never_share_a_port(site):
    with Serving(site, "-p0") as first:
        done = portico("serve", str(site), "-p", str(first.port()))
        assert done.returncode == 1 and f"(pid {first.process.pid})" in done.stderr


def test_an_address_of_another_machine_is_named(site):
    done = portico("serve", str(site), "-l", "192.0.2.1:8080")
    assert done.returncode == 1 and "this machine has no such address" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="changing the user takes root and setpriv")
def test_a_port_that_needs_a_privilege_is_explained(site):
    first = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if first <= 1:
        pytest.skip("every port is free for all here")
    done = subprocess.run(["setpriv", "--reuid", "65534", "--bounding-set", "-all", "--inh-caps", "-all",
                           servers.portico_program(), "serve", "/", "-p", str(first - 1)],
                          capture_output=True, text=True, timeout=20)
    if "Permission denied" in done.stderr:
        pytest.skip("the program is where nobody else may run it")
    assert done.returncode == 1 and f"ports below {first} need privileges" in done.stderr
    assert "setcap cap_net_bind_service=+ep" in done.stderr and "try: portico serve / -p " in done.stderr


def test_output_that_cannot_be_written_is_a_failure():
    with open("/dev/full", "w") as full:
        done = subprocess.run([servers.portico_program(), "help"], stdout=full, stderr=subprocess.PIPE, timeout=20)
    assert done.returncode == 1


# --- completion and the manual page

SHELLS = {
    "bash": ["bash", "--norc", "-c", "set -e; source /dev/stdin; complete -p portico"],
    "zsh": ["zsh", "-f", "-c", "set -e; autoload -U compinit; compinit -u -D; source /dev/stdin; print $_comps[portico]"],
    "fish": ["fish", "--no-config", "-c", "source -; complete -C 'portico se'"],
}


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_loads(shell):
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} here")
    script = portico("completion", shell).stdout
    loaded = subprocess.run(SHELLS[shell], input=script, capture_output=True, text=True, timeout=20)
    assert loaded.returncode == 0 and not loaded.stderr, loaded.stderr
    assert "serve" in loaded.stdout or "_portico" in loaded.stdout


@pytest.mark.parametrize("line, offers", [
    ("portico se", {"serve"}),
    ("portico serve --access-log ", {"text", "json", "combined", "off"}),
    ("portico serve --access-log = js", {"json"}),
    ("portico serve --no-", {"--no-clean-urls", "--no-list", "--no-ocsp"}),
    ("portico completion z", {"zsh"}),
    ("portico serve --set head_time", {"head_time_max="}),
])
def test_bash_completes(line, offers):
    words = line.split(" ")
    script = (f"source <({servers.portico_program()} completion bash)\n"
              f"COMP_WORDS=({' '.join(word or chr(39) * 2 for word in words)}); COMP_CWORD={len(words) - 1}\n"
              'compopt() { :; }; _portico; printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, timeout=20)
    assert set(done.stdout.split()) == offers, done.stderr


@pytest.mark.parametrize("line, offers", [
    ("portico se", {"serve"}),
    ("portico serve --access-log ", {"text", "json", "combined", "off"}),
    ("portico completion z", {"zsh"}),
])
@pytest.mark.skipif(not shutil.which("fish"), reason="there is no fish here")
def test_fish_completes(line, offers):
    done = subprocess.run(["fish", "--no-config", "-c", f"source -; complete -C '{line}'"], capture_output=True, text=True,
                          input=portico("completion", "fish").stdout, timeout=20)
    assert {offer.split("\t")[0] for offer in done.stdout.splitlines()} == offers, done.stderr


@pytest.mark.skipif(not shutil.which("mandoc"), reason="there is no mandoc here")
def test_the_manual_page_is_clean():
    page = portico("man").stdout
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=page, capture_output=True, text=True, timeout=20)
    assert lint.returncode == 0, lint.stdout
    assert page.isascii()
    for command in commands():
        assert f'.SS "portico {command}'.replace("-", "\\-") in page


# --- hash-password

def test_a_password_is_hashed_from_standard_input(site):
    done = portico("hash-password", input="secret\n")
    assert done.returncode == 0 and re.fullmatch(r"\$y\$\S+\n", done.stdout)
    with Serving(site, "-p0", "--auth", "ann:" + done.stdout.strip()) as serving:
        port = serving.port()
        assert fetch(port).status == 401
        assert fetch(port, Authorization="Basic YW5uOnNlY3JldA==").status == 200


def test_without_the_password_nothing_of_the_folder_is_sent(site):
    (site / "404.html").write_text("a page of the folder\n")
    hashed = portico("hash-password", input="secret\n").stdout.strip()
    with Serving(site, "-p0", "--auth", "ann:" + hashed) as serving:
        port = serving.port()
        for path in ("/missing", "/.git/config", "/404.html"):
            refused = fetch(port, path)
            assert refused.status == 401 and b"folder" not in refused.content, path
        lost = fetch(port, "/.git/config", Authorization="Basic YW5uOnNlY3JldA==")
        assert lost.status == 404 and lost.content == b"a page of the folder\n"


def test_a_password_that_is_too_long_is_refused():
    done = portico("hash-password", input="x" * 512 + "\n")
    assert done.returncode == 1 and "at most 511 bytes" in done.stderr and not done.stdout
    assert portico("hash-password", input="x" * 511 + "\n").returncode == 0


def test_an_empty_password_is_refused():
    done = portico("hash-password", input="\n")
    assert done.returncode == 1 and not done.stdout


def type_passwords(*typed: bytes) -> tuple[int, bytes, bytes]:
    """hash-password at a terminal: returns its exit status, its output, and what the terminal shows."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([servers.portico_program(), "hash-password"], stdin=theirs, stdout=subprocess.PIPE,
                               stderr=theirs, start_new_session=True)
    shown = b""
    for prompt, password in zip((b"Password: ", b"Again: "), typed):
        while not shown.endswith(prompt):
            shown += os.read(ours, 100)
        os.write(ours, password + b"\n")
    printed, _ = process.communicate(timeout=20)
    os.close(theirs)
    with contextlib.suppress(OSError):  # EIO at the end
        while octets := os.read(ours, 1000):
            shown += octets
    os.close(ours)
    return process.returncode, printed, shown


def test_a_password_is_not_shown_on_a_terminal():
    status, printed, shown = type_passwords(b"hunter2", b"hunter2")
    assert status == 0 and printed.startswith(b"$y$")
    assert b"hunter2" not in shown


def test_two_passwords_that_differ_are_refused():
    status, printed, shown = type_passwords(b"hunter2", b"hunter3")
    assert status == 1 and not printed and b"the two passwords differ" in shown


def test_a_line_end_of_windows_is_no_part_of_a_password(site):
    hashed = portico("hash-password", input="secret\r\n").stdout.strip()
    with Serving(site, "-p0", "--auth", "ann:" + hashed) as serving:
        assert fetch(serving.port(), Authorization="Basic YW5uOnNlY3JldA==").status == 200


# --- how serve starts and ends

def test_the_banner_names_the_folder_the_url_and_who_can_connect(site):
    with Serving(site, "-p0") as serving:
        said, _ = serving.said_until(r"(Only this machine can connect|nothing outside it can reach)[^\0]*--lan")
        assert said.startswith(f"Serving {site.resolve()}\n")
        assert re.search(r"\n  http://127\.0\.0\.1:\d+/", said)


@pytest.fixture
def container(monkeypatch):
    """Makes the program believe that it runs in a container, which may be true anyway."""
    monkeypatch.setenv("container", "podman")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)


def test_in_a_container_the_hint_keeps_the_port_and_no_hash(site, container):
    port = servers.free_port()
    hashed = portico("hash-password", input="hunter2\n").stdout.strip()
    with Serving(site, "-p", port, "--auth", f"ann:{hashed}", "--spa") as serving:
        said, _ = serving.said_until(r"publish.*\n")
        assert f"\n  try: portico serve {site} --auth USER:HASH --spa --lan -p {port}\n" in said
        assert "run -p " + f"{port}:{port}" in said or f"publish port {port}" in said
        assert hashed not in said and "$y$" not in said


def test_spa_without_an_index_file_is_noticed(site):
    with Serving(site, "-p0", "--spa") as serving:
        said, _ = serving.said_until(r"http://127\.0\.0\.1:(\d+)/")
        assert "note: --spa" not in said + serving.said_until_end()
    (site / "index.html").unlink()
    with Serving(site, "-p0", "--spa") as serving:
        serving.said_until(r"note: --spa: there is no index\.html in '.*', so missing pages are answered with 404\n")


@pytest.mark.parametrize("options, banner_is_on", [
    ([], "stderr"), (["--access-log", "json"], "stderr"), (["--log-file", "-"], "stderr"), (["--access-log", "off"], "stdout"),
    (["--log-file", "access.log"], "stdout")], ids=" ".join)
def test_standard_output_is_the_logs_alone(site, options, banner_is_on):
    process = subprocess.Popen([servers.portico_program(), "serve", "-p0", *options], cwd=site, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", "".join(
            getattr(process, banner_is_on).readline() for _ in range(2)))[1])
        assert fetch(port).status == 200
        process.terminate()
        printed, said = process.communicate(timeout=10)
    finally:
        process.kill()
    if banner_is_on == "stderr":
        assert len(printed.splitlines()) == 1 and "GET" in printed
    else:
        assert "GET" not in printed + said
    assert not (site / "-").exists()


def test_lan_listens_everywhere_and_says_so(site):
    with Serving(site, "--lan", "-p0") as serving:
        said, _ = serving.said_until(r"can connect.*\n")
        urls = re.findall(r"  (http://\S+/)", said)
        for url in urls:
            host, port = re.fullmatch(r"http://\[?([^\]/]+?)\]?:(\d+)/", url).groups()
            socket.create_connection((host, int(port)), timeout=10).close()
        assert len(urls) >= 1


def talk(port: int, *heads: bytes) -> bytes:
    """Returns the answers on one connection to these requests. The last request closes it."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"".join(heads))
        client.shutdown(socket.SHUT_WR)
        return client.makefile("rb").read()


def test_on_loopback_only_this_machines_hosts_are_answered(site):
    with Serving(site, "-p0", "--host", "Site.test", "--host", "*.dev.test") as serving:
        port = serving.port()
        for host in ("localhost", f"127.0.0.1:{port}", "app.localhost", "[::1]:80", socket.gethostname(), "site.test:80",
                     "a.dev.test"):
            assert fetch(port, Host=host).status == 200, host
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "192.0.2.1", "www.site.test"):
            refused = fetch(port, Host=host, Accept="text/plain")
            assert refused.status == 421 and b"--host NAME" in refused.content, host
        assert fetch(port, "http://evil.example/", Host="localhost").status == 421
        # A refused request does not end the connection, and it does not admit the requests that follow.
        evil = b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"
        said = talk(port, evil, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", evil)
        assert re.findall(rb"HTTP/1.1 (\d+)", said) == [b"421", b"200", b"421"]
        assert talk(port, b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_in_a_network_names_are_checked_and_addresses_are_not(site, tmp_path_factory):
    path = tmp_path_factory.mktemp("sockets") / "web.sock"
    with Serving(site, "--lan", "-p0", "-l", "127.0.0.2:0", "-l", f"unix:{path}", "--host", "site.test") as serving:
        _, found = serving.said_until(r"http://127\.0\.0\.1:(\d+)/[^\0]*http://127\.0\.0\.2:(\d+)/[^\0]*unix:\S+")
        everywhere, loopback = int(found[1]), int(found[2])
        for host in ("localhost", "192.0.2.1", f"192.0.2.1:{everywhere}", "[2001:db8::1]", "site.test", socket.gethostname()):
            assert fetch(everywhere, Host=host).status == 200, host
        for host in ("evil.example", f"evil.example:{everywhere}", "192.0.2.1.evil.example"):
            refused = fetch(everywhere, Host=host, Accept="text/plain")
            assert refused.status == 421 and b"--host NAME" in refused.content, host
        one = http.client.HTTPConnection("127.0.0.2", loopback, timeout=10)
        one.request("GET", "/", headers={"Host": "192.0.2.1"})
        assert one.getresponse().status == 421
        one.close()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(b"GET / HTTP/1.0\r\nHost: any.example\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200")


def test_at_a_listed_address_every_host_is_answered(site, tmp_path_factory):
    path = tmp_path_factory.mktemp("sockets") / "web.sock"
    with Serving(site, "-l", "0.0.0.0:0", "-l", f"unix:{path}") as serving:
        assert fetch(serving.port(), Host="any.example").status == 200
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(b"GET / HTTP/1.0\r\nHost: any.example\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200")


def test_several_endpoints_are_served_at_once(site, tmp_path_factory):
    path = tmp_path_factory.mktemp("sockets") / "web.sock"
    with Serving(site, "-l", "127.0.0.1:0", "-l", f"unix:{path}") as serving:
        said, found = serving.said_until(r"http://127\.0\.0\.1:(\d+)/[^\0]*unix:\S+")
        assert fetch(int(found[1])).content == b"front\n"
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert client.makefile("rb").read().endswith(b"\r\n\r\nfront\n")
        assert serving.end() == 0
    assert not path.exists()


def test_the_usual_port_gives_way_to_the_next(site):
    try:
        holder = socket.create_server(("127.0.0.1", 8080))
    except OSError:
        pytest.skip("somebody else has port 8080")
    with holder, Serving(site) as serving:
        said, found = serving.said_until(r"http://127\.0\.0\.1:(\d+)/")
        assert "Port 8080 is taken by " in said and f"(pid {os.getpid()}); using port {found[1]} instead.\n" in said
        assert fetch(int(found[1])).status == 200


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT], ids=lambda which: which.name)
def test_a_signal_ends_it_well(site, which):
    with Serving(site, "-p0") as serving:
        with socket.create_connection(("127.0.0.1", serving.port())) as idle:
            idle.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert idle.recv(1000).startswith(b"HTTP/1.1 200")
            assert serving.end(which) == 0
            assert idle.recv(1) == b""


def test_a_second_signal_does_not_wait_for_anybody(site):
    (site / "large").write_bytes(bytes(64 << 20))
    with Serving(site, "-p0") as serving:
        port = serving.port()
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
            slow.recv(100)
            serving.process.send_signal(signal.SIGTERM)
            # No connection is accepted any more once the first signal has been handled.
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                except OSError:
                    break
            assert serving.process.poll() is None
            assert serving.end() == 0


def test_ctrl_c_waits_less_than_sigterm(site):
    (site / "large").write_bytes(bytes(64 << 20))
    with Serving(site, "-p0", "--set", "shutdown_time_max=1h") as serving:
        with socket.create_connection(("127.0.0.1", serving.port())) as slow:
            slow.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
            slow.recv(100)
            assert serving.end(signal.SIGINT) == 0


def test_the_log_is_opened_again_after_a_signal(site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("log")
    with Serving(site, "-p0", "--log-file", folder / "log") as serving:
        port = serving.port()
        fetch(port, "/first")
        wait_for(lambda: "/first" in (folder / "log").read_text())
        (folder / "log").rename(folder / "log.1")
        serving.process.send_signal(signal.SIGUSR1)
        wait_for((folder / "log").exists)
        fetch(port, "/second")
        wait_for(lambda: "/second" in (folder / "log").read_text())
        assert "/second" not in (folder / "log.1").read_text()


def wait_for(condition, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("options, environment, coloured", [
    ([], {}, False), ([], {"CLICOLOR_FORCE": "1"}, True), (["--color", "always"], {"NO_COLOR": "1"}, True),
    ([], {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False), (["--color=never"], {"CLICOLOR_FORCE": "1"}, False),
])
def test_colours_are_where_they_are_wanted(site, options, environment, coloured):
    clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "CLICOLOR_FORCE")}
    with Serving(site, "-p0", *options, env={**clean, **environment}) as serving:
        fetch(serving.port())
        said, _ = serving.said_until(r".*GET.*\n")
        assert ("\x1b[" in said) == coloured


def test_quiet_says_nothing(site):
    port = servers.free_port()
    with Serving(site, "-q", "-p", port) as serving:
        def answers():
            try:
                return fetch(port).status == 200
            except OSError:
                return False
        wait_for(answers)
        serving.process.terminate()
        assert serving.process.communicate(timeout=10)[0] == ""


def test_a_qr_code_is_drawn(site):
    with Serving(site, "--lan", "-p0", "--qr") as serving:
        said, _ = serving.said_until(r"█▀▀▀▀▀█|█ ▄▄▄▄▄ █")
        assert "http://" in said


def test_open_without_a_display_is_explained(site):
    bare = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    with Serving(site, "-p0", "--open", env=bare) as serving:
        port = serving.port()
        serving.said_until("no display is available")
        assert fetch(port).status == 200


def test_it_answers_soon_after_it_was_started(site):
    """Takes the best of several runs: 30 ms are promised, and this machine may be busy."""
    times = []
    for _ in range(5):
        port = servers.free_port()
        begun = time.monotonic()
        with Serving(site, "-p", port) as serving:
            serving.port()
            assert fetch(port).status == 200
            times.append(time.monotonic() - begun)
    assert min(times) < 0.3, times

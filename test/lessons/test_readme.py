"""README.md and docs/access-log.md: they show what the program really prints."""

from __future__ import annotations

import re
import socket
import subprocess
from pathlib import Path

import pytest

import transcripts
from test_course import PROGRAM, REPOSITORY

README = (REPOSITORY / "README.md").read_text()
ACCESS_LOG = (REPOSITORY / "docs/access-log.md").read_text()
DEMO = "portico serve demo"


def blocks_of(text: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def log_lines(block: str) -> list[str]:
    return [line for line in block.splitlines() if re.match(r"\d\d:\d\d:\d\d \d{3} ", line)]


def section(title: str) -> str:
    return ACCESS_LOG.split(f"## {title}\n")[1].split("\n## ")[0]


class Serving:
    """`portico serve`, with the text that it prints on both outputs."""

    def __init__(self, *words: str | Path, cwd: Path):
        self.process = subprocess.Popen([PROGRAM, "serve", *words, "--port", "0"], cwd=cwd, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.banner = [self.process.stderr.readline().rstrip("\n")]
        while "Only this machine" not in self.banner[-1] and "publish" not in self.banner[-1]:
            self.banner.append(self.process.stderr.readline().rstrip("\n"))
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", "\n".join(self.banner))[1])

    def __enter__(self) -> "Serving":
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.communicate()

    def logged(self, octets: bytes, read_max: int | None = None) -> str:
        """Returns the log's line for one request, whose answer is read completely or in part."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as client:
            client.sendall(octets)
            while client.recv(65536) and read_max is None:
                pass
        return self.process.stdout.readline().rstrip("\n")


def request(target: str, *fields: str) -> bytes:
    return "\r\n".join([f"GET {target} HTTP/1.1", "Host: localhost", "Connection: close", *fields, "", ""]).encode()


def test_readme_serves_the_demo():
    block = next(block for block in blocks_of(README, "console") if block.startswith(f"$ {DEMO}\n"))
    shown = block.splitlines()[1:]
    requests = log_lines(block)
    assert len(requests) >= 4
    with Serving("demo", cwd=REPOSITORY) as serving:
        printed = "\n".join(serving.banner).replace(str(REPOSITORY), "/home/you/portico").replace(f":{serving.port}/", ":8080/")
        banner = shown[:len(shown) - len(requests)]
        if "This is a container" in printed:  # prints more lines; the rest is the same
            banner, printed = banner[:2], "\n".join(printed.splitlines()[:2])
        assert transcripts.agrees(banner, printed), printed
        for line in requests:
            _, status, _, target, *_ = line.split()
            fields = ["Range: bytes=0-52"] if status == "206" else []
            logged = serving.logged(request(target, *fields))
            assert transcripts.agrees([line], logged), logged


def test_readme_other_transcripts():
    rest = "".join(f"```console\n{block}```\n" for block in blocks_of(README, "console") if not block.startswith(f"$ {DEMO}\n"))
    (chapter,) = transcripts.chapters_of("## README\n" + rest)
    assert len(chapter.commands) >= 4
    wrong = transcripts.run_chapter(chapter, [PROGRAM.parent])
    assert wrong is None, wrong


@pytest.fixture
def site(tmp_path):
    (tmp_path / "index.html").write_bytes(b"x" * 1_200)
    (tmp_path / "a.txt").write_bytes(b"front\n")
    with open(tmp_path / "film.mkv", "wb") as film:
        film.truncate(3_410_000_000)
    return tmp_path


def test_access_log_as_text(site):
    found, missing, refused, broken = log_lines(section("`text`"))
    with Serving(site, cwd=site) as serving:
        assert transcripts.agrees([found], serving.logged(request("/index.html")))
        assert transcripts.agrees([missing], serving.logged(request("/missing")))
        logged = serving.logged(b"GET / HTTP/1.1\n\n")
        assert transcripts.agrees([refused], logged), logged
        logged = serving.logged(request("/film.mkv"), read_max=1)
        assert transcripts.agrees([broken], logged), logged


@pytest.mark.parametrize("name", ["json", "combined"])
def test_access_log_for_programs(site, name):
    (block,) = blocks_of(section(f"`{name}`"), "")
    with Serving(site, "--access-log", name, cwd=site) as serving:
        logged = serving.logged(request("/a.txt", "User-Agent: curl/7.88.1"))

    def masked(line: str) -> str:
        line = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z|\d\d/\w{3}/\d{4}:[\d:]+ [+-]\d{4}", "TIME", line)
        return re.sub(r'("(?:duration_us|port)":)\d+', r"\1N", line)
    assert masked(logged) == masked(block.rstrip("\n"))

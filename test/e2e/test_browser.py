"""A listing as Chromium shows it: the order of its rows, hostile names, light and dark."""

from __future__ import annotations

import html.parser
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not shutil.which("chromium"), reason="Chromium is not installed")]

DARK, LIGHT = 0, 1
NAMES = {"b.txt": 300, "a.txt": 100, "c.txt": 200, "<script>document.title='owned'<": 1, "&amp; \"q\" 'r'.txt": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("listed")
    (path / "inner").mkdir()
    for name, octets in NAMES.items():
        (path / name).write_bytes(b"x" * octets)
    return path


def chromium(url: str, profile: Path, *options: str) -> str:
    return subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                           f"--user-data-dir={profile}", *options, url],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=90).stdout


class Page(html.parser.HTMLParser):
    """The title, and the names in the table's rows, of the document that the browser built."""

    def __init__(self, text: str):
        super().__init__()
        self.title, self.names, self.scripts, self._in = "", [], 0, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self._in.append(tag)
        self.scripts += tag == "script"
        if tag == "td" and self._in[-2:-1] == ["tr"]:
            self.names.append("")

    def handle_endtag(self, tag):
        while self._in and self._in.pop() != tag:
            pass

    def handle_data(self, data):
        if "title" in self._in:
            self.title += data
        elif "td" in self._in and "a" in self._in:
            self.names[-1] += data

    def files(self) -> list[str]:
        return [name.strip() for name in self.names if name.strip() in NAMES]


def corner_colour(png: bytes) -> tuple[int, ...]:
    """Returns the first pixel: the first octets of the first row, whatever the row's filter."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, pixels = 8, b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        pixels += png[at + 8:at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    return tuple(zlib.decompress(pixels)[1:4])


@pytest.mark.parametrize("query, order", [
    ("?sort=size", sorted(NAMES, key=NAMES.__getitem__)),
    ("?sort=size&order=desc", sorted(NAMES, key=NAMES.__getitem__, reverse=True)),
])
def test_rows_are_sorted_and_names_are_names(own_server, folder, tmp_path, query, order):
    host, port = own_server(folder).address
    page = Page(chromium(f"http://{host}:{port}/{query}", tmp_path, "--dump-dom"))
    assert page.scripts == 0 and page.title != "owned"
    assert page.files() == order


def test_it_follows_the_wish_for_dark(own_server, folder, tmp_path):
    host, port = own_server(folder).address
    colours = {}
    for scheme in (DARK, LIGHT):
        shot = tmp_path / f"{scheme}.png"
        chromium(f"http://{host}:{port}/", tmp_path / "profile", f"--blink-settings=preferredColorScheme={scheme}",
                 "--window-size=800,600", f"--screenshot={shot}")
        colours[scheme] = corner_colour(shot.read_bytes())
    assert max(colours[DARK]) < 80 and min(colours[LIGHT]) > 200, colours

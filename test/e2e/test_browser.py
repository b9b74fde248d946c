"""A listing as Chromium shows it: the order of its rows, hostile names, light and dark."""

from __future__ import annotations

import asyncio
import html.parser
import json
import os
import shutil
import struct
import subprocess
import urllib.request
import zlib
from pathlib import Path

import pytest
import websockets

import servers

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
    assert page.scripts == 1 and page.title != "owned"
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


class Tab:
    """A page in Chromium, steered over its debugging protocol."""

    def __init__(self, profile: Path):
        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={profile}",
             "--remote-debugging-port=0", "about:blank"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        told = profile / "DevToolsActivePort"
        assert servers.wait_until(lambda: told.exists() and "\n" in told.read_text(), 60)
        self.port = told.read_text().splitlines()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/json/list") as tabs:
            self.url = next(tab["webSocketDebuggerUrl"] for tab in json.load(tabs) if tab["type"] == "page")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    async def send_file(self, url: str, file: Path) -> str:
        """Chooses a file in the form of the page and sends it. Returns the text of the page in the end."""
        async with websockets.connect(self.url, max_size=None) as tab:
            count = 0

            async def call(method: str, **parameters):
                nonlocal count
                count += 1
                await tab.send(json.dumps({"id": count, "method": method, "params": parameters}))
                while True:
                    answer = json.loads(await tab.recv())
                    if answer.get("id") == count:
                        assert "error" not in answer, answer
                        return answer["result"]

            async def value(expression: str):
                return (await call("Runtime.evaluate", expression=expression, awaitPromise=True))["result"].get("value")

            async def until(expression: str) -> None:
                for _ in range(200):
                    if await value(expression):
                        return
                    await asyncio.sleep(0.05)
                raise AssertionError(f"never {expression}: " + await value("document.body.innerText"))
            await call("Page.navigate", url=url)
            await until("document.readyState === 'complete' && !!document.querySelector('#upload')")
            root = (await call("DOM.getDocument"))["root"]["nodeId"]
            field = (await call("DOM.querySelector", nodeId=root, selector="#upload input"))["nodeId"]
            await call("DOM.setFileInputFiles", nodeId=field, files=[str(file)])
            await value("window.before = true; document.querySelector('#upload button').click()")
            await until("!window.before || !!document.querySelector('#sent .failed')")
            await until("document.readyState === 'complete'")
            return await value("document.body.innerText")


def test_a_file_is_sent_by_the_page(own_server, tmp_path):
    source, served = tmp_path / "größe & more.bin", tmp_path / "served"
    source.write_bytes(os.urandom(9_000_000))  # two parts
    served.mkdir()
    host, port = own_server(served, ("--upload",)).address
    tab = Tab(tmp_path / "profile")
    try:
        assert source.name in asyncio.run(tab.send_file(f"http://{host}:{port}/", source))
        assert (served / source.name).read_bytes() == source.read_bytes()
        assert "there is a file with that name already" in asyncio.run(tab.send_file(f"http://{host}:{port}/", source))
    finally:
        tab.stop()

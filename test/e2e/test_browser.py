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
from contextlib import asynccontextmanager, suppress
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

    def __init__(self, profile: Path, *options: str):
        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={profile}",
             "--remote-debugging-port=0", *options, "about:blank"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        told = profile / "DevToolsActivePort"
        assert servers.wait_until(lambda: told.exists() and "\n" in told.read_text(), 60)
        self.port = told.read_text().splitlines()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/json/list") as tabs:
            self.url = next(tab["webSocketDebuggerUrl"] for tab in json.load(tabs) if tab["type"] == "page")

    def stop(self) -> None:
        """Ends the browser. Its other processes have its standard output, too: they may write to the profile until that has ended."""
        self.process.kill()
        self.process.communicate()

    @asynccontextmanager
    async def steered(self):
        async with websockets.connect(self.url, max_size=None) as connection:
            yield Steered(connection)


class NavigatedError(Exception):
    """The page was exchanged for another one while it was asked."""


class Steered:
    def __init__(self, connection):
        self.connection, self.count = connection, 0

    async def call(self, method: str, **parameters):
        self.count += 1
        await self.connection.send(json.dumps({"id": self.count, "method": method, "params": parameters}))
        while True:
            answer = json.loads(await self.connection.recv())
            if answer.get("id") == self.count:
                if "navigated" in answer.get("error", {}).get("message", ""):
                    raise NavigatedError
                assert "error" not in answer, answer
                return answer["result"]

    async def value(self, expression: str):
        return (await self.call("Runtime.evaluate", expression=expression, awaitPromise=True))["result"].get("value")

    async def until(self, expression: str) -> None:
        for _ in range(200):
            with suppress(NavigatedError):
                if await self.value(expression):
                    return
            await asyncio.sleep(0.05)
        raise AssertionError(f"never {expression}: " + await self.value("document.body.innerText"))


async def send_file(tab: Tab, url: str, file: Path) -> str:
    """Chooses a file in the form of the page and sends it. Returns the text of the page in the end."""
    async with tab.steered() as page:
        await page.call("Page.navigate", url=url)
        await page.until("document.readyState === 'complete' && !!document.querySelector('#upload')")
        root = (await page.call("DOM.getDocument"))["root"]["nodeId"]
        field = (await page.call("DOM.querySelector", nodeId=root, selector="#upload input"))["nodeId"]
        await page.call("DOM.setFileInputFiles", nodeId=field, files=[str(file)])
        await page.value("window.before = true; document.querySelector('#upload button').click()")
        await page.until("!window.before || !!document.querySelector('#sent .failed')")
        await page.until("document.readyState === 'complete'")
        return await page.value("document.body.innerText")


def test_a_file_is_sent_by_the_page(own_server, tmp_path):
    source, served = tmp_path / "größe & more.bin", tmp_path / "served"
    source.write_bytes(os.urandom(9_000_000))  # two parts
    served.mkdir()
    host, port = own_server(served, ("--upload",)).address
    tab = Tab(tmp_path / "profile")
    try:
        assert source.name in asyncio.run(send_file(tab, f"http://{host}:{port}/", source))
        assert (served / source.name).read_bytes() == source.read_bytes()
        assert "there is a file with that name already" in asyncio.run(send_file(tab, f"http://{host}:{port}/", source))
    finally:
        tab.stop()


async def watch_pages(tab: Tab, start, folder: Path) -> None:
    """Changes files as editors do, and waits until the page shows it. `start` starts a server at the same address."""
    page_file, sheet = folder / "page.html", folder / "look" / "style.css"

    def page_of(text: str) -> str:
        return f"<!doctype html><link rel=stylesheet href=/look/style.css><p>{text}"

    def replace(text: str) -> None:
        (folder / "page.html.tmp").write_text(page_of(text))
        os.rename(folder / "page.html.tmp", page_file)

    def renamed_folder() -> None:
        os.rename(folder / "look", folder / "old")
        (folder / "look").mkdir()
        sheet.write_text("p{color:rgb(3,3,3)}")
    sheet.parent.mkdir()
    sheet.write_text("p{color:rgb(1,1,1)}")
    page_file.write_text(page_of("one"))
    server = start()
    assert servers.wait_until(lambda: any("reload when a file changes" in line for line in server.printed))
    async with tab.steered() as page:
        # The page's script knows the state of the folder from when it was loaded: it sees every change since then.
        async def shows(text: str) -> None:
            await page.until(f"document.body.innerText === '{text}' && performance.getEntriesByType('resource')"
                             ".some(one => one.name.endsWith('/.portico-live/script.js') && one.responseEnd > 0)")

        await page.call("Page.navigate", url=f"http://127.0.0.1:{server.address[1]}/page.html")
        await shows("one")
        colour = "getComputedStyle(document.querySelector('p')).color"
        page_file.write_text(page_of("two"))
        await shows("two")
        replace("three")
        await shows("three")
        # A style sheet is exchanged: the page stays.
        await page.value("window.stays = true")
        sheet.write_text("p{color:rgb(2,2,2)}")
        await page.until(f"{colour} === 'rgb(2, 2, 2)'")
        assert await page.value("window.stays && document.querySelectorAll('link').length === 1")
        renamed_folder()
        await page.until(f"{colour} === 'rgb(3, 3, 3)'")
        # A page that is missing for a while stays on the screen, and comes back.
        seen = len(server.printed)
        page_file.unlink()
        assert await asyncio.to_thread(servers.wait_until, lambda: any("404 HEAD /" in line for line in server.printed[seen:]))
        assert await page.value("document.body.innerText") == "three"
        page_file.write_text(page_of("four"))
        await shows("four")
        server.stop()
        page_file.write_text(page_of("five"))
        server = start(server.address[1])
        await shows("five")


def test_a_page_reloads_when_a_file_changes(own_server, tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()

    def start(port: int = 0):
        listen = ("--listen", f"127.0.0.1:{port}") if port else ()
        return own_server(folder, ("--live", "--access-log", "text", *listen))
    tab = Tab(tmp_path / "profile")
    try:
        asyncio.run(watch_pages(tab, start, folder))
    finally:
        tab.stop()

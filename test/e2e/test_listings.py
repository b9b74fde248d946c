"""Links in a listing work, and HEAD answers like GET: both need more than one exchange."""

from __future__ import annotations

import json
import os
from html.parser import HTMLParser
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

import pytest

import servers
from conformance.case import get, head
from conformance.content import ODD_NAMES
from exchange import ask

pytestmark = pytest.mark.release

only_portico = pytest.mark.skipif(servers.chosen() != "portico", reason="Portico's own promise")


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.elements: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.elements.append(tag)
        href = dict(attributes).get("href")
        if tag == "a" and href is not None:
            self.targets.append(href)


def links_of(address, target: str) -> list[str]:
    page = Links()
    page.feed(ask(address, get(target)).content.decode("utf-8", "surrogateescape"))
    assert page.elements.count("script") == 1 and "img" not in page.elements
    return page.targets


def entries_of(address, target: str) -> list[dict]:
    return json.loads(ask(address, get(target, "Accept: application/json")).content)["entries"]


def test_every_link_of_a_page_leads_somewhere_on_this_server(server):
    address = server().address
    seen, waiting = set(), ["/odd/", "/list/", "/links/", "/special/", "/types/", "/sub/"]
    while waiting:
        target = waiting.pop()
        for link in links_of(address, target):
            there = urlsplit(urljoin("http://localhost" + target, link))
            assert (there.scheme, there.netloc) == ("http", "localhost"), f"{link!r} on {target} leads off the site"
            if there.path in seen or there.path == "/":
                continue
            seen.add(there.path)
            answer = ask(address, head(there.path), "HEAD")
            # Root may read files that other users may not.
            assert answer.status == 200 or "/special/" in there.path, f"{link!r} on {target}: {answer.status}"
    assert len(seen) > 30


def test_links_to_odd_names_lead_to_their_content(server):
    address = server().address
    found = set()
    for link in links_of(address, "/odd/"):
        path = urlsplit(urljoin("http://localhost/odd/", link)).path
        name = unquote_to_bytes(path.removeprefix("/odd/"))
        if name in ODD_NAMES:
            answer = ask(address, get(path))
            assert (answer.status, answer.content) == (200, b"content of " + name), f"{link!r}"
            found.add(name)
    shown = {name for name in ODD_NAMES if not name.startswith(b".")}
    assert found == shown, f"not listed: {sorted(shown - found)}"


@only_portico
def test_json_names_the_same_entries_as_the_page(server, root):
    address = server().address
    hrefs = [entry["href"] for entry in entries_of(address, "/odd/")]
    assert len(hrefs) == len(set(hrefs))
    names = {unquote_to_bytes(urlsplit(urljoin("http://localhost/odd/", href)).path.removeprefix("/odd/"))
             for href in hrefs}
    assert names == {name for name in os.listdir(os.fsencode(root("plain") / "odd")) if not name.startswith(b".")}


@only_portico
def test_links_inside_the_root_are_listed_as_what_they_lead_to(server):
    kinds = {entry["name"]: entry["type"] for entry in entries_of(server().address, "/links/")}
    assert (kinds.get("inside.txt"), kinds.get("chain.txt"), kinds.get("sub")) == ("file", "file", "folder"), kinds
    assert not {"out.txt", "passwd", "top", "loop-a", "dangling", "self", "zero"} & set(kinds), kinds


@only_portico
def test_entries_tell_the_truth(server):
    entries = {entry["name"]: entry for entry in entries_of(server().address, "/list/")}
    assert set(entries) == {"one.txt", "two.bin", "folder"}
    assert (entries["two.bin"]["size"], entries["folder"]["type"]) == (3, "folder")
    assert entries["one.txt"]["modified"].startswith("2024-01-02T03:04:05")


@only_portico
def test_ten_thousand_entries_are_listed_without_delaying_others(own_server, tmp_path):
    for number in range(10_000):
        (tmp_path / f"entry-{number:05}.txt").touch()
    (tmp_path / "hello.txt").write_bytes(b"hello")
    one = own_server(tmp_path)
    answer = ask(one.address, get("/", "Accept: application/json"))
    listed = json.loads(answer.content)
    assert len(listed["entries"]) == 10_001 or listed["truncated"]
    assert ask(one.address, get("/hello.txt")).content == b"hello"


@only_portico
def test_a_text_below_a_listing_has_a_limit(own_server, tmp_path):
    for folder, octets in (("fits", 64 * 1024), ("too-long", 64 * 1024 + 1)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "README").write_bytes(b"r" * octets)
    address = own_server(tmp_path).address
    assert b"<pre>rrr" in ask(address, get("/fits/")).content and b"<pre>" not in ask(address, get("/too-long/")).content


TARGETS = ["/hello.txt", "/empty.txt", "/big.bin", "/missing", "/sub", "/sub/", "/list/", "/site/", "/pre.css",
           "/long.txt", "/types/page.html", "/types/unknown.qqq",
           "/links/inside.txt", "/links/out.txt", "/special/fifo", "/.hidden", "/%zz", "/hello.txt/"]
MORE = [(), ("Accept-Encoding: gzip",), ("Accept-Encoding: br, zstd",), ("Accept: application/json",),
        ("If-None-Match: *",), ('If-Match: "other"',), ("Connection: close",)]
MAY_DIFFER = {"date"}  # RFC 9110 §9.3.2 allows omitting some, but omitting none is always right


@pytest.mark.parametrize("lines", MORE, ids=["plain", "gzip", "others", "json", "none_match", "match", "close"])
@pytest.mark.parametrize("target", TARGETS)
def test_head_has_the_header_section_of_get(server, target, lines):
    address = server().address
    by_get, by_head = ask(address, get(target, *lines)), ask(address, head(target, *lines), "HEAD")
    assert by_head.status == by_get.status

    def section(answer) -> dict:
        return {name.lower(): value for name, value in answer.lines if name.lower() not in MAY_DIFFER}
    assert section(by_head) == section(by_get)
    if by_get.status == 200 and "content-length" in section(by_get):
        assert int(section(by_get)["content-length"]) == len(by_get.content)

"""`portico serve --live`: pages learn of changes, over each version of HTTP. test_browser.py has what a browser does with it."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

import servers

pytestmark = pytest.mark.skipif(servers.chosen() != "portico", reason="Portico's own promise")

TAG = b'<script src="/.portico-live/script.js" async></script>\n'


class Events:
    """The stream of events, as curl receives it."""

    def __init__(self, address, *options: str):
        host, port = address
        self.curl = subprocess.Popen(["curl", "-sSN", *options, f"http://{host}:{port}/.portico-live/events"],
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def next(self) -> dict:
        line, empty = self.curl.stdout.readline(), self.curl.stdout.readline()
        assert line.startswith(b"data: ") and empty == b"\n", line
        return json.loads(line[6:])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.curl.kill()
        self.curl.communicate()


def curl(address, path: str, *options: str) -> bytes:
    host, port = address
    return subprocess.run(["curl", "-sS", *options, f"http://{host}:{port}{path}"], capture_output=True, check=True).stdout


@pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])
def test_pages_learn_what_has_changed(own_server, tmp_path, version):
    page, sheet = tmp_path / "page.html", tmp_path / "a b.css"
    page.write_text("<p>one")
    sheet.write_text("p{}")
    server = own_server(tmp_path, ("--live", "--hidden"))
    assert curl(server.address, "/page.html", version) == b"<p>one" + TAG
    assert f"Content-Length: {6 + len(TAG)}".lower() in curl(server.address, "/page.html", version, "-I").decode().lower()
    with Events(server.address, version) as events, Events(server.address) as others:
        begun = events.next()
        assert begun == others.next() and begun["styles"] == []
        assert begun["state"] in curl(server.address, "/.portico-live/script.js", version).decode()
        sheet.write_text("p{color:red}")
        changed = events.next()
        assert changed == others.next()
        assert (changed["before"], changed["styles"]) == (begun["state"], ["/a%20b.css"])
        (tmp_path / "new.html").write_text("<p>two")
        os.replace(tmp_path / "new.html", page)
        while changed["styles"] != []:  # on a busy machine, one change may be reported in two parts
            changed = events.next()
        assert curl(server.address, "/page.html", version).endswith(TAG)
    server.process.terminate()
    assert server.process.wait(10) == 0


def test_one_file_is_watched_alone(own_server, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("one")
    server = own_server(page, ("--live",))
    with Events(server.address) as events:
        begun = events.next()
        (tmp_path / "other.html").write_text("nobody sees it")
        page.write_text("two")
        assert events.next()["before"] == begun["state"]
        assert curl(server.address, "/") == b"two" + TAG

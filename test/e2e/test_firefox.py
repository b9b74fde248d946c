"""Firefox as a client: a page and what belongs to it, over HTTP/2 and TLS, with an authority that its profile trusts.

Skipped where Firefox is missing: script/bootstrap does not install it. Debian: apt-get install firefox-esr libnss3-tools.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import servers

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
pytestmark = [pytest.mark.apart, pytest.mark.browser,
              pytest.mark.skipif(servers.chosen() != "portico", reason="about Portico's own options"),
              pytest.mark.skipif(not FIREFOX or not shutil.which("certutil"), reason="Firefox or certutil is not installed")]

PAGE = '<!doctype html><title>T</title><link rel=stylesheet href=a.css><img src=i.svg><script src=s.js></script><p>Hello'
FILES = {"index.html": PAGE, "a.css": "p{color:red}", "i.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
         "s.js": 'fetch("done.txt")', "done.txt": "done\n"}


@pytest.fixture
def folder(tmp_path) -> Path:
    path = tmp_path / "site"
    path.mkdir()
    for name, text in FILES.items():
        (path / name).write_text(text)
    return path


def test_a_page_comes_over_http_2(own_server, folder, tmp_path):
    home = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(tmp_path / "home")}
    server = own_server(folder, ("--tls", "--access-log", "combined"), env=home)
    profile = tmp_path / "profile"
    for made in (profile, tmp_path / "home"):
        made.mkdir()
    authority = tmp_path / "data/portico/authority.pem"
    for words in (["-N", "--empty-password"], ["-A", "-n", "portico", "-t", "C,,", "-i", authority]):
        subprocess.run(["certutil", *words, "-d", f"sql:{profile}"], check=True, capture_output=True, timeout=30)
    subprocess.run([FIREFOX, "--headless", "--no-remote", "--profile", profile, "--screenshot", tmp_path / "shot.png",
                    f"https://localhost:{server.address[1]}/"], env=home, capture_output=True, timeout=90)
    wanted = {"/", *(f"/{name}" for name in FILES if name != "index.html")}

    def seen() -> dict[str, tuple[str, str]]:
        found = re.findall(r'"GET (\S+) (HTTP/\S+)" (\d+) .*Firefox', "".join(server.printed))
        return {target: (version, status) for target, version, status in found}
    assert servers.wait_until(lambda: wanted <= seen().keys()), server.printed
    assert {seen()[target] for target in wanted} == {("HTTP/2.0", "200")}
    assert (tmp_path / "shot.png").stat().st_size > 0

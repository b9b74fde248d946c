"""script/docs: the site is complete, its links lead somewhere, and it is readable on a narrow screen. The pictures are what their texts say."""

from __future__ import annotations

import functools
import html.parser
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.parse
from pathlib import Path

import pytest

from test_course import COURSE, PAGES, REPOSITORY

sys.path.insert(0, str(REPOSITORY / "tools"))
import draw_pictures  # noqa: E402

# Loads each page in a frame of the width asked for, and then says how wide its content is.
MEASURE = """<!DOCTYPE html><title>measuring</title><iframe style="border: 0; height: 500px"></iframe><script>
const pages = PAGES, frame = document.querySelector("iframe"), found = {};
let at = 0;
frame.onload = () => {
    const [width, page] = pages[at];
    const root = frame.contentDocument.documentElement;
    const broken = [...frame.contentDocument.querySelectorAll("img")].filter(image => image.complete && image.naturalWidth === 0);
    found[width + " " + page] = [root.clientWidth, root.scrollWidth, broken.length];
    if (++at < pages.length) load(); else document.title = JSON.stringify(found);
};
function load() { frame.style.width = pages[at][0] + "px"; frame.src = pages[at][1]; }
load();
</script>"""


class Page(html.parser.HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.pictures: list[dict] = []
        self.headings = 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given[name] for name in ("href", "src") if name in given]
        self.pictures += [given] if tag == "img" else []
        self.headings += tag == "h1"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("site") / "docs"
    done = subprocess.run([REPOSITORY / "script/docs", out], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(Path(word).is_file() for word in re.findall(rf"{re.escape(str(tmp_path_factory.getbasetemp()))}\S+", done.stdout)), done.stdout
    return out


def wrongs_of(site: Path) -> list[str]:
    pages = {str(page.relative_to(site)): Page(page.read_text()) for page in site.rglob("*.html")}
    files = set(pages) | {str(file.relative_to(site)) for file in site.rglob("*") if file.is_file()}
    wrongs = []
    for path, page in pages.items():
        wrongs += [f"{path}: {id} twice" for id in set(page.ids) if page.ids.count(id) > 1]
        wrongs += [f"{path}: a picture without a text" for picture in page.pictures if not picture.get("alt", "").strip()]
        wrongs += [] if page.headings == 1 else [f"{path}: {page.headings} titles"]
        for written in page.links:
            if re.match(r"[a-z]+:", written):
                continue
            name, _, place = urllib.parse.unquote(written).partition("#")
            target = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
            if target not in files:
                wrongs.append(f"{path}: {written} leads to nothing")
            elif place and place not in pages[target].ids:
                wrongs.append(f"{path}: {written} leads to no such place")
    return wrongs


@pytest.mark.xdist_group("site")
def test_pages_are_complete_and_their_links_lead_somewhere(site, tmp_path):
    assert wrongs_of(site) == []
    chapters = [Page((site / "docs/sockets" / name).with_suffix(".html").read_text()) for name in PAGES]
    assert len(chapters) == len(PAGES) >= 16 and all(len(page.links) > 5 and len(page.ids) > 2 for page in chapters)
    assert sum(len(page.pictures) for page in chapters) == len(list((COURSE / "pictures").glob("*.txt"))) >= 7
    # All of this can fail.
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "a.html").write_text('<h1 id="a">A</h1><h2 id="a">A</h2><a href="b.html">b</a><a href="#b">b</a><img src="a.html" alt="">')
    assert len(wrongs_of(broken)) == 4


@pytest.mark.xdist_group("site")
def test_exercises_and_examples_can_be_read(site):
    exercises = (site / "exercises/04/index.html").read_text()
    assert '<pre tabindex="0" class="wraps"><code>a: Which call' in exercises and "<b>./mine 7000 &amp;</b>" in exercises
    assert "hello_server.c.html" in Page((site / "examples/raw/index.html").read_text()).links


def test_only_a_site_is_replaced(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    done = subprocess.run([REPOSITORY / "script/docs", tmp_path], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and "not empty" in done.stderr and (tmp_path / "mine.txt").exists()


@pytest.mark.browser
@pytest.mark.xdist_group("site")
@pytest.mark.skipif(not shutil.which("chromium"), reason="Chromium is not installed")
def test_no_page_is_wider_than_the_screen(site, tmp_path):
    names = ["index.html", "docs/library.html", "docs/tls.html"]
    names += [str(page.relative_to(site)) for page in sorted((site / "docs/sockets").glob("*.html"))]
    wide = "<!DOCTYPE html><title>wide</title><p style='width: 700px'>x"
    (site / "wide.html").write_text(wide)
    wanted = [*((360, name) for name in [*names, "wide.html"]), (1280, "docs/sockets/10-waiting.html")]
    (site / "measure.html").write_text(MEASURE.replace("PAGES", json.dumps(wanted)))

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        document = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={tmp_path}",
             "--virtual-time-budget=60000", "--dump-dom", f"http://127.0.0.1:{server.server_port}/measure.html"],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=90).stdout
        server.shutdown()
    measured = json.loads(html.unescape(re.search(r"<title>(.*?)</title>", document)[1]))
    assert len(measured) == len(wanted) > 20
    assert measured.pop("360 wide.html")[1] > 360
    assert {page: found for page, found in measured.items() if found[1] > found[0] or found[2] > 0} == {}


def test_pictures_are_what_their_texts_say():
    done = subprocess.run([sys.executable, "-B", REPOSITORY / "tools/draw_pictures.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


TITLE = "title: A\nabout: A\n  and B\nsize: 20 10\n"


@pytest.mark.parametrize("shapes, wrong", [
    ("box 1 1 8 4: client", None),
    ("text 10 5 small: a\nline 1 1 5 5 5 8 both: x", None),
    ("box 1 1 4 4: a text that is too long for it", "no room for 'a text that is too long for it'"),
    ("text 1 5: centred", "no room for 'centred'"),
    ("box 15 1 8 4: a", "the box 'a' is outside the picture"),
    ("line 1 1 30 1: a", "the line 'a' is not in the picture"),
    ("circle 1 1 3: a", "'circle 1 1 3: a' is not understood"),
    ("", "a picture needs a title, a description and a shape"),
])
def test_a_picture(shapes, wrong):
    if wrong is None:
        svg = draw_pictures.drawn(TITLE + shapes).svg()
        assert "<title id=\"title\">A</title>" in svg and "<desc id=\"about\">A and B</desc>" in svg and "prefers-color-scheme: dark" in svg
    else:
        with pytest.raises(draw_pictures.PictureError, match=re.escape(wrong)):
            draw_pictures.drawn(TITLE + shapes)

"""The scratch root that the tables refer to: its exact content and times, to the octet and the second."""

from __future__ import annotations

import gzip
import os
import socket
import stat
from pathlib import Path

MODIFIED = 1_704_164_645  # Tue, 02 Jan 2024 03:04:05 GMT
MODIFIED_IMF = "Tue, 02 Jan 2024 03:04:05 GMT"
MODIFIED_RFC850 = "Tuesday, 02-Jan-24 03:04:05 GMT"
MODIFIED_ASCTIME = "Tue Jan  2 03:04:05 2024"
LATER_IMF = "Wed, 03 Jan 2024 03:04:05 GMT"
LATER_RFC850 = "Wednesday, 03-Jan-24 03:04:05 GMT"
LATER_ASCTIME = "Wed Jan  3 03:04:05 2024"
EARLIER_IMF = "Mon, 01 Jan 2024 03:04:05 GMT"
EARLIER_RFC850 = "Monday, 01-Jan-24 03:04:05 GMT"
EARLIER_ASCTIME = "Mon Jan  1 03:04:05 2024"

HELLO = b"Hello, world!\n"
PROBE = b"probe\n"
SMUGGLED = b"SMUGGLED\n"
TEN = b"0123456789"
THOUSAND = bytes(i * 7 % 251 for i in range(1000))
BIG = b"".join(b"%015d\n" % line for line in range(196_608))  # 3 MiB, each 16 octets differ
LONG_TEXT = b"".join(b"Line %d of a text that is worth compressing, as most texts are.\n" % i for i in range(400))
SECRET = b"SECRET outside of the root\n"
NOT_FOUND_PAGE = b"<!doctype html><title>Lost</title><p>Our own page for what is not there.\n"
SPA_PAGE = b"<!doctype html><title>App</title><div id=app></div>\n"

# A representation with siblings that were encoded in advance. The server must send them unchanged, so the content of
# .br and .zst need not be Brotli or Zstandard.
PRE = b"body { color: black; background: white }\n" * 40
PRE_GZIP = gzip.compress(PRE, mtime=0)
PRE_BR = b"this stands for Brotli\n" * 3
PRE_ZSTD = b"(\xb5/\xfd this stands for Zstandard\n" * 3

TYPES = {  # name → Content-Type, as a pattern
    "page.html": r"text/html; ?charset=utf-8",
    "page.htm": r"text/html; ?charset=utf-8",
    "LOUD.HTML": r"text/html; ?charset=utf-8",
    "style.css": r"text/css; ?charset=utf-8",
    "script.js": r"(text|application)/javascript; ?charset=utf-8",
    "module.mjs": r"(text|application)/javascript; ?charset=utf-8",
    "data.json": r"application/json(; ?charset=utf-8)?",
    "app.webmanifest": r"application/manifest\+json(; ?charset=utf-8)?",
    "plain.txt": r"text/plain; ?charset=utf-8",
    "read.md": r"text/(markdown|plain); ?charset=utf-8",
    "table.csv": r"text/csv; ?charset=utf-8",
    "feed.xml": r"(text|application)/xml(; ?charset=utf-8)?",
    "image.svg": r"image/svg\+xml(; ?charset=utf-8)?",
    "image.png": r"image/png",
    "photo.jpg": r"image/jpeg",
    "photo.jpeg": r"image/jpeg",
    "moving.gif": r"image/gif",
    "photo.webp": r"image/webp",
    "photo.avif": r"image/avif",
    "favicon.ico": r"image/(x-icon|vnd\.microsoft\.icon)",
    "face.woff": r"font/woff",
    "face.woff2": r"font/woff2",
    "face.ttf": r"font/ttf",
    "app.wasm": r"application/wasm",
    "film.mp4": r"video/mp4",
    "film.webm": r"video/webm",
    "song.mp3": r"audio/mpeg",
    "paper.pdf": r"application/pdf",
    "things.zip": r"application/zip",
    "archive.tar.gz": r"application/(gzip|x-gzip)",
    "unknown.qqq": r"application/octet-stream",
    "noextension": r"application/octet-stream|text/plain; ?charset=utf-8",
}

# Names that a listing must escape and a target must encode. They are octets, because a name on Linux is octets.
ODD_NAMES = (
    b"with space.txt", b"quote'\".txt", b"new\nline.txt", b"tab\there.txt", b"<script>alert(1)<script>.txt",
    b"<img src=x onerror=alert(1)>.txt", "\u00fcmlaut \u65e5\u672c.txt".encode(), b"invalid-\xff\xfe.txt", b"100%.txt",
    b"a+b.txt", b"semi;colon.txt", b"question?.txt", b"hash#.txt", b"back\\slash.txt", b"colon:name.txt",
    b"javascript:alert(1)", b"&lt;amp&amp;.txt", b"%2e%2e", b"%41.txt", b"...", b"~tilde", b"-dash", b"trailing ",
    b" leading", b"\x7fdelete\x01.txt", b"\xe2\x80\xaeright-to-left.txt", b"n" * 251 + b".txt",
)


def write(root: Path, name: str | bytes, content: bytes, modified_ns: int = 0) -> None:
    path = os.path.join(os.fsencode(root), os.fsencode(name))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
    when = MODIFIED * 1_000_000_000 + modified_ns
    os.utime(path, ns=(when, when))


def build_plain(root: Path) -> None:
    for name, content in {
        "hello.txt": HELLO, "probe.txt": PROBE, "smuggled.txt": SMUGGLED, "empty.txt": b"", "ten.bin": TEN,
        "thousand.bin": THOUSAND, "big.bin": BIG, "long.txt": LONG_TEXT, "pre.css": PRE, "pre.css.gz": PRE_GZIP,
        "pre.css.br": PRE_BR, "pre.css.zst": PRE_ZSTD, "onlygz.js": PRE, "onlygz.js.gz": PRE_GZIP,
        "sub/file.txt": b"file in sub\n", "sub/deep/er/file.txt": b"deep file\n", "site/index.html": SPA_PAGE,
        ".hidden": b"hidden\n", ".git/config": b"hidden config\n", "sub/.hidden": b"hidden in sub\n",
        "A.txt": b"letter A\n",
        "case.txt": b"lower\n", "dotted..name.txt": b"two dots\n", "..double": b"starts with two dots\n",
        "trick/%2e%2e/hello.txt": b"literal percent\n", "list/one.txt": b"1\n", "list/two.bin": b"22\n",
        "list/folder/inner.txt": b"i\n", "list/.secret": b"s\n", "nothing/here/.keep": b"",
    }.items():
        write(root, name, content)
    for name in TYPES:
        write(root, f"types/{name}", b"<!-- some octets -->\n")
    write(root, "precise.txt", b"a part of a second\n", modified_ns=999_999_999)
    write(root, "long.png", LONG_TEXT)
    for name in ODD_NAMES:
        write(root, b"odd/" + name, b"content of " + name)
    write(root, "/".join(["d" * 20] * 40) + "/bottom.txt", b"bottom\n")
    build_links(root)
    build_special(root)


def build_links(root: Path) -> None:
    outside = root.parent / "outside"
    write(outside, "secret.txt", SECRET)
    (root / "links").mkdir(exist_ok=True)
    for name, to in {
        "inside.txt": "../hello.txt", "chain.txt": "inside.txt", "sub": "../sub", "out.txt": "../../outside/secret.txt",
        "out-absolute.txt": str(outside / "secret.txt"), "out": "../../outside", "passwd": "/etc/passwd", "top": "/",
        "self": "/proc/self", "environ": "/proc/self/environ", "descriptor": "/proc/self/fd/0", "zero": "/dev/zero",
        "loop-a": "loop-b", "loop-b": "loop-a", "self-loop": "self-loop", "dangling": "nowhere",
        "out-and-back.txt": f"../../{root.name}/hello.txt", "hidden-by-link.txt": "../.hidden", "up": "..",
        "absolute-inside.txt": str(root / "hello.txt"),
    }.items():
        os.symlink(to, root / "links" / name)


def build_special(root: Path) -> None:
    (root / "special").mkdir(exist_ok=True)
    os.mkfifo(root / "special/fifo")
    os.mkfifo(root / "special/fifo.txt")
    listener = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(root / "special")  # the path of a Unix socket is short
    try:
        listener.bind("socket")
    finally:
        os.chdir(here)
        listener.close()
    if os.geteuid() == 0:
        os.mknod(root / "special/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        os.mknod(root / "special/zero", 0o666 | stat.S_IFCHR, os.makedev(1, 5))
        os.mknod(root / "special/block", 0o600 | stat.S_IFBLK, os.makedev(7, 200))
    write(root, "special/unreadable.txt", b"nobody may read this\n")
    os.chmod(root / "special/unreadable.txt", 0)
    write(root, "special/closed/file.txt", b"nobody may enter\n")
    os.chmod(root / "special/closed", 0)


def build_custom(root: Path) -> None:
    write(root, "404.html", NOT_FOUND_PAGE)
    write(root, "index.html", SPA_PAGE)
    write(root, "hello.txt", HELLO)
    write(root, "probe.txt", PROBE)
    write(root, "app.js", b"start()\n")
    write(root, "sub/file.txt", b"file in sub\n")


def build_spa(root: Path) -> None:
    write(root, "index.html", SPA_PAGE)
    write(root, "hello.txt", HELLO)
    write(root, "probe.txt", PROBE)
    write(root, "app.js", b"start()\n")
    write(root, "assets/style.css", b"p {}\n")


BUILDERS = {"plain": build_plain, "custom": build_custom, "spa": build_spa}


def build(parent: Path, which: str) -> Path:
    """Creates the root `which` as parent/which/root, so that each root has its own surroundings."""
    root = parent / which / "root"
    root.mkdir(parents=True)
    BUILDERS[which](root)
    for folder, names, _ in os.walk(root):
        for name in names:
            if not os.path.islink(os.path.join(folder, name)):
                os.utime(os.path.join(folder, name), (MODIFIED, MODIFIED))
    return root

#!/usr/bin/env python3
"""Makes a web site of the documents: a page for each Markdown file, and for each source file or folder that one of them links to.

usage: make_site.py OUT

OUT mirrors the repository: docs/tls.md becomes OUT/docs/tls.html, a README.md becomes its folder's index.html, and
portico/io/stream.h becomes portico/io/stream.h.html. Pages are static and without scripts; anchors are those of GitHub.
Fails, and names the links, if one leads to nothing.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import sys
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

import check_docs

REPOSITORY = Path(__file__).resolve().parents[1]
STYLE = "docs/site.css"
PICTURES = {".svg", ".png", ".jpg"}
NAVIGATION = re.compile(r"Previous: |\[Contents\]")
SITE_LINKS = [("README.md", "Portico"), ("docs/sockets/README.md", "Sockets: a course"), ("docs/library.md", "The library")]


def page_of(path: str) -> str:
    """Returns where the site has a file or folder of the repository."""
    file = REPOSITORY / path
    if file.is_dir():
        return os.path.normpath(f"{path}/index.html")
    if file.name == "README.md":
        return os.path.normpath(f"{os.path.dirname(path) or '.'}/index.html")
    if file.suffix in PICTURES or path == STYLE:
        return path
    return path.removesuffix(".md") + ".html" if file.suffix == ".md" else path + ".html"


def link(page: str, target: str) -> str:
    return os.path.relpath(target, os.path.dirname(page) or ".")


class Site:
    def __init__(self, out: Path):
        self.out = out
        self.markdown = MarkdownIt("commonmark").enable("table")
        self.markdown.add_render_rule("table_open", lambda *_: '<div class="wide" tabindex="0"><table>\n')
        self.markdown.add_render_rule("table_close", lambda *_: "</table></div>\n")
        self.markdown.add_render_rule("fence", fence)
        self.markdown.add_render_rule("code_block", indented)
        self.wanted: list[str] = []
        self.wrongs: list[str] = []

    def want(self, path: str) -> None:
        if path not in self.wanted:
            self.wanted.append(path)

    def make(self) -> None:
        for document in [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md"), REPOSITORY / STYLE]:
            self.want(str(document.relative_to(REPOSITORY)))
        for path in self.wanted:  # which grows: a page wants the pages that it links to
            file, page = REPOSITORY / path, page_of(path)
            target = self.out / page
            target.parent.mkdir(parents=True, exist_ok=True)
            if page == path:
                shutil.copyfile(file, target)
            else:
                target.write_text(self.document(path, page) if file.suffix == ".md" else self.source(path, page))

    def target_of(self, path: str, page: str, written: str) -> str:
        """Returns what a link of a document is on the site."""
        if re.match(r"[a-z]+:|#", written):
            return written
        name, _, place = written.partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(path), name))
        file = REPOSITORY / target
        if target.startswith("..") or not file.exists():
            self.wrongs.append(f"{path} links to {written}, which is not there")
            return written
        if file.is_dir() and (file / "README.md").exists():
            target = f"{target}/README.md"
        self.want(target)
        return link(page, page_of(target)) + (f"#{place}" if place and target.endswith(".md") else "")

    def follow(self, path: str, page: str, tokens: list[Token]) -> None:
        for token in tokens:
            for name in ("href", "src"):
                if name in token.attrs:
                    token.attrs[name] = self.target_of(path, page, str(token.attrs[name]))
            self.follow(path, page, token.children or [])

    def document(self, path: str, page: str) -> str:
        tokens = self.markdown.parse((REPOSITORY / path).read_text())
        self.follow(path, page, tokens)
        title, contents, taken = path, [], {}
        for opening, inline in zip(tokens, tokens[1:]):
            if opening.type == "paragraph_open" and NAVIGATION.match(inline.content):
                opening.attrs["class"] = "steps"
            elif opening.type == "paragraph_open" and [each.type for each in inline.children or []] == ["image"]:
                opening.attrs |= {"class": "picture", "tabindex": "0"}
            if opening.type != "heading_open":
                continue
            opening.attrs["id"] = check_docs.anchor(inline.content, taken)
            text = self.markdown.renderInline(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", inline.content))
            if opening.tag == "h1":
                title = re.sub(r"<[^>]*>", "", text)
            elif opening.tag in ("h2", "h3"):
                contents.append(f'<li class="{opening.tag}"><a href="#{opening.attrs["id"]}">{text}</a></li>')
        body = self.markdown.renderer.render(tokens, self.markdown.options, {})
        return self.shell(page, title, body, contents if len(contents) > 2 else [])

    def source(self, path: str, page: str) -> str:
        """A page that shows a source file, or the names in a folder."""
        file = REPOSITORY / path
        if file.is_dir():
            names = [f"<li>{self.entry(each, page)}</li>" for each in sorted(file.iterdir()) if each.is_file()]
            body = "<ul>\n" + "\n".join(names) + "\n</ul>\n"
        else:
            body = f'<pre tabindex="0"><code>{html.escape(file.read_text(errors="replace"))}</code></pre>\n'
        return self.shell(page, html.escape(path), f"<h1>{html.escape(path)}</h1>\n{body}", [])

    def entry(self, file: Path, page: str) -> str:
        """The name of a file in a folder. Readers look into all examples, so each has a page."""
        path = str(file.relative_to(REPOSITORY))
        if not path.startswith("examples/"):
            return html.escape(file.name)
        self.want(path)
        return f'<a href="{link(page, page_of(path))}">{html.escape(file.name)}</a>'

    def shell(self, page: str, title: str, body: str, contents: list[str]) -> str:
        links = " ".join(f'<a href="{link(page, page_of(path))}">{text}</a>' for path, text in SITE_LINKS)
        before, end_of_title, rest = body.partition("</h1>")
        if not end_of_title:
            before, rest = "", body
        inside = f'<nav class="contents" aria-label="On this page"><p>On this page</p>\n<ul>\n{"".join(contents)}\n</ul></nav>\n'
        return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Portico</title>
<link rel="stylesheet" href="{link(page, STYLE)}">
</head>
<body>
<header><nav aria-label="Site">{links}</nav></header>
<main class="page">
{before}{end_of_title}
{inside if contents else ""}<div class="text">{rest}</div>
</main>
</body>
</html>
"""


def code(lines: str, kind: str) -> str:
    """A block of code. In a transcript, what is typed differs from what is printed."""
    lines = html.escape(lines, quote=False)
    if kind == "console":
        lines = re.sub(r"^(\$ )(.*)$", r'<span class="prompt">\1</span><b>\2</b>', lines, flags=re.MULTILINE)
    wraps = ' class="wraps"' if kind == "questions" else ""
    return f'<pre tabindex="0"{wraps}><code>{lines}</code></pre>\n'


def indented(_renderer, tokens: list[Token], index: int, _options, _env) -> str:
    """A block of the exercises: a transcript, or questions, whose long lines are not cut off."""
    lines = tokens[index].content
    return code(lines, "console" if lines.startswith("$ ") else "questions" if re.match(r"[a-z]: ", lines) else "")


def fence(_renderer, tokens: list[Token], index: int, _options, _env) -> str:
    return code(tokens[index].content, (tokens[index].info.split() or [""])[0])


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    site = Site(Path(sys.argv[1]))
    site.make()
    print("\n".join(site.wrongs) if site.wrongs else f"{len(site.wanted)} pages and pictures")
    return 1 if site.wrongs else 0


if __name__ == "__main__":
    sys.exit(main())

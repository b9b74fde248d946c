#!/usr/bin/env python3
"""Checks that each C++ file includes the standard headers that declare the names it uses.

usage: check_includes.py [REPOSITORY]

A file may include a header itself, or through headers of this repository. Most builds precompile the usual headers
(cmake/compiler.cmake): with them, a file that forgets one of these compiles all the same. The program that ships is
built without precompiled headers, so this check must find such a file first.

tools/standard_names.txt lists the names of each header. A name that is used after std::, testing:: or a leading :: and is
not listed is a mistake too. Other names, such as errno and assert, are checked only if they are listed.

Prints one line for each mistake and exits with 1, or prints how many files are in order.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from check_sizes import COMMENT_OR_TEXT

FOLDERS = ("portico", "examples", "test")  # bench/ is never built with precompiled headers
NAMES = "tools/standard_names.txt"
PRECOMPILED = "cmake/compiler.cmake"

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"\n]+)[>"]', re.MULTILINE)
NO_CODE = re.compile(f"{COMMENT_OR_TEXT}|{INCLUDE.pattern}", re.DOTALL | re.MULTILINE)

# std::a::b, testing::a, ::a, and any other word that is not a member of something.
USE = re.compile(r"(?<![\w.:>])(?:(?:std|testing)(?:::\w+)+|[A-Za-z_]\w*)|(?<![\w>)\]:])::(?!operator\b|portico\b)\w+")
MUST_BE_LISTED = ("std::", "testing::", "::")

# Words of the language that work only with a header.
KEYWORDS = {word: ["coroutine"] for word in ("co_await", "co_return", "co_yield")}


class Names:
    """The contents of standard_names.txt: the headers that declare each name, as programs write it."""

    def __init__(self, text: str):
        self.declared: dict[str, list[str]] = dict(KEYWORDS)
        for line in re.findall(r"^[^#\n].*", text, re.MULTILINE):
            headers, _, names = line.partition(":")
            for name in names.split():
                self._add(name, headers.split())
        self.beginnings = [name[:-1] for name in self.declared if name.endswith("*")]

    def _add(self, name: str, headers: list[str]) -> None:
        of_cpp = [header for header in headers if not header.endswith((".h", ".hpp"))]
        plain = name.removeprefix("::")
        written = {f"std::{plain}": of_cpp}
        if len(of_cpp) < len(headers):
            written |= {name: headers, f"::{plain}": headers}
        for spelling, declaring in written.items():
            if declaring:
                known = self.declared.get(spelling, [])
                self.declared[spelling] = known + [header for header in declaring if header not in known]

    def headers_of(self, use: str) -> list[str]:
        """Returns the headers that declare a name; none if it is not listed."""
        name = use
        while name and name not in self.declared:
            name = name.rpartition("::")[0]  # std::chrono is listed, and std::chrono::seconds is not
        if not name:
            name = next((f"{beginning}*" for beginning in self.beginnings if use.startswith(beginning)), "")
        return self.declared.get(name, [])

    def all_headers(self) -> set[str]:
        return {header for headers in self.declared.values() for header in headers}


def uses_of(text: str) -> dict[str, int]:
    """Returns the names in a file, each with the line of its first use."""
    uses: dict[str, int] = {}
    code = NO_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    for number, line in enumerate(code.splitlines(), 1):
        for use in USE.findall(line):
            uses.setdefault(use, number)
    return uses


class Tree:
    """The C++ files of a repository, and what they include."""

    def __init__(self, texts: dict[str, str]):
        self.texts = texts
        self.included: dict[str, set[str]] = {}

    def headers_in(self, path: str) -> set[str]:
        """Returns the headers that a file includes, itself or through other files of the tree."""
        if path not in self.included:
            self.included[path] = set()
            for name in INCLUDE.findall(self.texts[path]):
                beside = f"{path.rpartition('/')[0]}/{name}"
                ours = next((file for file in (name, beside) if file in self.texts), None)
                self.included[path] |= self.headers_in(ours) if ours else {name}
        return self.included[path]


def wrongs_of_file(path: str, tree: Tree, names: Names) -> list[str]:
    wrongs = []
    included = tree.headers_in(path)
    for use, line in uses_of(tree.texts[path]).items():
        headers = names.headers_of(use)
        if not headers and use.startswith(MUST_BE_LISTED):
            wrongs.append(f"{path}:{line}: {use} is not in {NAMES}: add it to the line of its header")
        elif headers and included.isdisjoint(headers):
            wrongs.append(f"{path}:{line}: {use}: include {' or '.join(f'<{header}>' for header in headers)}")
    return wrongs


def wrongs_of_precompiled(cmake: str, names: Names) -> list[str]:
    """Each header that is precompiled is listed with its names."""
    lists = re.findall(r"\b(?:set\(|APPEND )common\s([^)]*)\)", cmake)
    precompiled = {header.strip("<>") for text in lists for header in text.split()}
    wrongs = [f"{PRECOMPILED} precompiles <{header}>: list its names in {NAMES}" for header in sorted(precompiled - names.all_headers())]
    return wrongs or ([] if precompiled else [f"{PRECOMPILED} has no list of headers named common"])


def check(repository: Path) -> tuple[list[str], int]:
    names = Names((repository / NAMES).read_text())
    files = sorted(file for folder in FOLDERS for file in (repository / folder).rglob("*") if file.suffix in (".h", ".cc"))
    tree = Tree({file.relative_to(repository).as_posix(): file.read_text() for file in files})
    wrongs = wrongs_of_precompiled((repository / PRECOMPILED).read_text(), names)
    for path in tree.texts:
        wrongs += wrongs_of_file(path, tree, names)
    return wrongs, len(files)


def main() -> int:
    repository = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    wrongs, count = check(repository)
    print("\n".join(wrongs) if wrongs else f"{count} files include the headers of the standard names that they use")
    return 1 if wrongs or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

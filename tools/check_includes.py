#!/usr/bin/env python3
"""Checks that each C++ file includes the headers that declare the names it uses.

usage: check_includes.py [REPOSITORY]

A file may include a header itself, or through headers of this repository. Most builds precompile the usual headers
(cmake/compiler.cmake): with them, a file that forgets one of these compiles all the same. The program that ships is
built without precompiled headers, so this check must find such a file first.

It also compiles several sources of a room as one. What one of them includes, or brings into its namespace with `using`, the others
can then use by accident: a file has to include the headers of our classes that it names, and a source has to have its own `using`.

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


# The definition of a class or enumeration at the beginning of a line, any declaration of one, a namespace, and `using`.
DEFINED = re.compile(r"^(?:template\s*<[^;{}]*>\s*)?(?:class|struct|union|enum class) +([A-Z]\w+)(?: final)?\s*(?=[:{])", re.MULTILINE)
DECLARED = re.compile(r"\b(?:class|struct|union|concept|typename|using)(?:\.\.\.)? +([A-Z]\w+)\b")
CLASS = re.compile(r"(?<![\w.])(?<!benchmark::)[A-Z]\w+\b")
CLASS_ALONE = re.compile(r"(?<![\w.:>])[A-Z]\w+\b")  # without its namespace
NAMESPACE = re.compile(r"^namespace portico(?:::(\w+))?(?:::\w+)? \{", re.MULTILINE)
USING = re.compile(r"^ *using (?:\w+::)+(\w+);", re.MULTILINE)
TEST_NAMES = re.compile(r"^(?:TYPED_)?TEST(?:_[FP])?\(.*|^INSTANTIATE_TEST_SUITE_P\([^,]*,[^,]*,", re.MULTILINE)


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


def without_text(text: str) -> str:
    """Returns the code of a file, without comments, literals and includes."""
    return NO_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def uses_of(text: str) -> dict[str, int]:
    """Returns the names in a file, each with the line of its first use."""
    uses: dict[str, int] = {}
    for number, line in enumerate(without_text(text).splitlines(), 1):
        for use in USE.findall(line):
            uses.setdefault(use, number)
    return uses


class Tree:
    """The C++ files of a repository, and what they include."""

    def __init__(self, texts: dict[str, str]):
        self.texts = texts
        self.included: dict[str, set[str]] = {}
        self.files: dict[str, set[str]] = {}

    def ours(self, path: str) -> list[str]:
        """Returns the files of the tree that a file includes itself."""
        folder = path.rpartition("/")[0]
        found = (next((file for file in (name, f"{folder}/{name}") if file in self.texts), None) for name in INCLUDE.findall(self.texts[path]))
        return [file for file in found if file]

    def files_in(self, path: str) -> set[str]:
        """Returns the file and those of the tree that it includes, itself or through others."""
        if path not in self.files:
            self.files[path] = {path}
            for file in self.ours(path):
                self.files[path] |= self.files_in(file)
        return self.files[path]

    def headers_in(self, path: str) -> set[str]:
        """Returns the headers that a file includes, itself or through other files of the tree."""
        if path not in self.included:
            self.included[path] = set()
            for name in INCLUDE.findall(self.texts[path]):
                beside = f"{path.rpartition('/')[0]}/{name}"
                ours = next((file for file in (name, beside) if file in self.texts), None)
                self.included[path] |= self.headers_in(ours) if ours else {name}
        return self.included[path]


class OwnNames:
    """The classes of the tree: where each is defined, and what each file may use."""

    def __init__(self, tree: Tree):
        self.tree = tree
        self.code = {path: TEST_NAMES.sub("", without_text(text)) for path, text in tree.texts.items()}
        self.declared = {path: set(DECLARED.findall(code)) for path, code in self.code.items()}
        self.using = {path: set(USING.findall(code)) for path, code in self.code.items()}
        self.namespaces = {path: set(NAMESPACE.findall(code)) for path, code in self.code.items()}
        definitions: dict[str, list[str]] = {}
        for path, code in self.code.items():
            if path.endswith(".h"):
                for name in set(DEFINED.findall(code)):
                    definitions.setdefault(name, []).append(path)
        # A name with several definitions can't be told apart here.
        self.header_of = {name: paths[0] for name, paths in definitions.items() if len(paths) == 1}
        self.of_std = {name for code in self.code.values() for name in re.findall(r"^ *using std::(?:\w+::)*(\w+);", code, re.MULTILINE)}

    def wrongs_of(self, path: str) -> list[str]:
        known = set().union(*(self.declared[file] for file in self.tree.files_in(path)))
        used = set(CLASS.findall(self.code[path])) & self.header_of.keys()
        wrongs = [f"{path}: {name}: include \"{self.header_of[name]}\"" for name in sorted(used - known)]
        if path.endswith(".cc") and not path.endswith("_test.cc"):
            wrongs += [f"{path}: {name}: it needs a `using` of its own, or its namespace" for name in sorted(self.borrowed_by(path))]
        return wrongs

    def borrowed_by(self, path: str) -> set[str]:
        """Returns the names that a source uses without their namespace, and that no `using` which it can see brings there."""
        code = self.code[path]
        seen = set().union(*(self.using[file] for file in self.tree.files_in(path)))
        borrowed = {name for name in self.of_std - seen if re.search(rf"(?<![\w.:>]){name}(?=[({{])", code) and
                    not re.search(rf"[\w>&*] {name}\b[;(=,){{ ]|\busing {name} =|\busing namespace std", code)}
        own = self.namespaces[path]
        if len(own) != 1:
            return borrowed
        for name in set(CLASS_ALONE.findall(code)) & self.header_of.keys() - seen:
            others = self.namespaces[self.header_of[name]]
            is_aliased = any(re.search(rf"\b(?:using|class|struct|enum class) {name}\b", self.code[file]) for file in self.tree.files_in(path)
                             if file == path or self.namespaces[file] & (own | {""}))
            if len(others) == 1 and not others & (own | {""}) and not is_aliased:
                borrowed.add(name)
        return borrowed


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
    own = OwnNames(tree)
    for path in tree.texts:
        wrongs += wrongs_of_file(path, tree, names) + own.wrongs_of(path)
    return wrongs, len(files)


def main() -> int:
    repository = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    wrongs, count = check(repository)
    print("\n".join(wrongs) if wrongs else f"{count} files include the headers of the names that they use")
    return 1 if wrongs or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

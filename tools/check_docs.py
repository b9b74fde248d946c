#!/usr/bin/env python3
"""Checks the documents against the tree: links, the functions and files that they name, the README's commands.

usage: check_docs.py [REPOSITORY]

If a document says `Worker::admit` ([worker.cc](../portico/server/worker.cc)), that file must contain that name; a block
that begins with "```cpp of examples/hello.cc" shows lines of that file. If the program is built (build/release/portico,
or $PORTICO), `portico COMMAND --help` must show each `portico COMMAND` and each option in README.md; otherwise only files
are checked.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from pathlib import Path


def code_lines(text: str) -> list[str]:
    """Returns the commands in README.md: the lines of its `sh` and `console` blocks, without comments.

    If a block has lines that begin with `$ `, only those are commands."""
    lines = []
    for block in re.findall(r"^```(?:sh|console)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        prompted = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
        lines += prompted or block.splitlines()
    return [re.sub(r"\s+#.*", "", line).strip() for line in lines if line.strip()]


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchor(heading: str, taken: dict[str, int]) -> str:
    """Returns the anchor that GitHub gives to a heading. `taken` counts the document's earlier ones."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    name = re.sub(r"[^\w\- ]", "", plain).strip().lower().replace(" ", "-")
    taken[name] = taken.get(name, -1) + 1
    return f"{name}-{taken[name]}" if taken[name] else name


@functools.cache
def anchors_in(document: Path) -> set[str]:
    taken: dict[str, int] = {}
    headings = re.findall(r"^#+ (.*)", without_code(document.read_text()), re.MULTILINE)
    return {anchor(heading, taken) for heading in headings}


def wrongs_of_links(document: Path, text: str) -> list[str]:
    wrongs = []
    for target, place in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", without_code(text)):
        file = document.parent / target if target else document
        if not file.exists():
            wrongs.append(f"{document.name} links to {target}, which is not there")
        elif place and file.suffix == ".md" and place not in anchors_in(file):
            wrongs.append(f"{document.name} links to {target}#{place}, but there is no such heading")
    return wrongs


def wrongs_of_pictures(document: Path, text: str) -> list[str]:
    return [f"{document.name} shows {target} without a text for those who can't see it"
            for target in re.findall(r"!\[\s*\]\(([^)]+)\)", without_code(text))]


def wrongs_of_names(document: Path, text: str) -> list[str]:
    wrongs = []
    for name, target in re.findall(r"`([\w:~]+)(?:\(\))?`\s+\(\[[^\]]+\]\(([^)]+\.(?:cc|h|py))\)\)", text):
        file = document.parent / target
        last = name.split("::")[-1]
        if file.exists() and not re.search(rf"(?<!\w){re.escape(last)}(?!\w)", file.read_text()):
            wrongs.append(f"{document.name} says that {name} is in {target}, where there is no {last}")
    return wrongs


def wrongs_of_programs(document: Path, text: str, repository: Path) -> list[str]:
    """A block "```cpp of examples/NAME.cc" shows a part of that file, or all of it."""
    blocks = re.findall(r"^```cpp of (\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [f"{document.name} shows lines that are not in {name}" for name, shown in blocks
            if not (repository / name).exists() or shown not in (repository / name).read_text()]


def wrongs_of_scripts(lines: list[str], repository: Path) -> list[str]:
    named = {word for line in lines for word in line.split() if re.fullmatch(r"(\./)?(script|bench)/[\w/]+", word)}
    return [f"README.md calls {word}, which can't be run" for word in sorted(named)
            if not os.access(repository / word, os.X_OK)]


def commands(lines: list[str]) -> dict[str, set[str]]:
    """Returns the commands of the program that are used, and the options that each is given."""
    used: dict[str, set[str]] = {}
    for line in lines:
        for part in re.split(r"\s*(?:\||&&|;)\s*", line):
            words = part.split()
            if len(words) > 1 and words[0].endswith("portico") and re.fullmatch(r"[a-z-]+", words[1]):
                options = {word.split("=")[0] for word in words[2:] if re.match(r"--?[a-z]", word)}
                used.setdefault(words[1], set()).update(options)
    return used


def wrongs_of_commands(used: dict[str, set[str]], help_of) -> list[str]:
    wrongs = []
    for command, options in sorted(used.items()):
        text = help_of(command)
        if text is None:
            wrongs.append(f"README.md shows `portico {command}`, which the program does not know")
            continue
        wrongs += [f"README.md shows `portico {command} {option}`, which its --help does not name"
                   for option in sorted(options) if not re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text)]
    return wrongs


def main() -> int:
    repository = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    wrongs = []
    documents = [*sorted(repository.glob("*.md")), *sorted((repository / "docs").rglob("*.md")),
                 *sorted((repository / "exercises").rglob("*.md"))]
    for document in documents:
        text = document.read_text()
        wrongs += wrongs_of_links(document, text) + wrongs_of_pictures(document, text) + wrongs_of_names(document, text)
        wrongs += wrongs_of_programs(document, text, repository)
    lines = code_lines((repository / "README.md").read_text())
    wrongs += wrongs_of_scripts(lines, repository)
    program = Path(os.environ.get("PORTICO", repository / "build/release/portico"))

    def help_of(command: str) -> str | None:
        done = subprocess.run([program, command, "--help"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return done.stdout if done.returncode == 0 else None

    if program.exists():
        wrongs += wrongs_of_commands(commands(lines), help_of)
    print("\n".join(wrongs) if wrongs else f"{len(documents)} documents name only what exists; README.md has {len(lines)} commands")
    return 1 if wrongs or not lines else 0


if __name__ == "__main__":
    sys.exit(main())

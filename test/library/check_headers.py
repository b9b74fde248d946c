#!/usr/bin/env python3
"""Compiles the public headers as a user's compiler would find them.

usage: check_headers.py PREFIX COMPILER [together]

Each must compile alone without a warning, include only headers of Portico, C++ and the system, and give the compiler at
most LINES_MAX lines to read. Prints how many lines they have, the longest first. A header that its own source includes
first has been compiled alone with it, except that the standard headers were precompiled: tools/check_includes.py checks
that it includes those that it needs. If another header without a mistake includes it, it is not looked at again: that
one has more lines, and the same strangers.
"together" compiles one source that includes them all: what a header forgets, the first compiler has found already.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from prefix import Prefix, end, must, run

REPOSITORY = Path(__file__).resolve().parents[2]
# A header should compile in a second on an idle machine. The limit applies to the cause of slowness, the number of
# lines left after preprocessing, because times differ between machines. Headers that include another project's have no
# limit.
LINES_MAX = 75_000
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]

# The packages of C, of the kernel and of C++: a public header may include only their headers.
SYSTEM_PACKAGES = ["libc6-dev", "linux-libc-dev"]
COMPILER_FOLDERS = re.compile(r"/usr/include/(x86_64-linux-gnu/)?c\+\+/|/usr/lib/(gcc/|llvm-\d+/lib/clang/)")
# A header that includes a library's headers; its users have that library anyway.
MAY_INCLUDE = {"portico/json.h": re.compile(r"/usr/include/nlohmann/")}


def system_headers() -> set[str]:
    files = {line for line in must("dpkg-query", "--listfiles", *SYSTEM_PACKAGES).splitlines() if line.endswith(".h")}
    return files | {str(Path(file).resolve()) for file in files}


def strangers(header: str, included: list[str], include: Path, system: set[str]) -> list[str]:
    """Returns the headers that `header` includes but must not."""
    also = MAY_INCLUDE.get(header)
    return [path for path in included
            if not path.startswith(f"{include}/portico/") and not COMPILER_FOLDERS.match(path) and path not in system
            and not (also and also.match(path))]


def files_of(rule: str) -> list[str]:
    """Returns the headers in a dependency rule for make, as compilers write it."""
    words = rule.replace("\\\n", " ").split()
    return [str(Path(word).resolve()) for word in words if re.search(r"(\.h|\.hpp|/[a-z_0-9]+)$", word)]


class Look(NamedTuple):
    header: str
    lines: int
    wrongs: list[str]
    included: list[str]  # paths


def is_first_in_its_source(header: str, tree: Path = REPOSITORY) -> bool:
    source = (tree / header).with_suffix(".cc")
    if not source.is_file():
        return False
    included = re.search(r'^#include [<"](.*)[>"]', source.read_text(), re.MULTILINE)
    return included is not None and included[1] == header


def look_at(header: str, prefix: Prefix, compiler: str, system: set[str]) -> Look:
    with tempfile.TemporaryDirectory() as folder:
        source, rule, whole = (Path(folder) / f"alone.{ending}" for ending in ("cc", "d", "ii"))
        source.write_text(f"#include <{header}>\n")
        flags = ["-std=c++23", *WARNINGS, f"-I{prefix.include}"]
        done = run(compiler, *flags, "-E", "-MD", "-MF", rule, "-o", whole, source)
        if done.returncode == 0 and not is_first_in_its_source(header):
            # clang warns of the preprocessor's own lines.
            done = run(compiler, "-std=c++23", *WARNINGS, "-Wno-gnu-line-marker", "-fsyntax-only", whole)
        if done.returncode != 0:
            return Look(header, 0, [f"{header} does not compile alone:\n{done.stderr}"], [])
        lines = len(re.findall(r"^[^#\n]", whole.read_text(), re.MULTILINE))
        included = files_of(rule.read_text())
        wrongs = [f"{header} includes {path}" for path in strangers(header, included, prefix.include, system)]
    if lines > LINES_MAX and header not in MAY_INCLUDE:
        wrongs.append(f"{header} has {lines} lines after preprocessing, may have {LINES_MAX}")
    return Look(header, lines, wrongs, included)


def look_at_each(headers: list[str], look: Callable[[str], Look], include: Path) -> list[Look]:
    """Looks at the headers, at those that programs include first, and at none that has been seen inside another one."""
    looks: list[Look] = []
    seen: set[str] = set()
    for header in sorted(headers, key=lambda header: header.count("/")):
        if str(include / header) in seen and is_first_in_its_source(header):
            continue
        looks.append(look(header))
        if not looks[-1].wrongs and header not in MAY_INCLUDE:
            seen.update(looks[-1].included)
    return looks


def look_at_all(prefix: Prefix, compiler: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "together.cc"
        source.write_text("".join(f"#include <{header}>\n" for header in prefix.headers()))
        done = run(compiler, "-std=c++23", *WARNINGS, f"-I{prefix.include}", "-fsyntax-only", source)
    end([done.stderr] if done.returncode != 0 else [], f"{len(prefix.headers())} headers compile together with {compiler}")


def main() -> None:
    prefix, compiler = Prefix(sys.argv[1]), sys.argv[2]
    if sys.argv[3:] == ["together"]:
        look_at_all(prefix, compiler)
        return
    system = system_headers()
    looks = look_at_each(prefix.headers(), lambda header: look_at(header, prefix, compiler, system), prefix.include)
    for look in sorted(looks, key=lambda look: look.lines, reverse=True):
        print(f"{look.lines:6} lines  {look.header}")
    wrongs = [wrong for look in looks for wrong in look.wrongs]
    end(wrongs if looks else ["no header is installed"],
        f"{len(prefix.headers())} headers compile alone with {compiler}, and {len(looks)} of them were looked at")


if __name__ == "__main__":
    main()

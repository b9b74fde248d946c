#!/usr/bin/env python3
"""Compiles each public header alone, as a user's compiler finds it.

usage: check_headers.py PREFIX COMPILER

Each compiles without a warning, includes nothing but Portico's, C++'s and the system's headers, and does so in TIME_MAX seconds;
how long each took is told, the longest first.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from pathlib import Path

from prefix import Prefix, end, must, run

# A header is to compile in a second. What fails is twice that, since tests share their machine with others. Headers that include
# somebody else's take as long as those do.
TIME_MAX = 2.0
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]

# The packages of C, of the kernel and of C++: the only ones whose headers a public header may include.
SYSTEM_PACKAGES = ["libc6-dev", "linux-libc-dev"]
COMPILER_FOLDERS = re.compile(r"/usr/include/(x86_64-linux-gnu/)?c\+\+/|/usr/lib/(gcc/|llvm-\d+/lib/clang/)")
# A header that a user includes who has that library anyway.
MAY_INCLUDE = {"portico/json.h": re.compile(r"/usr/include/nlohmann/")}


def system_headers() -> set[str]:
    files = {line for line in must("dpkg-query", "--listfiles", *SYSTEM_PACKAGES).splitlines() if line.endswith(".h")}
    return files | {str(Path(file).resolve()) for file in files}


def strangers(header: str, included: list[str], include: Path, system: set[str]) -> list[str]:
    """The headers that `header` includes and must not."""
    also = MAY_INCLUDE.get(header)
    return [path for path in included
            if not path.startswith(f"{include}/portico/") and not COMPILER_FOLDERS.match(path) and path not in system
            and not (also and also.match(path))]


def files_of(rule: str) -> list[str]:
    """The headers that a rule for make, as compilers write it, depends on."""
    words = rule.replace("\\\n", " ").split()
    return [str(Path(word).resolve()) for word in words if re.search(r"(\.h|\.hpp|/[a-z_0-9]+)$", word)]


def look_at(header: str, prefix: Prefix, compiler: str, system: set[str]) -> tuple[float, list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        source, rule = Path(folder) / "alone.cc", Path(folder) / "alone.d"
        source.write_text(f"#include <{header}>\n")
        started = time.monotonic()
        done = run(compiler, "-std=c++23", *WARNINGS, f"-I{prefix.include}", "-MD", "-MF", rule, "-c", "-o", "/dev/null", source)
        took = time.monotonic() - started
        if done.returncode != 0:
            return took, [f"{header} does not compile alone:\n{done.stderr}"]
        wrongs = [f"{header} includes {path}" for path in strangers(header, files_of(rule.read_text()), prefix.include, system)]
    if took > TIME_MAX and header not in MAY_INCLUDE:
        wrongs.append(f"{header} takes {took:.2f} s to compile, may take {TIME_MAX} s")
    return took, wrongs


def main() -> None:
    prefix, compiler = Prefix(sys.argv[1]), sys.argv[2]
    system = system_headers()
    times, wrongs = [], []
    for header in prefix.headers():
        took, found = look_at(header, prefix, compiler, system)
        times.append((took, header))
        wrongs += found
    for took, header in sorted(times, reverse=True):
        print(f"{took:.2f} s  {header}")
    end(wrongs if times else ["no header is installed"], f"{len(times)} headers compile alone with {compiler}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Builds the programs of consumer/ as a user would, against an installed Portico, and runs them.

usage: check_consumer.py PREFIX COMPILER cmake|pkg-config shared|static
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from prefix import Prefix, end, must

CONSUMER = Path(__file__).resolve().parent / "consumer"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]


def with_cmake(prefix: Prefix, compiler: str, kind: str, folder: Path) -> list[Path]:
    must("cmake", "-S", CONSUMER, "-B", folder, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix.path}", f"-DCMAKE_CXX_COMPILER={compiler}",
         f"-Dportico_USE_STATIC_LIBS={'ON' if kind == 'static' else 'OFF'}", f"-DCMAKE_CXX_FLAGS={' '.join(WARNINGS)}")
    must("cmake", "--build", folder)
    return [folder / source.stem for source in sorted(CONSUMER.glob("*.cc"))]


def with_pkg_config(prefix: Prefix, compiler: str, kind: str, folder: Path) -> list[Path]:
    programs = []
    for source in sorted(CONSUMER.glob("*.cc")):
        program = folder / source.stem
        must(compiler, "-std=c++23", *WARNINGS, source, *prefix.flags(kind), "-o", program)
        programs.append(program)
    return programs


def wrongs_of_program(program: Path, kind: str) -> list[str]:
    """Checks that the program is linked as requested, and that it reports success."""
    needed = must("readelf", "--wide", "--dynamic", program)
    if ("[libportico.so." in needed) != (kind == "shared"):
        return [f"{program.name} is not linked with the {kind} library"]
    print(must(program), end="")
    return []


def main() -> None:
    prefix, compiler, finder, kind = Prefix(sys.argv[1]), *sys.argv[2:5]
    build = {"cmake": with_cmake, "pkg-config": with_pkg_config}[finder]
    with tempfile.TemporaryDirectory() as folder:
        programs = build(prefix, compiler, kind, Path(folder))
        wrongs = [wrong for program in programs for wrong in wrongs_of_program(program, kind)]
    end(wrongs if programs else ["no program was built"], f"{len(programs)} programs, {finder}, {kind}")


if __name__ == "__main__":
    main()

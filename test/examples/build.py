#!/usr/bin/env python3
"""Copies examples/ into a folder and builds those of one way there as a user would, against an installed Portico.

usage: build.py PREFIX COMPILER cmake|pkg-config shared|static FOLDER

The programs are FOLDER/bin/NAME. Each example must be in one of the two ways, including any that is new in examples/.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parents[1] / "examples"
sys.path.insert(0, str(HERE.parent / "library"))
from prefix import Prefix, end, must  # noqa: E402

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
ALSO_NEEDS = {"gateway": ["sqlite3"], "notes": ["sqlite3"]}  # packages besides Portico

# How each example is built. Once is enough, because library.consumer_* builds a program with each finder and each kind of
# the library. Both ways take equally long: json_api, notes and rpc take a third of the time that all others take together.
WAYS = {
    "cmake": ["accounts", "chat", "hello", "inbox", "json_api", "seven_services", "site_and_api", "sse_hub", "tcp_echo", "time", "todo", "udp_echo", "urls", "websocket_chat", "websocket_echo"],
    "pkg-config": ["acme", "ask", "gateway", "notes", "rpc", "upload"],
}


def wrongs_of_ways(ways: dict[str, list[str]], examples: list[str]) -> list[str]:
    named = [name for names in ways.values() for name in names]
    wrongs = [f"{name}.cc is in {named.count(name)} of the ways of test/examples/build.py, must be in one"
              for name in examples if named.count(name) != 1]
    return wrongs + [f"test/examples/build.py names {name}, which is not in examples/" for name in named if name not in examples]


def with_cmake(prefix: Prefix, compiler: str, kind: str, folder: Path, names: list[str]) -> None:
    shutil.copy(HERE / "project/CMakeLists.txt", folder)
    must("cmake", "-S", folder, "-B", folder / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix.path}",
         f"-DCMAKE_CXX_COMPILER={compiler}", "-DCMAKE_BUILD_TYPE=Debug",
         f"-Dportico_USE_STATIC_LIBS={'ON' if kind == 'static' else 'OFF'}", f"-DCMAKE_CXX_FLAGS={' '.join(WARNINGS)}",
         f"-DCMAKE_RUNTIME_OUTPUT_DIRECTORY={folder / 'bin'}")
    must("cmake", "--build", folder / "build", "--target", *names)


def with_pkg_config(prefix: Prefix, compiler: str, kind: str, folder: Path, names: list[str]) -> None:
    flags = prefix.flags(kind)
    for name in names:
        packages = ALSO_NEEDS.get(name, [])
        also = shlex.split(must("pkg-config", "--cflags", "--libs", *packages)) if packages else []
        must(compiler, "-std=c++23", *WARNINGS, folder / f"{name}.cc", *flags, *also, "-o", folder / "bin" / name)


def main() -> None:
    prefix, compiler, finder, kind, folder = Prefix(sys.argv[1]), *sys.argv[2:5], Path(sys.argv[5])
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "bin").mkdir(parents=True)
    sources = sorted(EXAMPLES.glob("*.cc"))
    for source in sources:
        shutil.copy(source, folder)
    names = WAYS[finder]
    wrongs = wrongs_of_ways(WAYS, [source.stem for source in sources])
    if not wrongs:
        {"cmake": with_cmake, "pkg-config": with_pkg_config}[finder](prefix, compiler, kind, folder, names)
        wrongs = [f"{name} is not linked with the {kind} library" for name in names
                  if ("[libportico.so." in must("readelf", "--wide", "--dynamic", folder / "bin" / name)) != (kind == "shared")]
    end(wrongs, f"{len(names)} programs: {finder}, {kind}, {Path(compiler).name}")


if __name__ == "__main__":
    main()

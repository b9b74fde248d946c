#!/usr/bin/env python3
"""Copies examples/ into a folder and builds them there as a user would, against an installed Portico.

usage: build.py PREFIX COMPILER cmake|pkg-config shared|static FOLDER

The programs are FOLDER/bin/NAME. Each example must be built, including any that is new in examples/.
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
ALSO_NEEDS = {"notes": ["sqlite3"]}  # packages besides Portico


def with_cmake(prefix: Prefix, compiler: str, kind: str, folder: Path) -> None:
    shutil.copy(HERE / "project/CMakeLists.txt", folder)
    must("cmake", "-S", folder, "-B", folder / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix.path}",
         f"-DCMAKE_CXX_COMPILER={compiler}", "-DCMAKE_BUILD_TYPE=Debug",
         f"-Dportico_USE_STATIC_LIBS={'ON' if kind == 'static' else 'OFF'}", f"-DCMAKE_CXX_FLAGS={' '.join(WARNINGS)}",
         f"-DCMAKE_RUNTIME_OUTPUT_DIRECTORY={folder / 'bin'}")
    must("cmake", "--build", folder / "build")


def with_pkg_config(prefix: Prefix, compiler: str, kind: str, folder: Path) -> None:
    flags = prefix.flags(kind)
    for source in sorted(folder.glob("*.cc")):
        packages = ALSO_NEEDS.get(source.stem, [])
        also = shlex.split(must("pkg-config", "--cflags", "--libs", *packages)) if packages else []
        must(compiler, "-std=c++23", *WARNINGS, source, *flags, *also, "-o", folder / "bin" / source.stem)


def main() -> None:
    prefix, compiler, finder, kind, folder = Prefix(sys.argv[1]), *sys.argv[2:5], Path(sys.argv[5])
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "bin").mkdir(parents=True)
    sources = sorted(EXAMPLES.glob("*.cc"))
    for source in sources:
        shutil.copy(source, folder)
    {"cmake": with_cmake, "pkg-config": with_pkg_config}[finder](prefix, compiler, kind, folder)
    wrongs = []
    for source in sources:
        program = folder / "bin" / source.stem
        if not program.is_file():
            wrongs.append(f"{source.name} was not built: test/examples/project/CMakeLists.txt does not name it")
        elif ("[libportico.so." in must("readelf", "--wide", "--dynamic", program)) != (kind == "shared"):
            wrongs.append(f"{source.stem} is not linked with the {kind} library")
    end(wrongs if sources else ["there are no examples"], f"{len(sources)} programs: {finder}, {kind}, {Path(compiler).name}")


if __name__ == "__main__":
    main()

"""What the release is built from: the program alone, whatever libraries the machine has, without precompiled headers.

usage: check_targets.py REPOSITORY CXX

Configures the release preset in a scratch folder, as script/build does: once with the tests' libraries hidden from
CMake, and once with the installed ones. Then asks Ninja what it would build.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

HIDDEN = ("GTest", "SQLite3", "benchmark")


def built_by_default(repository: str, compiler: str, *options: str) -> set[str]:
    """Returns the files that `ninja` without a target would build."""
    with tempfile.TemporaryDirectory() as folder:
        configure = ["cmake", "--no-warn-unused-cli", "--preset", "release", "-B", folder, f"-DCMAKE_CXX_COMPILER={compiler}", *options]
        subprocess.run(configure, cwd=repository, check=True, stdout=subprocess.DEVNULL)
        query = subprocess.run(["ninja", "-C", folder, "-t", "inputs", "all"], check=True, capture_output=True, text=True)
    return set(query.stdout.split())


def main() -> int:
    repository, compiler = sys.argv[1:]
    without = built_by_default(repository, compiler, *(f"-DCMAKE_DISABLE_FIND_PACKAGE_{name}=ON" for name in HIDDEN))
    installed = built_by_default(repository, compiler)
    wrong = []
    if not any(name.endswith("app/main.cc.o") for name in without):
        wrong.append("the program is not built")
    if without != installed:
        wrong.append(f"installed libraries change what is built: {sorted(installed ^ without)[:10]}")
    wrong += [f"{name}: headers are precompiled for the release" for name in sorted(installed) if "cmake_pch" in name][:1]
    wrong += [f"{name} is built, but nobody asked for tests" for name in sorted(installed) if "_test" in name][:10]
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

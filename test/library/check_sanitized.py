#!/usr/bin/env python3
"""Builds a faulty program with AddressSanitizer against the installed library, which was built without it, and runs it.

usage: check_sanitized.py PREFIX COMPILER

The library keeps the memory of finished coroutines for new ones. It must not do so in a program that is checked,
because a use of a coroutine's frame after its end would not be found.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from prefix import Prefix, end, must, run

PROGRAM = Path(__file__).resolve().parent / "sanitized" / "use_after_end.cc"


def wrong_of(prefix: Prefix, compiler: str, kind: str, folder: Path) -> str | None:
    program = folder / kind
    must(compiler, "-std=c++23", "-g", "-O1", "-fsanitize=address", PROGRAM, *prefix.flags(kind), "-o", program)
    done = run(program)
    if done.returncode == 0 or "-use-after-" not in done.stderr:  # clang may put the frame on the stack
        return f"{kind}: not found: {done.stdout}{done.stderr}"
    return None


def main() -> None:
    prefix, compiler = Prefix(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        wrongs = [wrong_of(prefix, compiler, kind, Path(folder)) for kind in ("static", "shared")]
    end([wrong for wrong in wrongs if wrong], "a use after the end is found in both")


if __name__ == "__main__":
    main()

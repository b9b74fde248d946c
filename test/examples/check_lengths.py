#!/usr/bin/env python3
"""Checks that the short examples take no more lines than the library promises: whole files, without blank lines.

usage: check_lengths.py EXAMPLES
"""

from __future__ import annotations

import sys
from pathlib import Path

COLUMNS_MAX = 120
LINES_MAX = {"hello.cc": 6, "json_api.cc": 18, "tcp_echo.cc": 7, "udp_echo.cc": 5, "site_and_api.cc": 8,
             "seven_services.cc": 60}


def wrongs_of(name: str, text: str) -> list[str]:
    lines = [line for line in text.splitlines() if line.strip()]
    wrongs = [f"{name}: a line of more than {COLUMNS_MAX} columns" for line in lines if len(line) > COLUMNS_MAX]
    wrongs += [f"{name}: two statements on a line: {line}" for line in lines
               if not line.lstrip().startswith("for (") and line.count(";") - line.count("; }") > 1]
    if len(lines) > LINES_MAX[name]:
        wrongs.append(f"{name} has {len(lines)} lines, may have {LINES_MAX[name]}")
    return wrongs


def main() -> None:
    examples = Path(sys.argv[1])
    wrongs = []
    for name in LINES_MAX:
        text = (examples / name).read_text()
        print(f"{name}: {sum(1 for line in text.splitlines() if line.strip())} lines, may have {LINES_MAX[name]}")
        wrongs += wrongs_of(name, text)
    print("\n".join(wrongs), end="")
    sys.exit(1 if wrongs else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Checks that libportico.so exports what its public headers name, and nothing else.

usage: check_symbols.py PREFIX

Each exported symbol belongs to Portico, and a public header of its namespace contains each part of its name. No symbol
is data, except what virtual functions need. No other symbol is weak, so that no other copy of a template replaces ours;
tables of virtual functions are weak wherever they are compiled, and strong where the library is optimised at link time.
Everything that the static library defines for other files, and that was not compiled as hidden, is exported. No public
header holds a variable, because the library and the program would each have a copy; two copies of a constant are
harmless.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from prefix import Prefix, end, must

FOR_VIRTUAL_FUNCTIONS = re.compile(r"(vtable|typeinfo(?: name)?) for ")
THUNK = re.compile(r"(?:non-virtual|virtual|covariant return) thunk to ")
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
NAMESPACE = re.compile(r"\bnamespace\s+(portico(?:::\w+)*)\s*\{")


def name_of(demangled: str) -> str:
    """Returns only the qualified name: without the return type, and without template and function arguments."""
    name = THUNK.sub("", FOR_VIRTUAL_FUNCTIONS.sub("", demangled))
    name = re.sub(r"\[abi:\w+\]|\[clone [^]]*\]", "", name)
    name = re.sub(r"operator\s*([<>=!]+|\(\)|->)", lambda found: "operator" + found[1].translate(str.maketrans("<>()", "lgPP")), name)
    while name != (outer := re.sub(r"<[^<>]*>|\([^()]*\)", "", name)):
        name = outer
    return next((word for word in reversed(name.split()) if word.startswith("portico::")), name.split()[0])


def words_by_namespace(headers: dict[str, str]) -> dict[str, set[str]]:
    """Returns, for each namespace, the words that the public headers contain within it."""
    words: dict[str, set[str]] = {}
    for text in headers.values():
        code = COMMENT.sub("", text)
        for space in NAMESPACE.findall(code):
            words.setdefault(space, set()).update(re.findall(r"~?\w+", code))
    return words


def is_public(name: str, words: dict[str, set[str]]) -> bool:
    parts = name.split("::")
    for length in range(len(parts) - 1, 0, -1):
        space = "::".join(parts[:length])
        if space in words:
            return all(part.removeprefix("~") in words[space] or part.startswith("operator") for part in parts[length:])
    return False


def wrongs_of_symbol(kind: str, demangled: str, words: dict[str, set[str]]) -> list[str]:
    if not is_public(name_of(demangled), words):
        return [f"exported, and in no public header: {demangled}"]
    if kind in "DRBV" and not FOR_VIRTUAL_FUNCTIONS.match(demangled):
        return [f"exported data: {demangled}"]
    if kind in "WVu" and not FOR_VIRTUAL_FUNCTIONS.match(demangled):
        return [f"exported, and weak: {demangled}"]
    return []


def demangle(names: list[str]) -> list[str]:
    return subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True).stdout.splitlines()


def exported(library: Path) -> list[tuple[str, str, str]]:
    """Kind, mangled and demangled name of each symbol that a program can use, except the version's own."""
    lines = [line.split() for line in must("nm", "--dynamic", "--defined-only", "--without-symbol-versions", library).splitlines()]
    found = [(kind, name) for _, kind, name in lines if kind != "A"]
    return [(kind, name, plain) for (kind, name), plain in zip(found, demangle([name for _, name in found]))]


def left_visible(archive: Path) -> set[str]:
    """Symbols that the static library's objects define for others, and that a shared library would export."""
    found = set()
    for line in must("readelf", "--wide", "--syms", archive).splitlines():
        fields = line.split()
        if len(fields) == 8 and fields[4:6] == ["GLOBAL", "DEFAULT"] and fields[6] != "UND":
            found.add(fields[7])
    return found


def doubled(archive: Path) -> list[str]:
    """Variables defined in headers. Constants, which are in .rodata, do not count."""
    lines = must("objdump", "--syms", "--demangle", archive).splitlines()
    unique = re.compile(r"[0-9a-f]+ (?:u|.w)[^\t]* \.(?:bss|data(?!\.rel\.ro))\S*\t[0-9a-f]+ +(?:\.hidden )?(?:guard variable for )?(portico::.*)")
    return sorted({found[1] for line in lines if (found := unique.match(line))})


def main() -> None:
    prefix = Prefix(sys.argv[1])
    words = words_by_namespace({header: (prefix.include / header).read_text() for header in prefix.headers()})
    symbols = exported(prefix.library / "libportico.so")
    wrongs = [wrong for kind, _, plain in symbols for wrong in wrongs_of_symbol(kind, plain, words)]
    missing = sorted(left_visible(prefix.library / "libportico.a") - {name for _, name, _ in symbols})
    wrongs += [f"in the static library, and not exported: {plain}" for plain in demangle(missing)]
    wrongs += [f"a variable in a header: {name}" for name in doubled(prefix.library / "libportico.a")]
    end(wrongs if symbols else ["nothing is exported"], f"{len(symbols)} symbols, all of the API")


if __name__ == "__main__":
    main()

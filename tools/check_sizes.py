#!/usr/bin/env python3
"""Checks that functions have at most 70 lines and files at most 800, in C++ and Python.

usage: check_sizes.py [REPOSITORY]

A larger one must be listed in tools/size_exceptions.txt with the lines that it may have and the reason. An exception
that is no longer needed also fails, so that the list only shrinks.
"""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 800
FOLDERS = ("portico", "test", "bench", "tools", "script", "examples", "exercises")
EXCEPTIONS = "tools/size_exceptions.txt"

# What is not code: comments, strings, characters. Digit separators (1'000) are not characters.
COMMENT_OR_TEXT = (
    r'//(?:[^\n\\]|\\.|\\\n)*'
    r'|/\*.*?\*/'
    r'|R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|(?<![0-9A-Za-z_])'(?:[^'\\\n]|\\.)+'")
DIRECTIVE = r'^[ \t]*#(?:[^\n\\]|\\.|\\\n)*'
NO_CODE = re.compile(f"{COMMENT_OR_TEXT}|{DIRECTIVE}", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Function:
    name: str
    first_line: int
    lines: int


def blank(text: str) -> str:
    """Returns the same text, line for line, with blanks for everything that is not code."""
    def keep_lines(found: re.Match) -> str:
        kept = re.sub(r"[^\n]", " ", found[0])
        return kept if found[0].lstrip().startswith(("/", "#")) else '""' + kept[2:]
    return NO_CODE.sub(keep_lines, text)


def kind_of(head: str) -> str:
    """Returns what an opening brace opens.

    `head` is the code before it, after the last `;` or brace that is not within a function."""
    if re.match(r"(template\s*<.*>\s*)?(inline\s+)?(namespace|class|struct|union|enum|concept)\b", head, re.DOTALL):
        return "scope"
    if re.fullmatch(r'extern\s*""\s*', head):
        return "scope"
    head = re.sub(r"\boperator\s*[^\s\w(]+", "operator", head)
    head = re.sub(r"^template\s*<[^<>]*>\s*", "", head)  # a default of its parameters is no value
    outside = re.sub(r"\([^()]*\)", "()", head)
    while outside != (inner := re.sub(r"\(\(\)[^()]*\)|\([^()]*\(\)[^()]*\)", "()", outside)):
        outside = inner
    if re.search(r"(?<![=!<>])=(?!=)", outside):
        return "value"
    return "function" if "()" in outside or head == "" or head.startswith((",", ":")) else "value"


def name_of(head: str) -> str:
    if found := re.match(r"(?:TYPED_)?TEST(?:_[FP])?\s*\(\s*(\w+)\s*,\s*(\w+)", head):
        return f"{found[1]}.{found[2]}"
    found = re.search(r"((?:[\w]+(?:<[^<>]*>)?::)*(?:~?\w+|operator\s*[^\s\w(]+|operator\s*\(\)))\s*\(", head)
    return found[1] if found else "?"


def cpp_functions(text: str) -> list[Function]:
    code = blank(text)
    functions: list[Function] = []
    line, head, head_line = 1, "", 1
    stack: list[tuple[str, str, int]] = []   # what each open brace opened: kind, name, first line
    within = parentheses = 0                 # open braces of function bodies; open parentheses outside them
    last = ("?", 1)
    for octet in code:
        if octet == "\n":
            line += 1
        if octet == "{":
            if stack and stack[-1][0] == "value":
                head = head.lstrip(", \n")  # after the element before
            is_element = stack and stack[-1][0] == "value" and not head
            kind = "inner" if within or parentheses else "value" if is_element else kind_of(head.strip())
            name, first = name_of(head), head_line
            if kind == "function" and (not head.strip() or head.strip()[0] in ",:"):
                name, first = last  # the body after a member initialiser in braces
            if kind in ("function", "inner") and not parentheses:
                within += 1
            stack.append((kind, name, first))
            head = head if parentheses else ""
        elif octet == "}" and stack:
            kind, name, first = stack.pop()
            if kind in ("function", "inner") and not parentheses:
                within -= 1
            if kind == "function":
                last = (name, first)
                functions.append(Function(name, first, line - first + 1))
            head = head if parentheses else ""
        elif octet == ";" and not within and not parentheses:
            head = ""
        elif not within:
            parentheses += (octet == "(") - (octet == ")")
            if not head and not octet.isspace():
                head_line = line
            if head or not octet.isspace():
                head += octet
                if re.fullmatch(r"(public|private|protected)\s*:", head):
                    head = ""
    return functions


def python_functions(text: str) -> list[Function]:
    return [Function(node.name, node.lineno, node.end_lineno - node.lineno + 1)
            for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def sizes_of(path: str, text: str) -> dict[str, tuple[int, int]]:
    """Returns what is too large in this file: (lines, first line) by the name that it has in the exceptions."""
    large: dict[str, tuple[int, int]] = {}
    lines = text.count("\n")
    if lines > FILE_LINES_MAX:
        large[path] = (lines, 1)
    is_python = path.endswith(".py") or text.startswith("#!/usr/bin/env python3")
    for function in python_functions(text) if is_python else cpp_functions(text):
        if function.lines > FUNCTION_LINES_MAX:
            large[f"{path}:{function.name}"] = (function.lines, function.first_line)
    return large


def read_exceptions(text: str) -> tuple[dict[str, int], list[str]]:
    allowed, wrongs = {}, []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = re.fullmatch(r"(\S+)\s+(\d+)\s+(\S.*)", line)
        if found:
            allowed[found[1]] = int(found[2])
        else:
            wrongs.append(f"{EXCEPTIONS}:{number}: not \"PATH[:FUNCTION] LINES REASON\"")
    return allowed, wrongs


def wrongs_of(large: dict[str, tuple[int, int]], allowed: dict[str, int]) -> list[str]:
    wrongs = []
    for name, (lines, first) in sorted(large.items()):
        path, _, function = name.partition(":")
        most = allowed.get(name, FUNCTION_LINES_MAX if function else FILE_LINES_MAX)
        if lines > most:
            wrongs.append(f"{path}:{first}: {function or 'the file'} has {lines} lines, may have {most}")
    wrongs += [f"{EXCEPTIONS}: {name} needs no exception any more" for name in sorted(set(allowed) - set(large))]
    return wrongs


def sources(repository: Path) -> list[Path]:
    found = []
    for folder in FOLDERS:
        for path in sorted((repository / folder).rglob("*")):
            if path.suffix in (".h", ".cc", ".py"):
                found.append(path)
            elif path.is_file() and not path.suffix and path.read_bytes().startswith(b"#!/usr/bin/env python3"):
                found.append(path)
    return found


def check(repository: Path) -> tuple[list[str], int]:
    exceptions = repository / EXCEPTIONS
    allowed, wrongs = read_exceptions(exceptions.read_text() if exceptions.exists() else "")
    large: dict[str, tuple[int, int]] = {}
    files = sources(repository)
    for file in files:
        large |= sizes_of(file.relative_to(repository).as_posix(), file.read_text())
    return wrongs + wrongs_of(large, allowed), len(files)


def main() -> int:
    repository = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    wrongs, count = check(repository)
    print("\n".join(wrongs) if wrongs else f"{count} files, none too large")
    return 1 if wrongs or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Compiles programs that the library promises to refuse, and looks for the promised message.

usage: check_refused.py INCLUDE COMPILER…

Each block of programs.txt begins with a line `//--- what is wrong: the sentence`. It is compiled with each compiler, as
the body of a main() that has a server. The compiler must print the sentence, once as an error, and the line that the
user wrote. A block without a sentence must compile. "(clang)" at the end of a title: only clang is asked.

First, those that must compile and those that must not are each compiled as functions of one program, which takes as long as
three of them. Blocks for which that does not say what it must are compiled one by one.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

INCLUDES = "#include <portico/portico.h>\n#include <string>\n#include <vector>\n"
BEFORE = f"{INCLUDES}int main() {{\n    portico::Server server;\n"
USERS_LINE = BEFORE.count("\n") + 1
# The words that each compiler uses for the same thing.
ALSO = {"use of deleted function": "call to deleted constructor"}


@dataclass(frozen=True)
class Block:
    title: str
    sentence: str
    code: str


def blocks_of(text: str) -> list[Block]:
    found = re.split(r"^//--- ([^:\n]+):[ ]?(.*)\n", text, flags=re.MULTILINE)[1:]
    return [Block(title, sentence.strip(), code) for title, sentence, code in zip(found[::3], found[1::3], found[2::3])]


def wrong_of(block: Block, said: str, status: int) -> str | None:
    """Returns why this is not what was promised about the block."""
    if not block.sentence:
        return None if status == 0 else f"does not compile:\n{said}"
    if status == 0:
        return "compiles"
    errors = re.findall(r"^.*\berror: .*$", said, re.MULTILINE)
    if len(errors) != 1:
        return f"is told in {len(errors)} errors:\n{said[:2000]}"
    if block.sentence not in said and ALSO.get(block.sentence, block.sentence) not in said:
        return f"is not told in these words: {block.sentence}\n{said}"
    if f"block.cc:{USERS_LINE}:" not in said:
        return f"the message lacks the user's line:\n{said}"
    return None


def is_clang(compiler: str) -> bool:
    return "clang" in Path(compiler).name


def precompile(compiler: str, include: str, folder: str) -> Path:
    """Precompiles the headers that all blocks include: parsing them takes most of a block's time."""
    header = Path(folder) / f"{Path(compiler).name}.h"
    header.write_text(INCLUDES)
    # Templates that the headers use are then instantiated once instead of for each block. g++ has no such option.
    options = ["-fpch-instantiate-templates"] if is_clang(compiler) else []
    # Both compilers look for this name when they are told to include the header.
    subprocess.run([compiler, "-std=c++23", f"-I{include}", *options, "-x", "c++-header", header, "-o", f"{header}.gch"], check=True)
    return header


def compile_text(compiler: str, include: str, text: str, *options: str | Path) -> tuple[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "block.cc"
        source.write_text(text)
        done = subprocess.run([compiler, *options, "-fsyntax-only", f"-I{include}", source], capture_output=True, text=True,
                              timeout=120, check=False)
        return done.stderr, done.returncode


def wrong_of_old_standard(compiler: str, include: str) -> str | None:
    """A compilation for an older C++ fails with one sentence that names the required version."""
    for header in ("portico/portico.h", "portico/testing.h", "portico/json.h"):
        said, status = compile_text(compiler, include, f"#include <{header}>\nint main() {{}}\n", "-std=c++20")
        errors = re.findall(r"^.*\berror: .*$", said, re.MULTILINE)
        if status == 0 or len(errors) != 1 or "Portico needs C++23: compile with -std=c++23" not in errors[0]:
            return f"{header} as C++20 says:\n{said[:2000]}"
    return None


def program_of(blocks: list[Block]) -> str:
    """Each block as a function; for the compiler, the first line of block 7 is 7.block:1."""
    return INCLUDES + "".join(f'void block_{number}() {{\n    portico::Server server;\n#line 1 "{number}.block"\n{block.code}\n}}\n'
                              for number, block in enumerate(blocks))


def errors_of_program(said: str, context_comes_first: bool) -> dict[str, list[str]]:
    """What was said of each block, error by error. clang names the user's line in the error or after it, g++ (with
    context_comes_first) in it or before it. The text that names it is part of the error; what may belong to a neighbour is not."""
    found: dict[str, list[str]] = {}
    lines = said.splitlines()
    errors = [at for at, line in enumerate(lines) if " error: " in line]
    for before, at, after in zip([-1, *errors], errors, [*errors[1:], len(lines)]):
        candidates = lines[before + 1:at + 1][::-1] if context_comes_first else lines[at:after]
        named = next((match for line in candidates if (match := re.search(r"\b(\d+)\.block:(\d+):", line))), None)
        if named:
            found.setdefault(named[1], []).append(f"{named[0]}\n" + (lines[at] if context_comes_first else "\n".join(candidates)))
    return found


def is_refused(block: Block, number: int, errors: list[str]) -> bool:
    """Whether the errors of a block of the program are the one that was promised."""
    return (len(errors) == 1 and f"{number}.block:1:" in errors[0]
            and (block.sentence in errors[0] or ALSO.get(block.sentence, block.sentence) in errors[0]))


def remaining(compiler: str, include: str, blocks: list[Block], header: Path) -> list[Block]:
    """Returns the blocks that have to be compiled alone."""
    right, wrong = [block for block in blocks if not block.sentence], [block for block in blocks if block.sentence]
    _, status = compile_text(compiler, include, program_of(right), "-std=c++23", "-include", header)
    unlimited = "-ferror-limit=0" if is_clang(compiler) else "-fmax-errors=0"
    said, _ = compile_text(compiler, include, program_of(wrong), "-std=c++23", unlimited, "-include", header)
    errors = errors_of_program(said, not is_clang(compiler))
    return (right if status != 0 else []) + [block for number, block in enumerate(wrong)
                                             if not is_refused(block, number, errors.get(str(number), []))]


def wrongs_of(compiler: str, include: str, blocks: list[Block]) -> list[str]:
    wrongs = [wrong_of_old_standard(compiler, include)]
    blocks = [block for block in blocks if is_clang(compiler) or not block.title.endswith("(clang)")]
    with tempfile.TemporaryDirectory() as folder:
        header = precompile(compiler, include, folder)
        for block in remaining(compiler, include, blocks, header):
            said, status = compile_text(compiler, include, f"{BEFORE}{block.code}}}\n", "-std=c++23", "-include", header)
            wrong = wrong_of(block, said, status)
            wrongs.append(wrong and f"{block.title} {wrong}")
    return [f"{compiler}: {wrong}" for wrong in wrongs if wrong]


def main() -> None:
    include, compilers = sys.argv[1], sys.argv[2:]
    blocks = blocks_of((Path(__file__).parent / "programs.txt").read_text())
    wrongs = [wrong for compiler in compilers for wrong in wrongs_of(compiler, include, blocks)]
    print("\n".join(wrongs) if wrongs else f"{len(blocks)} blocks, {len(compilers)} compilers")
    sys.exit(1 if wrongs or not blocks or not compilers else 0)


if __name__ == "__main__":
    main()

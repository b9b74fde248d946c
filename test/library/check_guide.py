#!/usr/bin/env python3
"""Follows docs/library.md with an installed Portico: compiles all its C++, and types its transcripts.

usage: check_guide.py PREFIX COMPILER [CHAPTER…]

A `cpp` block whose first line is a comment with a file's name, "// hello.cc", is that file: it is in the folder of its
chapter's transcripts, and is compiled unchanged. So is a block of another kind whose first line is "# CMakeLists.txt".
Any other `cpp` block is a part of a program. "cpp in main" is placed in a function that has a `server`; plain "cpp" is
placed outside functions, where later blocks of its chapter can use it. What these parts use of the library must be exported by
libportico.so. "cpp error" is a file that the compiler must reject.

Transcripts are run like those of docs/sockets (test/lessons/transcripts.py), but the g++ that they type is COMPILER
with our warnings as errors. A file that no transcript compiles is compiled separately. A chapter starts with the files
of earlier ones.

For a source that includes <portico/portico.h>, that header is precompiled: reading it takes longer than all else.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from check_symbols import demangle
from prefix import Prefix, end, must, run

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "test/lessons"))
import transcripts  # noqa: E402

GUIDE = REPOSITORY / "docs/library.md"
COMMAND_TIME_MAX = 120.0  # a command may be a compiler on a busy machine
WARNINGS = ["-Wall", "-Wextra", "-Wno-unused-variable", "-Wno-unused-function", "-Werror"]
BEFORE_PARTS = """#include <portico/json.h>
#include <portico/portico.h>
#include <portico/testing.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

"""


@dataclass
class Block:
    kind: str  # the text after the fence: "cpp", "cpp in main", "cmake", "" …
    line: int
    text: str

    @property
    def file(self) -> str | None:
        """The name of the file that the block is."""
        found = re.match(r"(?://|#) ([\w.]+\.(?:cc|h|txt|js))\b", self.text)
        return found[1] if found else None


@dataclass
class Part:
    """The parts of a chapter besides its transcripts."""
    title: str
    blocks: list[Block] = field(default_factory=list)


def parts_of(text: str) -> list[Part]:
    parts = [Part("")]
    block = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```") and block is None:
            block = Block(line[3:].strip(), number, "")
        elif line == "```":
            parts[-1].blocks.append(block)
            block = None
        elif block is not None:
            block.text += line + "\n"
        elif line.startswith("## "):
            parts.append(Part(line[3:]))
    if block is not None:
        raise ValueError(f"the block of line {block.line} has no end")
    return parts


def program_of_parts(part: Part, guide: str) -> str:
    """One source from all blocks of a chapter that are not files; errors name the guide's lines."""
    source = ""
    for block in part.blocks:
        if block.kind == "cpp in main" and not block.file:
            source += (f"void part_{block.line}([[maybe_unused]] portico::Server& server) {{\n"
                       f'#line {block.line + 1} "{guide}"\n{block.text}}}\n')
        elif block.kind == "cpp" and not block.file:
            source += f'#line {block.line + 1} "{guide}"\n{block.text}'
    return source


def programs_of_chapters(parts: list[Part], guide: str) -> list[str]:
    """As few sources as possible from the blocks of all chapters, because reading the headers takes longer than the blocks.

    A chapter is a namespace, so that it can't use what another one declares. A chapter that specialises a template can't be
    in a namespace: it comes last, where no other chapter sees it, and a second one needs its own source."""
    programs = [program for part in parts if (program := program_of_parts(part, guide))]
    global_ones = [program for program in programs if re.search(r"^template <>", program, re.MULTILINE)]
    named = "".join(f"namespace chapter_{number} {{\n{program}}}\n" for number, program in enumerate(programs)
                    if program not in global_ones)
    return [BEFORE_PARTS + source for source in [named + "".join(global_ones[:1]), *global_ones[1:]] if source]


def write_compiler(folder: Path, compiler: str, flags: list[str]) -> Path:
    """Writes the g++ that the transcripts type."""
    header = folder / "precompiled.h"
    header.write_text("#include <portico/portico.h>\n")
    includes = [flag for flag in flags if flag.startswith("-I")]
    must(compiler, "-std=c++23", *WARNINGS, *includes, "-x", "c++-header", header, "-o", f"{header}.gch")
    typed = folder / "g++"
    typed.write_text(f"""#!/bin/sh
for word; do
    case $word in
        *.cc) ! grep -qs '^#include <portico/portico.h>' "$word" || set -- -include {header} "$@" ;;
    esac
done
exec {shlex.join([compiler, *WARNINGS])} "$@"
""")
    typed.chmod(0o755)
    return typed


def wrong_of_source(name: str, folder: Path, compiler: str, flags: list[str], must_fail: bool = False) -> str | None:
    compiled = run(compiler, "-std=c++23", "-fsyntax-only", name, *flags, cwd=folder)
    return None if (compiled.returncode != 0) == must_fail else f"{name}:\n{compiled.stderr or 'the compiler takes it'}"


def symbols(*options: str | Path) -> set[str]:
    """The names that nm prints."""
    lines = must("nm", "--format=posix", "--without-symbol-versions", *options).splitlines()
    return {fields[0] for fields in map(str.split, lines) if len(fields) > 1}


def not_exported(used: set[str], made: set[str], exported: set[str]) -> list[str]:
    """What a program uses of the static library, and the shared one hides: an inline function of a header calls it."""
    return [f"used by a program, and not exported: {plain}" for plain in demangle(sorted((used & made) - exported))]


def wrongs_of_chapters(parts: list[Part], prefix: Prefix, compiler: str, flags: list[str]) -> list[str]:
    wrongs = []
    made = symbols("--defined-only", "--extern-only", prefix.library / "libportico.a")
    exported = symbols("--defined-only", "--dynamic", prefix.library / "libportico.so")
    with tempfile.TemporaryDirectory() as folder:
        for program in programs_of_chapters(parts, "docs/library.md"):
            (Path(folder) / "parts.cc").write_text(program)
            options = [flag for flag in flags if not flag.startswith(("-l", "-L", "-Wl"))]
            compiled = run(compiler, "-std=c++23", "-c", "parts.cc", *options, cwd=folder)
            if compiled.returncode != 0:
                wrongs.append(f"parts.cc:\n{compiled.stderr}")
            else:
                wrongs += not_exported(symbols("--undefined-only", Path(folder) / "parts.o"), made, exported)
    return wrongs


def files_typed(chapter: transcripts.Chapter) -> set[str]:
    """The sources that the chapter's transcripts compile."""
    compilations = [command.typed.split() for command in chapter.commands if command.typed.startswith("g++ ")]
    return {word for words in compilations for word in words if word.endswith(".cc")}


def wrongs_of_files(part: Part, compiled: set[str], compiler: str, flags: list[str]) -> list[str]:
    """Compiles the files of a chapter, except those that are `compiled` elsewhere."""
    files = [block for block in part.blocks if block.file and block.kind.startswith("cpp")]
    wrongs = []
    with tempfile.TemporaryDirectory() as folder:
        for block in files:
            (Path(folder) / block.file).write_text(block.text)
        for block in files:
            if block.file.endswith(".cc") and block.file not in compiled:
                wrong = wrong_of_source(block.file, Path(folder), compiler, flags, must_fail=block.kind == "cpp error")
                wrongs += [f"'{part.title}', {wrong}"] if wrong else []
    return wrongs


class GuideSession(transcripts.Session):
    """A session that starts with files."""

    def __init__(self, chapter: transcripts.Chapter, path: list[Path], files: dict[str, str]):
        super().__init__(chapter, path)
        # curl shows its progress if its output is not a terminal. The reader's output is a terminal.
        (self.folder / ".curlrc").write_text("silent\nshow-error\n")
        for name, text in files.items():
            (self.folder / name).write_text(transcripts.WRITTEN_PORT.sub(lambda found: self.ports.get(found[0], found[0]), text))


def wrong_of_transcript(chapter: transcripts.Chapter, path: list[Path], files: dict[str, str]) -> str | None:
    with GuideSession(chapter, path, files) as session:
        for command in chapter.commands:
            wrong = session.run(command)
            if wrong:
                return f"'{chapter.title}': {wrong}"
    return None


def main() -> None:
    prefix, compiler, wanted = Prefix(sys.argv[1]), shutil.which(sys.argv[2]), sys.argv[3:]
    transcripts.COMMAND_TIME_MAX = COMMAND_TIME_MAX
    os.environ["PKG_CONFIG_PATH"] = str(prefix.library / "pkgconfig")
    os.environ["LD_LIBRARY_PATH"] = str(prefix.library)
    os.environ["CMAKE_PREFIX_PATH"] = str(prefix.path)
    os.environ["CXX"] = compiler
    os.environ["CURL_HOME"] = "."
    text = GUIDE.read_text()
    parts, flags = parts_of(text)[1:], prefix.flags("shared")
    wrongs, files, run_commands = [], {}, 0
    with tempfile.TemporaryDirectory() as folder:
        typed = str(write_compiler(Path(folder), compiler, flags))
        is_wanted = [not wanted or any(part.title.startswith(title) for title in wanted) for part in parts]
        wrongs += wrongs_of_chapters([part for part, wants in zip(parts, is_wanted) if wants], prefix, typed, flags)
        for part, chapter, wants in zip(parts, transcripts.chapters_of(text), is_wanted, strict=True):
            files.update({block.file: block.text for block in part.blocks if block.file})
            if not wants:
                continue
            wrongs += wrongs_of_files(part, files_typed(chapter), typed, flags)
            path = [Path(folder), prefix.path / "bin"]
            wrong = wrong_of_transcript(chapter, path, files) if chapter.commands else None
            wrongs += [wrong] if wrong else []
            run_commands += len(chapter.commands)
    end(wrongs, f"{sum(len(part.blocks) for part in parts)} blocks, {run_commands} commands")


if __name__ == "__main__":
    main()

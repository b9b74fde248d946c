"""docs/sockets.md: every command of every transcript is run, and prints what the document shows.

PORTICO           the program, default build/release/portico
PORTICO_EXAMPLES  the folder of the examples, default examples/ beside the program
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import transcripts

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("PORTICO", REPOSITORY / "build/release/portico")).absolute()
EXAMPLES = Path(os.environ.get("PORTICO_EXAMPLES", PROGRAM.parent / "examples")).absolute()
COURSE = REPOSITORY / "docs/sockets.md"
COVERAGE = REPOSITORY / "docs/sockets-coverage.md"
RAW = REPOSITORY / "examples/raw"
CHAPTERS = transcripts.chapters_of(COURSE.read_text())


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.title)
def test_chapter(chapter):
    assert chapter.commands, f"'{chapter.title}' shows nothing that runs"
    wrong = transcripts.run_chapter(chapter, [PROGRAM.parent, EXAMPLES])
    assert wrong is None, wrong


def test_every_example_is_in_the_course():
    words = {word for chapter in CHAPTERS for command in chapter.commands for word in command.typed.split()}
    names = {source.stem for source in (REPOSITORY / "examples/sockets").glob("*.cc")}
    names |= {f"hello_{source.stem}" for source in (REPOSITORY / "examples/concurrency").glob("*.cc")}
    names |= {f"raw_{source.stem}" for source in RAW.glob("*.c")} | {f"raw_{source.name}" for source in RAW.glob("*.py")}
    assert names and names - words == set()


def test_programs_without_portico_are_shown_whole_and_are_short():
    blocks = re.findall(r"^```(?:c|python)\n((?:(?!```).*\n)+)```$", COURSE.read_text(), re.MULTILINE)
    shown = {name[1]: block for block in blocks if (name := re.search(r"^(?://|#) examples/raw/(\S+)", block, re.MULTILINE))}
    sources = {source.name: source.read_text() for source in RAW.iterdir() if source.name != "CMakeLists.txt"}
    assert shown == sources and len(sources) > 15
    assert [name for name, text in sources.items() if text.count("\n") > 40] == []


def test_the_table_of_topics_leads_to_chapters_and_programs():
    table = COVERAGE.read_text()
    headings = re.findall(r"^##+ (.*)", COURSE.read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}
    wanted = re.findall(r"\(sockets\.md#([^)]+)\)", table)
    assert len(wanted) > 20 and set(wanted) - anchors == set()
    words = {word for chapter in CHAPTERS for command in chapter.commands for word in command.typed.split()}
    assert {name for name in re.findall(r"`(raw_\w+)`", table)} - words == set()

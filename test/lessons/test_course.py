"""docs/sockets: every command of every transcript is run, and prints what the page shows.

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
COURSE = REPOSITORY / "docs/sockets"
RAW = REPOSITORY / "examples/raw"
PAGES = {page.name: page.read_text() for page in sorted(COURSE.glob("[0-9][0-9]-*.md"))}
CHAPTERS = [chapter for text in PAGES.values() for chapter in transcripts.chapters_of(text, heading="# ")]
WORDS = {word for chapter in CHAPTERS for command in chapter.commands for word in re.split(r"[\s;()]+", command.typed)}


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.title)
def test_chapter(chapter):
    assert chapter.commands, f"'{chapter.title}' shows nothing that runs"
    missing = [need for need in chapter.needs if not transcripts.machine_has(need)]
    if missing:
        pytest.skip(f"this machine lacks: {', '.join(missing)}")
    wrong = transcripts.run_chapter(chapter, [PROGRAM.parent, EXAMPLES])
    assert wrong is None, wrong


def test_every_example_is_in_the_course():
    names = {source.stem for source in (REPOSITORY / "examples/sockets").glob("*.cc")}
    names |= {f"hello_{source.stem}" for source in (REPOSITORY / "examples/concurrency").glob("*.cc")}
    names |= {f"raw_{source.stem}" for source in RAW.glob("*.c")} | {f"raw_{source.name}" for source in RAW.glob("*.py")}
    assert names and names - WORDS == set()


def test_programs_without_portico_are_shown_whole_and_are_short():
    blocks = re.findall(r"^```(?:c|python|java|go|ruby|js)\n((?:(?!```).*\n)+)```$", "\n".join(PAGES.values()), re.MULTILINE)
    shown = {name[1]: block for block in blocks if (name := re.search(r"^(?://|#) examples/raw/(\S+)", block, re.MULTILINE))}
    sources = {source.name: source.read_text() for source in RAW.iterdir() if source.suffix != ".txt"}
    assert shown == sources and len(sources) > 15
    assert [name for name, text in sources.items() if text.count("\n") > 40] == []


def test_excerpts_are_in_their_files():
    excerpts = re.findall(r"^```cpp\n// (\S+), in part\n(.*?)^```$", "\n".join(PAGES.values()), re.MULTILINE | re.DOTALL)
    assert len(excerpts) >= 8
    assert [file for file, text in excerpts if text not in (REPOSITORY / file).read_text()] == []


def test_chapters_are_numbered_and_lead_to_one_another():
    names = list(PAGES)
    assert [int(name[:2]) for name in names] == list(range(1, len(names) + 1)) and len(names) >= 14
    contents = (COURSE / "README.md").read_text()
    for before, name, after in zip([None, *names], names, [*names[1:], "glossary.md"]):
        title, _, navigation, _, goals, *_ = lines = PAGES[name].splitlines()
        assert title.startswith(f"# {int(name[:2])}. ") and f"[{title.split('. ', 1)[1]}]({name})" in contents, name
        assert goals == "After this chapter you can:" and lines[6].startswith("- "), name
        assert lines[-1] == navigation, name
        linked = re.findall(r"\]\(([^)]+)\)", navigation)
        assert linked == [page for page in (before, "README.md", after) if page], name
        assert lines[-6] == "## Exercises" and f"(../../exercises/{name[:2]}/README.md)" in lines[-4], name


def test_the_table_of_topics_leads_to_places_and_programs():
    table = (COURSE / "coverage.md").read_text()
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    without_place = [row for row in rows if "](" not in row and not row.startswith("| topic")]
    assert len(rows) > 60 and without_place == []
    assert set(PAGES) - set(re.findall(r"\((\d\d[^)#]+)", table)) == set(), "a chapter that has no topic"
    assert set(re.findall(r"`(raw_[\w.]+)`", table)) - WORDS == set()


def test_the_glossary_is_sorted_and_each_term_leads_to_a_chapter():
    terms = re.findall(r"^\*\*([^*]+)\*\*: (.*(?:\n.+)*)", (COURSE / "glossary.md").read_text(), re.MULTILINE)
    names = [name.lower() for name, _ in terms]
    assert len(names) > 40 and names == sorted(names)
    assert [name for name, text in terms if not re.search(r"\]\(\d\d-", text)] == []


def test_common_questions_have_short_answers_that_lead_to_chapters():
    page = (COURSE / "questions.md").read_text()
    answers = dict(re.findall(r"^### (.*)\n\n((?:.+\n)+)", page, re.MULTILINE))
    assert len(answers) == page.count("\n### ") >= 30 and all(question.endswith("?") for question in answers)
    assert [question for question, answer in answers.items() if not re.search(r"\]\(\d\d-", answer) or answer.count("\n") > 4] == []
    for page in ("README.md", "coverage.md", "15-what-goes-wrong.md"):
        assert "](questions.md)" in (COURSE / page).read_text(), page

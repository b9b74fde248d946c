"""Checks a student's answer to an exercise of the course.

usage: script/exercise N.M          prints the task
       script/exercise N.M FILE     checks an answer
       script/exercise --solution N.M
       script/exercise --list

FILE is a program or a text. A program may be a source in C or C++ (.c, .cc, .cpp: compiled with -Wall -Wextra), Go (.go),
Java (.java), JavaScript (.js, .mjs), Python (.py) or Ruby (.rb), or anything that can be executed. Answers to questions
are a text file (.txt) with lines such as `a: yes`. Each README.md in exercises/ has the tasks of a chapter.

Exit status: 0 the answer is right, 1 it is not right yet, 2 the command was wrong.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import checks

ROOT = Path(__file__).resolve().parent
RIGHT, NOT_YET, USAGE = 0, 1, 2
COMPILE_SECONDS_MAX = 120
WARNINGS = ["-Wall", "-Wextra", "-g", "-pthread"]
COMPILERS = {".c": ["cc", "-std=gnu17", *WARNINGS], ".cc": ["c++", "-std=c++20", *WARNINGS], ".cpp": ["c++", "-std=c++20", *WARNINGS],
             ".go": ["go", "build"]}
INTERPRETERS = {".py": sys.executable, ".java": "java", ".js": "node", ".mjs": "node", ".rb": "ruby"}
MEMORY_FAULT = re.compile(r"SIG(SEGV|BUS|FPE|ABRT)")
NUMBER = re.compile(r"0*(\d+)\.(\d+)")


class Usage(Exception):
    """The command can't be followed; its text says why."""


@dataclass(frozen=True)
class Exercise:
    chapter: int
    place: int

    @property
    def number(self) -> str:
        return f"{self.chapter}.{self.place}"

    @property
    def folder(self) -> Path:
        return ROOT / f"{self.chapter:02}" / str(self.place)

    @property
    def wants_text(self) -> bool:
        return (self.folder / "solution.txt").exists()

    @property
    def solution(self) -> Path:
        return next(self.folder.glob("solution.*"))

    def section(self) -> str:
        """Returns the part of the chapter's README that is about this exercise."""
        text = (self.folder.parent / "README.md").read_text()
        found = re.search(rf"^## {re.escape(self.number)} .*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        return found[0].strip() if found else ""

    def title(self) -> str:
        return self.section().split("\n")[0].removeprefix(f"## {self.number} ")

    def chapter_page(self) -> str:
        """Returns the path of the chapter in the course, as the README links to it."""
        return re.search(r"\(\.\./\.\./(docs/sockets/[\w-]+\.md)\)", (self.folder.parent / "README.md").read_text())[1]


def all_exercises() -> list[Exercise]:
    return sorted((Exercise(int(path.parents[1].name), int(path.parent.name)) for path in ROOT.glob("[0-9][0-9]/*/check.py")),
                  key=lambda one: (one.chapter, one.place))


def exercise_of(word: str) -> Exercise:
    found = NUMBER.fullmatch(word)
    exercise = Exercise(int(found[1]), int(found[2])) if found else None
    if exercise in all_exercises():
        return exercise
    of_chapter = [one.number for one in all_exercises() if word.isdecimal() and one.chapter == int(word)]
    raise Usage(f"there is no exercise {word}; " + (f"chapter {int(word)} has {', '.join(of_chapter)}" if of_chapter
                                                    else "script/exercise --list shows all of them"))


def module_of(exercise: Exercise):
    spec = importlib.util.spec_from_file_location(f"check_{exercise.chapter}_{exercise.place}", exercise.folder / "check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def task(exercise: Exercise) -> str:
    without_solution = re.sub(r"<details>.*?</details>", "", exercise.section(), flags=re.DOTALL).rstrip()
    return f"{without_solution}\n\nThe chapter: {exercise.chapter_page()}"


def solution(exercise: Exercise) -> str:
    folded = re.search(r"<details><summary>.*?</summary>(.*?)</details>", exercise.section(), re.DOTALL)
    return f"{folded[1].strip()}\n\n{exercise.solution.read_text().rstrip()}"


def command_of(file: Path, scratch: str, tell) -> list[str]:
    """Returns how to run the student's program, which is compiled first if need be."""
    needed = INTERPRETERS.get(file.suffix) or COMPILERS.get(file.suffix, [""])[0]
    if needed and not shutil.which(needed):
        raise checks.Unavailable(f"{file} needs {needed}, which is not installed")
    if file.suffix in INTERPRETERS:
        return [needed, str(file)]
    if file.suffix not in COMPILERS:
        if not os.access(file, os.X_OK):
            raise Usage(f"{file} is not a program: it ends in none of {', '.join([*COMPILERS, *INTERPRETERS])}, and can't be executed (chmod +x)")
        return [str(file)]
    program = f"{scratch}/mine"
    compiler = [*COMPILERS[file.suffix], "-o", program, str(file)]
    with checks.Checker(compiler) as checker:
        compiling = checker.start(stdin=b"")
        try:
            status = compiling.wait(COMPILE_SECONDS_MAX)
        finally:
            for line in compiling.errors.decode(errors="replace").splitlines()[:40]:
                tell(f"  {line}")
    if status != 0:
        raise checks.Wrong("your program does not compile", "a program; the compiler's first message usually says what is wrong")
    return [program]


def answers_of(text: str) -> dict[str, str]:
    answers = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            label, colon, answer = line.partition(":")
            answers[label.strip().lower() if colon else line.strip()] = answer.strip()
    return answers


def check_text(exercise: Exercise, file: Path, tell) -> bool:
    questions = module_of(exercise).QUESTIONS
    answers = answers_of(file.read_text(errors="replace"))
    strangers = sorted(set(answers) - set(questions))
    right = [label for label, question in questions.items() if question.accepts(answers.get(label, ""))]
    if len(right) == len(questions) and not strangers:
        return True
    tell(f"  {len(right)} of {len(questions)} answers are right")
    for label, question in questions.items():
        if label not in right:
            tell(f"  {label}: seen:     {answers.get(label) or 'no answer'}")
            tell(f"     expected: {question.expected}")
            tell(f"     hint:     {question.hint}")
    if strangers:
        tell(f"  seen:     {', '.join(strangers)}: not the label of a question")
        tell(f"  expected: lines that begin with {', '.join(f'{label}:' for label in questions)}")
    return False


def check_program(exercise: Exercise, file: Path, tell) -> bool:
    doing, complaints = "it compiles" if file.suffix in COMPILERS else "it starts", []
    try:
        with tempfile.TemporaryDirectory(prefix="portico-exercise-") as scratch:
            with checks.Checker(command_of(file, scratch, tell), tell) as checker:
                try:
                    module_of(exercise).check(checker)
                    checker.done()
                finally:
                    doing, complaints = checker.doing, checker.complaints()
    except checks.Wrong as wrong:
        tell(f"  not yet:  {doing}")
        tell(f"  seen:     {wrong.seen}")
        tell(f"  expected: {wrong.expected}")
        for place, line in enumerate(complaints):
            tell(f"  {'said:' if place == 0 else '':9} {line[:200]}")
        if wrong.hint:
            tell(f"  hint:     {wrong.hint}")
        if file.suffix in (".c", ".cc", ".cpp") and MEMORY_FAULT.search(wrong.seen):
            tell("  hint:     Compile it with -g -fsanitize=address,undefined and run it yourself: it then says which line is wrong.")
        return False
    return True


def judge(exercise: Exercise, word: str, tell) -> int:
    """Checks an answer. Tells how it went, and returns the exit status."""
    file = Path(word).absolute()
    if not file.is_file():
        raise Usage(f"{word} is a folder, not a file" if file.is_dir() else f"{word}: there is no such file")
    if exercise.wants_text != (file.suffix == ".txt"):
        wanted = "a text file (.txt) with an answer in each line, like `a: yes`" if exercise.wants_text else "a program, not a text"
        raise Usage(f"exercise {exercise.number} wants {wanted}")
    right = (check_text if exercise.wants_text else check_program)(exercise, file, tell)
    if not right:
        tell(f"  read again: {exercise.chapter_page()}")
    tell(f"Exercise {exercise.number}: {'right' if right else 'not right yet'}")
    return RIGHT if right else NOT_YET


def answer(words: list[str], tell) -> int:
    if words in (["--help"], ["-h"]):
        tell(__doc__.strip())
    elif words == ["--list"]:
        for exercise in all_exercises():
            tell(f"{exercise.number:5} {exercise.title()} ({'questions' if exercise.wants_text else 'program'})")
    elif len(words) == 2 and words[0] == "--solution":
        tell(solution(exercise_of(words[1])))
    elif len(words) == 1 and not words[0].startswith("-"):
        tell(task(exercise_of(words[0])))
    elif len(words) == 2 and not words[0].startswith("-"):
        return judge(exercise_of(words[0]), words[1], tell)
    else:
        raise Usage("usage: script/exercise N.M [FILE] | --solution N.M | --list | --help")
    return RIGHT


def main(words: list[str]) -> int:
    def tell(line: str) -> None:
        print(line, flush=True)
    try:
        return answer(words, tell)
    except (Usage, checks.Unavailable) as problem:
        print(f"script/exercise: {problem}", file=sys.stderr)
        return USAGE
    except (BrokenPipeError, KeyboardInterrupt):
        return NOT_YET
    except OSError as error:
        print(f"script/exercise: the check can't be made: {error}", file=sys.stderr)
        return USAGE

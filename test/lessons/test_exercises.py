"""exercises/: every checker accepts its solution, and tells what is wrong with a typical wrong answer.

A wrong answer is beside its check.py: wrong.*, with a comment that names the mistake and what the checker has to say.
wrong.sed makes it from the solution.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "exercises"))

import checks  # noqa: E402
import runner  # noqa: E402

pytestmark = pytest.mark.release  # nothing of the program is in the exercises: once is enough

EXERCISES = runner.all_exercises()
WRONG = [(exercise, path) for exercise in EXERCISES for path in sorted(exercise.folder.glob("wrong*"))]


def judged(exercise: runner.Exercise, path: Path) -> tuple[int, str]:
    told: list[str] = []
    return runner.judge(exercise, str(path), told.append), "\n".join(told)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.number)
def test_solution_is_right(exercise):
    status, told = judged(exercise, exercise.solution)
    assert status == runner.RIGHT, told
    assert "warning" not in told and told.endswith(": right")
    assert exercise.wants_text or told.count("  ok: ") >= 2


def answer_of(exercise: runner.Exercise, wrong: Path, folder: Path) -> Path:
    """Returns the file with a wrong answer: it is there, or made from the solution by a script for sed."""
    if wrong.suffix != ".sed":
        return wrong
    made = folder / f"mine{exercise.solution.suffix}"
    made.write_text(subprocess.run(["sed", "-f", wrong, exercise.solution], capture_output=True, text=True, check=True).stdout)
    return made


@pytest.mark.parametrize(("exercise", "path"), WRONG, ids=lambda value: getattr(value, "number", None) or value.name)
def test_wrong_answer_is_explained(exercise, path, tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "PATIENCE", 2.0)
    status, told = judged(exercise, answer_of(exercise, path, tmp_path))
    assert "warning" not in told
    assert status == runner.NOT_YET, told
    phrase = re.search(r"The checker says: (.*)", path.read_text())[1]
    assert phrase in told and "seen: " in told and "expected: " in told, told
    assert f"read again: {exercise.chapter_page()}" in told


def test_each_chapter_has_three_exercises_with_task_hint_and_solution():
    chapters = [exercise.chapter for exercise in EXERCISES]
    assert set(chapters) == set(range(1, 17)) and min(map(chapters.count, chapters)) >= 3
    assert {exercise for exercise, _ in WRONG} == set(EXERCISES)
    index = (runner.ROOT / "README.md").read_text()
    for exercise in EXERCISES:
        section = exercise.section()
        assert exercise.title() and "\nHint: " in section and f"`script/exercise {exercise.number} " in section, exercise
        assert f"]({exercise.place}/{exercise.solution.name})" in section.split("<details>")[1], exercise
        assert "Solution" not in runner.task(exercise) and f"({exercise.chapter:02}/README.md)" in index
    sections = sum(len(re.findall(r"^## \d", path.read_text(), re.MULTILINE)) for path in runner.ROOT.glob("*/README.md"))
    assert sections == len(EXERCISES)


def test_solutions_in_c_are_short():
    lines = [path.read_text().count("\n") for path in runner.ROOT.glob("*/*/solution.c")]
    assert len(lines) > 10 and max(lines) <= 60


def command(*words: str, capsys) -> tuple[int, str]:
    status = runner.main(list(words))
    told = capsys.readouterr()
    return status, told.out + told.err


USAGE = {
    "NoNumber": (["hello"], "there is no exercise hello"),
    "NoSuchChapter": (["99.1"], "there is no exercise 99.1"),
    "NoSuchPlace": (["1.99", "a.txt"], "there is no exercise 1.99"),
    "AChapter": (["4"], "there is no exercise 4; chapter 4 has 4.1, 4.2, 4.3"),
    "NoSuchFile": (["6.1", "nothing.c"], "there is no such file"),
    "AFolder": (["6.1", str(runner.ROOT)], "is a folder, not a file"),
    "AnUnknownOption": (["--what"], "usage: script/exercise"),
    "TooMany": (["6.1", "a.c", "b.c"], "usage: script/exercise"),
    "NoArgument": ([], "usage: script/exercise"),
    "ATextForAProgram": (["6.1", str(runner.ROOT / "01/1/solution.txt")], "wants a program"),
    "AProgramForAText": (["1.1", str(runner.ROOT / "06/1/solution.c")], "wants a text file"),
    "NotExecutable": (["6.1", str(runner.ROOT / "README.md")], "chmod +x"),
}


@pytest.mark.parametrize(("words", "message"), USAGE.values(), ids=USAGE.keys())
def test_wrong_commands(words, message, capsys):
    status, told = command(*words, capsys=capsys)
    assert status == runner.USAGE and message in told


def test_list_task_solution_and_help(capsys):
    assert command("--list", capsys=capsys)[1].count("\n") == len(EXERCISES)
    status, told = command("6.1", capsys=capsys)
    assert status == 0 and told.startswith("## 6.1 ") and "getline" not in told and "docs/sockets/06-reading.md" in told
    status, told = command("--solution", "06.1", capsys=capsys)
    assert status == 0 and "getline" in told and "int main" in told and "details" not in told
    assert "Exit status" in command("--help", capsys=capsys)[1]


ENDLESS_ANSWER = """import socket, sys
client, _ = socket.create_server(("127.0.0.1", int(sys.argv[1]))).accept()
while True: client.sendall(b"x" * 100000)
"""
BAD_PROGRAMS = {
    "DoesNotCompile": ("6.3", "mine.c", "int main(void) { return nothing; }", "does not compile"),
    "WarningsAreShown": ("6.3", "mine.c", "int main(void) { int unused; return 3; }", "unused variable"),
    "InCxx": ("6.3", "mine.cc", '#include <cstdio>\nint main() { return int{3} + 0 * std::fputs("no luck", stderr); }',
              "ended with status 3 and said: no luck"),
    "Hangs": ("6.3", "mine.py", "import time\ntime.sleep(600)", "still runs"),
    "Crashes": ("6.3", "mine.py", "import os\nos.abort()", "signal 6 (SIGABRT) ended it"),
    "FloodsItsOutput": ("6.3", "mine.py", "while True: print('x' * 100000)", "printed more than 1 MiB"),
    "FloodsTheDisk": ("6.3", "mine", "#!/bin/sh\nexec head -c 20000000 /dev/zero > file", "signal 25 (SIGXFSZ) ended it"),
    "IsBusyForEver": ("6.3", "mine.py", "while True: pass", "signal 24 (SIGXCPU) ended it"),
    "ClosesItsInput": ("6.3", "mine.py", "import os\nos.close(0)\nprint(7)", 'printed "7\\n"'),
    "ReadsNothing": ("7.2", "mine.py", "import os, socket, sys, time\nos.close(0)\n"
                     "socket.create_connection(('127.0.0.1', int(sys.argv[1])))\ntime.sleep(600)", "does not read its standard input"),
    "NeverAnswers": ("6.3", "mine", "#!/bin/sh\nexit 0", "printed nothing"),
    "NoInterpreter": ("6.3", "mine", "#!/no/such/program\n", "can't be run"),
    "SaysMoreThanALine": ("6.3", "mine.py", "def f():\n    return nothing\nf()", "line 2, in f"),
    "CrashesInC": ("6.3", "mine.c", "int main(int argc, char** argv) { return *argv[argc]; }", "-fsanitize=address"),
    "SendsTheEndOfAText": ("4.2", "mine.py", "import socket, sys\n"
                           "client, _ = socket.create_server(('127.0.0.1', int(sys.argv[1]))).accept()\n"
                           "client.sendall(b'Hello\\n\\0')", "The NUL at the end of a text"),
    "NeverListens": ("4.2", "mine", "#!/bin/sh\nexec sleep 600", "socket(), bind() and listen()"),
    "ListensOnAPortOfItsOwn": ("4.2", "mine.py", "import socket, time\n"
                               "listening = socket.create_server(('127.0.0.1', 0))\ntime.sleep(600)", "and listens on tcp port "),
    "HasTheWrongProtocol": ("8.1", "mine.py", "import socket, sys, time\n"
                            "listening = socket.create_server(('127.0.0.1', int(sys.argv[1])))\ntime.sleep(600)", "and listens on tcp port "),
    "TurnsTheAddressRound": ("4.2", "mine.py", "import socket\nsocket.create_server(('1.0.0.127', 7000))", "htonl, or inet_pton"),
    "ListensElsewhere": ("4.2", "mine.py", "import socket, sys\nport = socket.htons(int(sys.argv[1]))\n"
                         "socket.create_server(('127.0.0.1', port)).accept()", "network byte order"),
    "EndsAtOnce": ("4.2", "mine.py", "raise SystemExit('cannot listen')", "ended with status 1 and said: cannot listen"),
    "NeverConnects": ("4.3", "mine", "#!/bin/sh\nexec sleep 600", "did not connect"),
    "EndsWithoutConnecting": ("4.3", "mine", "#!/bin/sh\necho 'connect: Connection refused' >&2\nexit 1",
                              "Are port and address in network byte order"),
    "NeverReads": ("6.1", "mine.py", "import socket, sys, time\n"
                   "listening = socket.create_server(('127.0.0.1', int(sys.argv[1])))\ntime.sleep(600)", "nothing for"),
    "AnswersWithoutAnEnd": ("7.3", "mine.py", ENDLESS_ANSWER, "then more and more"),
}
IMPATIENT = ("Hangs", "NeverListens", "ListensOnAPortOfItsOwn", "HasTheWrongProtocol", "NeverConnects")


@pytest.mark.parametrize(("name", "program"), BAD_PROGRAMS.items(), ids=BAD_PROGRAMS.keys())
def test_bad_programs(name, program, tmp_path, monkeypatch, capsys):
    number, file, text, message = program
    monkeypatch.setattr(checks, "PATIENCE", 0.3)
    monkeypatch.setattr(checks, "OUTPUT_MAX", 1 << 20)
    monkeypatch.setattr(checks, "PROCESSOR_SECONDS_MAX", 1)
    if name in IMPATIENT:
        monkeypatch.setattr(checks, "START_PATIENCE", 1.0)
    (tmp_path / file).write_text(text)
    (tmp_path / file).chmod(0o755)
    status, told = command(number, str(tmp_path / file), capsys=capsys)
    assert status == runner.NOT_YET and message in told, told


HELLO = {
    "mine.go": ('package main\n\nimport (\n\t"fmt"\n\t"io"\n\t"os"\n)\n\n'
                'func main() {\n\toctets, _ := io.ReadAll(os.Stdin)\n\tfmt.Println(len(octets))\n}\n', "go"),
    "mine.java": ("class Mine { public static void main(String[] a) throws Exception {\n"
                  "    System.out.println(System.in.readAllBytes().length); } }\n", "javac"),
    "mine.mjs": ('import fs from "node:fs"; console.log(fs.readFileSync(0).length)\n', "node"),
    "mine.rb": ("puts $stdin.binmode.read.bytesize\n", "ruby"),
}


@pytest.mark.parametrize("file", HELLO)
def test_sources_in_other_languages(file, tmp_path, monkeypatch, capsys):
    text, needed = HELLO[file]
    if not shutil.which(needed):
        pytest.skip(f"{needed} is not installed")
    (tmp_path / file).write_text(text)
    monkeypatch.setattr(checks, "START_PATIENCE", 60.0)  # compilers beside all other tests
    status, told = command("6.3", str(tmp_path / file), capsys=capsys)
    assert status == runner.RIGHT, told


def test_a_language_that_is_not_installed(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(runner.INTERPRETERS, ".rb", "no-such-ruby")
    (tmp_path / "mine.rb").write_text("puts 1\n")
    status, told = command("6.3", str(tmp_path / "mine.rb"), capsys=capsys)
    assert status == runner.USAGE and "needs no-such-ruby, which is not installed" in told


def test_answers_may_be_written_in_several_ways(tmp_path, capsys):
    call, number = checks.Question("accept", "a call", ""), checks.Question("3", "a number", "")
    assert all(call.accepts(answer) for answer in ("accept", "Accept()", "accept."))
    assert number.accepts("three") and not number.accepts("two") and not call.accepts("three")
    (tmp_path / "answers.txt").write_text("a: bind()\nno label\n")
    status, told = command("4.1", str(tmp_path / "answers.txt"), capsys=capsys)
    assert status == runner.NOT_YET and "1 of 6 answers are right" in told and "no label: not the label of a question" in told


def test_where_long_texts_differ():
    assert checks.difference(b"one", b"two") == ""
    assert 'after 200 of them comes "b" instead of "c"' in checks.difference(200 * b"a" + b"b", 200 * b"a" + b"c")


def test_a_compiler_that_does_not_end(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(runner, "COMPILE_SECONDS_MAX", 0.3)
    monkeypatch.setitem(runner.COMPILERS, ".c", ["/bin/sh", "-c", "sleep 600"])
    (tmp_path / "mine.c").write_text("int main(void) {}")
    status, told = command("6.3", str(tmp_path / "mine.c"), capsys=capsys)
    assert status == runner.NOT_YET and "it compiles" in told and "still runs" in told


def test_nothing_stays(tmp_path):
    (tmp_path / "mine.py").write_text("import os, time\n"
                                      "if os.fork() == 0: os.setpgid(0, 0)\n"
                                      "os.write(1, f'{os.getpid()}\\n'.encode())\ntime.sleep(600)\n")
    with checks.Checker([sys.executable, str(tmp_path / "mine.py")]) as checker:
        process = checker.start()
        assert checks.until(lambda: process.output.count(b"\n") == 2, 15)
        pids = [int(line) for line in process.output.split()]
        assert sorted([process.pid, *process.family()]) == sorted(pids)
        folder = Path(checker.folder)
    assert checks.until(lambda: not any(checks.task_field(pid, "State").startswith("S") for pid in pids), 15)
    assert not folder.exists()

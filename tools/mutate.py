#!/usr/bin/env python3
"""Breaks the program one line at a time and prints which test fails.

A mutant is a small edit that changes the program's behaviour. test/mutants/*.txt lists them, separated by blank lines:

    # The sentence that says which behaviour is broken.
    portico/io/timers.cc
    - if (deadline <= now) fire();
    + if (deadline < now) fire();
    tests: io_test:Timers.* sim_test e2e:expression

The `-` line is a whole line of the file without its indentation, and must occur there exactly once. If it would not be
unique, lines that start with `=` name the lines just before it. Several `-` lines are consecutive lines; without a `+`
line, they are removed. `tests:` names the tests that can notice, the cheapest first: a test program, perhaps with a
filter, or `e2e:` and an expression for pytest's -k (e2e:"one and two" if it has spaces). A mutant that changes no
behaviour has a line `equivalent: why`, and is not run.

Mutants are made in a copy of the tree, build/mutate/N/tree, and built there without optimisation. A mutant is killed if
a test fails, crashes or takes far too long. Before a test is used, it must pass on the unchanged copy.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
import os
import queue
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

LISTS = "test/mutants"
ROOMS = "base http wire io tls link route handler acme services server embed cli app".split()
PROGRAMS = [f"{room}_test" for room in ROOMS] + ["sim_test"]
SECONDS_MAX = 1200  # for a test on the unchanged tree


@dataclass
class Mutant:
    place: str  # LIST:LINE
    sentence: str = ""
    path: str = ""
    before: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)
    equivalent: str = ""

    def key(self) -> str:
        """Identifies the edit and its tests across runs, even if the mutant moves within its list."""
        parts = [self.path, self.before, self.removed, self.added, self.tests]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


class Wrong(Exception):
    """A mistake in a list of mutants, or in the tree."""


def read_block(place: str, lines: list[str]) -> Mutant | None:
    mutant = Mutant(place)
    for line in lines:
        mark, _, rest = line.partition(" ")
        if mark.startswith("#"):
            mutant.sentence = (mutant.sentence + " " + line.lstrip("# ")).strip()
        elif mark in ("=", "-", "+"):
            {"=": mutant.before, "-": mutant.removed, "+": mutant.added}[mark].append(rest.strip())
        elif mark == "tests:":
            mutant.tests += shlex.split(rest)
        elif mark == "equivalent:":
            mutant.equivalent = rest.strip()
        elif not mutant.path:
            mutant.path = line.strip()
        else:
            raise Wrong(f"{place}: can't read the line \"{line}\"")
    if not mutant.path and not mutant.removed and not mutant.tests:
        return None  # a comment between mutants
    if not (mutant.sentence and mutant.path and mutant.removed):
        raise Wrong(f"{place}: a mutant needs a sentence, a file and a line that starts with \"-\"")
    if not mutant.tests and not mutant.equivalent:
        raise Wrong(f"{place}: a mutant needs a line \"tests:\" or \"equivalent:\"")
    for test in mutant.tests:
        program = test.partition(":")[0]
        if program != "e2e" and program not in PROGRAMS:
            raise Wrong(f"{place}: there is no test program {program}")
    if [line for line in mutant.added if line] == mutant.removed:
        raise Wrong(f"{place}: the edit changes nothing")
    return mutant


def read_list(name: str, text: str) -> list[Mutant]:
    mutants, block, first = [], [], 1
    for number, line in enumerate(text.splitlines() + [""], 1):
        if line.strip():
            if not block:
                first = number
            block.append(line)
        elif block:
            if mutant := read_block(f"{name}:{first}", block):
                mutants.append(mutant)
            block = []
    return mutants


def mutate(text: str, mutant: Mutant) -> str:
    """Returns the file's text with the mutant's edit. Raises Wrong unless there is exactly one place for it."""
    lines = text.split("\n")
    bare = [line.strip() for line in lines]
    wanted = mutant.before + mutant.removed
    places = [i for i in range(len(bare) - len(wanted) + 1) if bare[i:i + len(wanted)] == wanted]
    if len(places) != 1:
        found = f"occurs {len(places)} times" if places else "is not there"
        raise Wrong(f"{mutant.place}: {mutant.path}: \"{mutant.removed[0]}\" {found}")
    first = places[0] + len(mutant.before)
    indentation = lines[first][:len(lines[first]) - len(lines[first].lstrip())]
    lines[first:first + len(mutant.removed)] = [indentation + line for line in mutant.added if line]
    return "\n".join(lines)


def read_lists(repository: Path) -> tuple[list[Mutant], list[str]]:
    """Returns all mutants of the tree, and the lists' mistakes: a mutant that no longer fits its file is left out."""
    mutants, wrongs = [], []
    for path in sorted((repository / LISTS).glob("*.txt")):
        try:
            listed = read_list(f"{LISTS}/{path.name}", path.read_text())
        except Wrong as wrong:
            wrongs.append(str(wrong))
            continue
        for mutant in listed:
            try:
                mutate((repository / mutant.path).read_text(), mutant)
                mutants.append(mutant)
            except (Wrong, OSError) as wrong:
                wrongs.append(str(wrong) if isinstance(wrong, Wrong) else f"{mutant.place}: there is no {mutant.path}")
    return mutants, wrongs


def chosen(mutants: list[Mutant], patterns: list[str]) -> list[Mutant]:
    """Returns those that match a pattern: by list, place in it (LIST:LINE), file, or part of their sentence."""
    def fits(mutant: Mutant, pattern: str) -> bool:
        names = (mutant.place, mutant.place.partition(":")[0], mutant.path)
        return any(fnmatch.fnmatch(name, f"*{pattern}") for name in names) or pattern in mutant.sentence
    return [mutant for mutant in mutants if not patterns or any(fits(mutant, one) for one in patterns)]


def copy_tree(repository: Path, tree: Path) -> None:
    """Copies the working tree, as git knows it, to `tree`. Leaves unchanged files alone: they need no rebuild."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=repository,
                            check=True, capture_output=True, text=True).stdout
    wanted = {name for name in listed.split("\0") if name and (repository / name).is_file()}
    for path in [path for path in tree.rglob("*") if path.is_file()]:
        if str(path.relative_to(tree)) not in wanted:
            path.unlink()
    for name in wanted:
        here, there = repository / name, tree / name
        if there.exists() and there.read_bytes() == here.read_bytes():
            continue
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(here, there)


@dataclass
class Run:
    status: int | None  # None: the command took too long
    output: str
    seconds: float


def run(command: list[str], seconds_max: float | None = None, **how) -> Run:
    started = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", start_new_session=True, **how) as process:
        try:
            output, _ = process.communicate(timeout=seconds_max)
            status = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, status = process.communicate()[0], None
    return Run(status, output, time.monotonic() - started)


def failure_of(ran: Run) -> str:
    """Returns which test failed, in a few words."""
    if ran.status is None:
        return "took too long" + running_test(ran.output)
    if found := re.search(r"^\[  FAILED  \] ([\w./]+)", ran.output, re.MULTILINE):
        return found[1]
    if found := re.search(r"^(?:FAILED|ERROR) (\S+)", ran.output, re.MULTILINE):
        return found[1].rpartition("/")[2]
    return (f"signal {-ran.status}" if ran.status < 0 else f"exit status {ran.status}") + running_test(ran.output)


def running_test(output: str) -> str:
    started = re.findall(r"^\[ RUN      \] (\S+)", output, re.MULTILINE)
    return f" in {started[-1]}" if started else ""


class Workshop:
    """A copy of the tree, and its build."""

    def __init__(self, repository: Path, folder: Path):
        self.tree, self.build = folder / "tree", folder / "build"
        self.tree.mkdir(parents=True, exist_ok=True)
        self.usual_seconds: dict[str, float] = {}
        self.unfit: dict[str, str] = {}
        self.environment = {"CCACHE_BASEDIR": str(folder), "CCACHE_NOHASHDIR": "1"} | os.environ
        copy_tree(repository, self.tree)
        linker = ["-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld"] if shutil.which("ld.lld") else []
        made = run(["cmake", "-S", str(self.tree), "-B", str(self.build), "-G", "Ninja",
                    "-DCMAKE_CXX_COMPILER=clang++-19", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0",
                    "-DCMAKE_CXX_FLAGS=-w",  # an edit may leave a name unused
                    "-DPORTICO_TESTS=ON", "-DPORTICO_PRECOMPILED=ON", *linker], env=self.environment)
        if made.status != 0:
            raise Wrong(made.output)

    def make(self, test: str) -> Run:
        program = test.partition(":")[0]
        target = "portico" if program == "e2e" else program
        return run(["ninja", "-C", str(self.build), target], env=self.environment)

    def try_test(self, test: str, seconds_max: float) -> Run:
        program, _, which = test.partition(":")
        if program == "e2e":
            environment = self.environment | {"PORTICO": str(self.build / "portico")}
            return run(["/usr/bin/python3", "-B", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "test/e2e", "test/lessons",
                        *(["-k", which] if which else [])],
                       seconds_max, cwd=self.tree, env=environment)
        filters = [f"--gtest_filter={which}"] if which else []
        folder = "test" if program == "sim_test" else ""
        return run([str(self.build / folder / program), "--gtest_fail_fast", *filters], seconds_max, cwd=self.build,
                   env=self.environment)

    def prove(self, test: str) -> None:
        """Runs a test on the unchanged tree. It must pass, and its duration is noted."""
        if test not in self.usual_seconds and test not in self.unfit:
            built = self.make(test)
            ran = self.try_test(test, SECONDS_MAX) if built.status == 0 else built
            if built.status != 0:
                self.unfit[test] = f"{test} can't be built:\n{built.output[-3000:]}"
            elif ran.status == 5 or "Running 0 tests" in ran.output:
                self.unfit[test] = f"there is no test {test}"
            elif ran.status != 0:
                self.unfit[test] = f"{test} fails without a mutant: {failure_of(ran)}"
            self.usual_seconds[test] = ran.seconds
        if test in self.unfit:
            raise Wrong(self.unfit[test])

    def judge(self, mutant: Mutant) -> tuple[str, str]:
        """Returns a mutant's fate - killed, survived, refused (it does not compile) or wrong - and why."""
        file = self.tree / mutant.path
        usual = file.read_text()
        try:
            for test in mutant.tests:
                self.prove(test)
            file.write_text(mutate(usual, mutant))
            for test in mutant.tests:
                built = self.make(test)
                if built.status != 0:
                    errors = re.findall(r"error: .*", built.output)
                    return "refused", errors[0] if errors else built.output[-300:]
                ran = self.try_test(test, 30 + 5 * self.usual_seconds[test])
                if ran.status != 0:
                    return "killed", f"{test.partition(':')[0]}: {failure_of(ran)}"
            return "survived", " ".join(mutant.tests)
        except Wrong as wrong:
            return "wrong", str(wrong)
        finally:
            file.write_text(usual)


class Results:
    """Each mutant's fate, kept in a file so that an interrupted run can be resumed."""

    def __init__(self, path: Path):
        self.path = path
        self.known: dict[str, list[str]] = json.loads(path.read_text()) if path.exists() else {}

    def add(self, mutant: Mutant, fate: str, why: str) -> None:
        self.known[mutant.key()] = [fate, why]
        self.path.write_text(json.dumps(self.known, indent=0))


def judge_all(mutants: list[Mutant], repository: Path, results: Results, workers: int) -> None:
    waiting: queue.SimpleQueue[Mutant] = queue.SimpleQueue()
    for mutant in mutants:
        waiting.put(mutant)
    lock = threading.Lock()
    broken: list[BaseException] = []

    def work(number: int) -> None:
        try:
            workshop = Workshop(repository, repository / f"build/mutate/{number}")
            while not broken:
                mutant = waiting.get_nowait()
                started = time.monotonic()
                fate, why = workshop.judge(mutant)
                with lock:
                    results.add(mutant, fate, why)
                    print(f"{fate:9} {mutant.place}: {mutant.sentence}\n          {why} "
                          f"({time.monotonic() - started:.0f} s)", flush=True)
        except queue.Empty:
            pass
        except BaseException as reason:  # pylint: disable=broad-except
            broken.append(reason)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken:
        raise broken[0]


def summary(mutants: list[Mutant], known: dict[str, list[str]]) -> tuple[str, bool]:
    """Returns the last line, and whether all is well."""
    counts = dict.fromkeys(("killed", "survived", "refused", "wrong", "equivalent"), 0)
    for mutant in mutants:
        counts["equivalent" if mutant.equivalent else known[mutant.key()][0]] += 1
    text = (f"{len(mutants)} mutants, {counts['killed']} killed, {counts['survived']} survived, "
            f"{counts['equivalent']} equivalent")
    if counts["refused"]:
        text += f", {counts['refused']} that do not compile"
    if counts["wrong"]:
        text += f", {counts['wrong']} that could not be tried"
    return text, not (counts["survived"] or counts["refused"] or counts["wrong"])


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/mutate", description=__doc__.partition("\n")[0])
    parser.add_argument("pattern", nargs="*", help="a list, a LIST:LINE, a source file, or a part of a mutant's sentence")
    parser.add_argument("-j", type=int, default=1, metavar="N", help="number of copies of the tree to use (default: 1)")
    parser.add_argument("--check", action="store_true", help="build nothing: check that each mutant still fits its file")
    parser.add_argument("--list", action="store_true", help="print the mutants and do nothing else")
    parser.add_argument("--resume", action="store_true", help="skip the mutants that earlier runs have killed")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    repository = Path(__file__).resolve().parents[1]
    mutants, wrongs = read_lists(repository)
    mutants = chosen(mutants, options.pattern)
    if options.list:
        print("\n".join(f"{mutant.place}: {mutant.path}: {mutant.sentence}" for mutant in mutants))
    if wrongs:
        print("\n".join(wrongs))
    if options.check or options.list:
        print(f"{len(mutants)} mutants fit, {len(wrongs)} do not")
        return 1 if wrongs else 0
    (repository / "build/mutate").mkdir(parents=True, exist_ok=True)
    results = Results(repository / "build/mutate/results.json")
    killed = {key for key, (fate, _) in results.known.items() if fate == "killed"} if options.resume else set()
    judge_all([mutant for mutant in mutants if not mutant.equivalent and mutant.key() not in killed],
              repository, results, options.j)
    text, is_well = summary(mutants, results.known)
    print(text)
    return 0 if is_well and not wrongs else 1


if __name__ == "__main__":
    sys.exit(main())

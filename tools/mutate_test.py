"""mutate.py must read its lists, find each line exactly once, and tell a killed mutant from one that survives."""

import contextlib
import io
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import mutate

LIST = """\
# Comments of the whole list are not mutants.

# The timer fires late.
portico/io/timers.cc
- if (deadline <= now) fire();
+ if (deadline < now) fire();
tests: io_test:Timers.* sim_test
tests: e2e:"slow and not uploads"

# Nobody can notice.
portico/io/timers.cc
= second line
- first();
equivalent: it is called again at once
"""


class Lists(unittest.TestCase):
    def test_a_list(self):
        first, second = mutate.read_list("a.txt", LIST)
        self.assertEqual((first.place, first.sentence, first.path), ("a.txt:3", "The timer fires late.", "portico/io/timers.cc"))
        self.assertEqual((first.removed, first.added), (["if (deadline <= now) fire();"], ["if (deadline < now) fire();"]))
        self.assertEqual(first.tests, ["io_test:Timers.*", "sim_test", "e2e:slow and not uploads"])
        self.assertEqual((second.before, second.added, second.equivalent), (["second line"], [], "it is called again at once"))

    def test_what_is_no_mutant(self):
        whole = "# why\na.cc\n- x();\n+ y();\ntests: io_test\n"
        self.assertEqual(len(mutate.read_list("a.txt", whole)), 1)
        for broken in [whole.replace("# why\n", ""), whole.replace("- x();\n", ""), whole.replace("a.cc\n", ""),
                       whole.replace("tests: io_test\n", ""), whole.replace("io_test", "nothing_test"),
                       whole.replace("y()", "x()"), whole + "something else\n"]:
            with self.subTest(text=broken), self.assertRaises(mutate.Wrong):
                mutate.read_list("a.txt", broken)

    def test_patterns(self):
        mutants = mutate.read_list("test/mutants/io.txt", LIST)
        for pattern, places in [("io.txt", [3, 10]), ("io.txt:10", [10]), ("timers.cc", [3, 10]), ("fires late", [3]), ("x", [])]:
            with self.subTest(pattern=pattern):
                found = mutate.chosen(mutants, [pattern])
                self.assertEqual([mutant.place for mutant in found], [f"test/mutants/io.txt:{place}" for place in places])

    def test_a_key_is_of_the_edit(self):
        first, second = mutate.read_list("a.txt", LIST)
        moved, _ = mutate.read_list("b.txt", "\n\n" + LIST)
        self.assertEqual(first.key(), moved.key())
        self.assertNotEqual(first.key(), second.key())


class Edits(unittest.TestCase):
    def edit(self, text: str, **lines) -> str:
        return mutate.mutate(text, mutate.Mutant("a.txt:1", "why", "a.cc", **lines))

    def test_one_line(self):
        self.assertEqual(self.edit("a\n    x();\nb\n", removed=["x();"], added=["y();"]), "a\n    y();\nb\n")
        self.assertEqual(self.edit("a\n    x();\nb\n", removed=["x();"]), "a\nb\n")
        self.assertEqual(self.edit("a\n    x();\nb\n", removed=["x();"], added=[""]), "a\nb\n")

    def test_lines_that_stand_together(self):
        text = "a\n  x();\nb\n  x();\n  z();\n"
        self.assertEqual(self.edit(text, before=["b"], removed=["x();"], added=["y();"]), "a\n  x();\nb\n  y();\n  z();\n")
        self.assertEqual(self.edit(text, removed=["x();", "z();"], added=["y();"]), "a\n  x();\nb\n  y();\n")

    def test_a_stale_mutant(self):
        for text in ["", "x(); x();\n", "x();\nx();\n"]:
            with self.subTest(text=text), self.assertRaises(mutate.Wrong):
                self.edit(text, removed=["x();"], added=["y();"])


class Fates(unittest.TestCase):
    def test_failures(self):
        for status, output, expected in [
            (1, "[ RUN      ] A.B\n[  FAILED  ] A.B (1 ms)\n", "A.B"),
            (1, "FAILED test/e2e/test_a.py::test_b[c] - why\n1 failed\n", "test_a.py::test_b[c]"),
            (-6, "[ RUN      ] A.B\na.cc:3: assertion failed\n", "signal 6 in A.B"),
            (None, "[ RUN      ] A.B\n", "took too long in A.B"),
            (3, "", "exit status 3"),
        ]:
            with self.subTest(output=output):
                self.assertEqual(mutate.failure_of(mutate.Run(status, output, 1.0)), expected)

    def test_a_test_that_hangs(self):
        ran = mutate.run([sys.executable, "-c", "import time; print('here', flush=True); time.sleep(1000)"], 0.5)
        self.assertEqual((ran.status, ran.output), (None, "here\n"))

    def test_the_summary(self):
        mutants = mutate.read_list("a.txt", LIST)
        for fate, is_well in [("killed", True), ("survived", False), ("refused", False), ("wrong", False)]:
            with self.subTest(fate=fate):
                self.assertEqual(mutate.summary(mutants, {mutants[0].key(): [fate, ""]})[1], is_well)
        self.assertEqual(mutate.summary(mutants, {mutants[0].key(): ["killed", ""]})[0],
                         "2 mutants, 1 killed, 0 survived, 1 equivalent")


class FakeWorkshop(mutate.Workshop):
    """Its test is a file that must say "right"; a build fails if the file says "broken"."""

    def __init__(self, repository: Path, folder: Path):
        self.tree, self.usual_seconds, self.unfit = folder / "tree", {}, {}
        self.tree.mkdir(parents=True)
        mutate.copy_tree(repository, self.tree)

    def make(self, test: str) -> mutate.Run:
        text = (self.tree / "a.cc").read_text()
        return mutate.Run(1, "a.cc:1: error: broken\n", 0.1) if "broken" in text else mutate.Run(0, "", 0.1)

    def try_test(self, test: str, seconds_max: float) -> mutate.Run:
        fails = "right" not in (self.tree / "a.cc").read_text() or test == "app_test"
        return mutate.Run(1, "[  FAILED  ] A.B\n", 0.1) if fails else mutate.Run(0, "", 0.1)


class Workshops(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.repository = Path(scratch.name)
        (self.repository / "a.cc").write_text("right\nunused\n")
        (self.repository / ".gitignore").write_text("build/\n")
        subprocess.run(["git", "init", "-q"], cwd=self.repository, check=True)

    def fate(self, old: str, new: str, tests: str = "io_test") -> str:
        text = f"# why\na.cc\n- {old}\n+ {new}\ntests: {tests}\n"
        return self.workshop.judge(mutate.read_list("a.txt", text)[0])[0]

    def test_each_fate(self):
        self.workshop = FakeWorkshop(self.repository, self.repository / "build/0")
        self.assertEqual(self.fate("right", "wrong"), "killed")
        self.assertEqual(self.fate("unused", "useless"), "survived")
        self.assertEqual(self.fate("unused", "broken"), "refused")
        self.assertEqual(self.fate("unused", "useless", "app_test"), "wrong")
        self.assertEqual((self.workshop.tree / "a.cc").read_text(), "right\nunused\n")

    def test_a_copy_follows_the_tree(self):
        tree = self.repository / "build/0/tree"
        tree.mkdir(parents=True)
        mutate.copy_tree(self.repository, tree)
        as_before = (tree / "a.cc").stat().st_mtime_ns
        (self.repository / "b.cc").write_text("new\n")
        (tree / "gone.cc").write_text("old\n")
        mutate.copy_tree(self.repository, tree)
        self.assertEqual(sorted(path.name for path in tree.iterdir()), [".gitignore", "a.cc", "b.cc"])
        self.assertEqual((tree / "a.cc").stat().st_mtime_ns, as_before)

    def test_stale_lists_are_told(self):
        (self.repository / mutate.LISTS).mkdir(parents=True)
        text = "# why\na.cc\n- {}\n+ new\ntests: io_test\n\n"
        (self.repository / mutate.LISTS / "a.txt").write_text(text.format("right") + text.format("gone"))
        mutants, wrongs = mutate.read_lists(self.repository)
        self.assertEqual([mutant.place for mutant in mutants], ["test/mutants/a.txt:1"])
        self.assertEqual(wrongs, ['test/mutants/a.txt:7: a.cc: "gone" is not there'])

    def test_an_interrupted_run_can_be_resumed(self):
        mutant = mutate.read_list("a.txt", LIST)[0]
        mutate.Results(self.repository / "results.json").add(mutant, "killed", "by A.B")
        self.assertEqual(mutate.Results(self.repository / "results.json").known, {mutant.key(): ["killed", "by A.B"]})

    def test_all_of_them(self):
        original, mutate.Workshop = mutate.Workshop, FakeWorkshop
        self.addCleanup(setattr, mutate, "Workshop", original)
        text = "# why\na.cc\n- {}\n+ other\ntests: io_test\n\n"
        mutants = mutate.read_list("a.txt", text.format("right") + text.format("unused"))
        results = mutate.Results(self.repository / "results.json")
        with contextlib.redirect_stdout(io.StringIO()) as said:
            mutate.judge_all(mutants, self.repository, results, 2)
        self.assertIn("survived  a.txt:7: why", said.getvalue())
        self.assertEqual(mutate.summary(mutants, results.known)[0], "2 mutants, 1 killed, 1 survived, 0 equivalent")


if __name__ == "__main__":
    unittest.main()

"""simulate.py must run every seed once, go on after each kind of failure, and name the seed that failed."""

import contextlib
import io
import os
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import simulate

PROGRAM = """#!/usr/bin/env python3
import os, sys, time
first, last = map(int, os.environ["PORTICO_SIM_RANGE"].split("-"))
failed = False
for seed in range(first, last + 1):
    print(f"seed {seed}", flush=True)
    if seed == 5:
        print("sim_test.cc:1: Failure\\nPORTICO_SIM_SEED=5 (calm)\\nan answer was cut", flush=True)
        failed = True
    if seed == 8:
        print("a.cc:3: assertion failed", flush=True)
        os.abort()
    if seed == 11:
        time.sleep(1000)
sys.exit(1 if failed else 0)
"""


class Simulations(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.program = Path(scratch.name) / "sim_test"
        self.program.write_text(PROGRAM)
        os.chmod(self.program, 0o755)
        self.addCleanup(setattr, simulate, "SILENCE_MAX", simulate.SILENCE_MAX)
        simulate.SILENCE_MAX = 2.0

    def run_seeds(self, first: int, count: int) -> simulate.Tally:
        with contextlib.redirect_stdout(io.StringIO()):
            return simulate.run(str(self.program), first, count, 2)

    def exit_status(self, *words: str) -> tuple[int, str]:
        said = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said), \
                unittest.mock.patch("sys.argv", ["simulate.py", str(self.program), *words]):
            return simulate.main(), said.getvalue()

    def test_each_kind_of_failure(self):
        tally = self.run_seeds(1, 12)
        self.assertEqual(tally.seeds, 12)
        self.assertEqual(sorted(tally.failed), [5, 8, 11])
        self.assertEqual(tally.failed[5], "an answer was cut")
        self.assertIn("assertion failed", tally.failed[8])
        self.assertIn("silent", tally.failed[11])

    def test_a_program_that_ends_early(self):
        self.program.write_text(PROGRAM.replace("last + 1", "(min(last, 2) if first == 1 else last) + 1"))
        self.assertEqual(self.run_seeds(1, 2).failed, {})
        tally = self.run_seeds(1, 4)
        self.assertEqual((tally.seeds, sorted(tally.failed)), (4, [2]))

    def test_a_program_that_has_no_such_test(self):
        self.program.write_text("#!/bin/sh\necho '[==========] 0 tests from 0 test suites ran.'\n")
        with self.assertRaisesRegex(simulate.NothingRan, "0 tests"):
            self.run_seeds(1, 500)
        self.assertEqual(self.exit_status("1", "500")[0], 1)

    def test_a_program_that_is_not_there(self):
        self.program.unlink()
        with self.assertRaises(FileNotFoundError):
            self.run_seeds(1, 500)
        status, said = self.exit_status("1", "500")
        self.assertEqual(status, 1)
        self.assertIn("No such file", said)

    def test_exit_statuses(self):
        self.assertEqual(self.exit_status("4", "100")[0], 0)
        self.assertEqual(self.exit_status("6")[0], 1)
        self.assertEqual(self.exit_status("0")[0], 1, "no seed at all")

    def test_none(self):
        tally = self.run_seeds(100, 500)
        self.assertEqual((tally.seeds, tally.failed), (500, {}))


if __name__ == "__main__":
    unittest.main()

"""simulate.py must run every seed once, go on after each kind of failure, and name the seed that failed."""

import contextlib
import io
import os
import tempfile
import unittest
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

    def test_each_kind_of_failure(self):
        tally = self.run_seeds(1, 12)
        self.assertEqual(tally.seeds, 12)
        self.assertEqual(sorted(tally.failed), [5, 8, 11])
        self.assertEqual(tally.failed[5], "an answer was cut")
        self.assertIn("assertion failed", tally.failed[8])
        self.assertIn("silent", tally.failed[11])

    def test_none(self):
        tally = self.run_seeds(100, 500)
        self.assertEqual((tally.seeds, tally.failed), (500, {}))


if __name__ == "__main__":
    unittest.main()

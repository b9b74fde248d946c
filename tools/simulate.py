#!/usr/bin/env python3
"""Runs seeds of the server's simulation on all cores, goes on after a failure, and prints the seeds that failed.

usage: simulate.py PROGRAM COUNT [FIRST]

PROGRAM is sim_test. A seed fails if its test fails, if the program crashes, or if it prints nothing for a minute. To run one seed
alone: PORTICO_SIM_SEED=N PROGRAM --gtest_filter='*ServerSimulation*/0'.
"""

from __future__ import annotations

import os
import queue
import re
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

BATCH = 200          # seeds that one process runs
SILENCE_MAX = 60.0   # seconds


class NothingRan(Exception):
    """The program succeeded, but ran no seed: its test may have been renamed."""


@dataclass
class Tally:
    seeds: int = 0
    failed: dict[int, str] = field(default_factory=dict)  # messages by seed
    lock: threading.Lock = field(default_factory=threading.Lock)


def lines_of(process: subprocess.Popen) -> Iterator[str]:
    """Yields the process's lines. If none arrives for too long, kills the process and ends."""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        rest = b""
        while selector.select(SILENCE_MAX):
            octets = os.read(process.stdout.fileno(), 65536)
            if not octets:
                return
            *lines, rest = (rest + octets).split(b"\n")
            for line in lines:
                yield line.decode(errors="replace")
    process.kill()
    yield f"silent for {SILENCE_MAX:.0f} s"


def run_batch(program: str, first: int, last: int) -> tuple[int, dict[int, str]]:
    """Runs seeds until one of them ends the program. Returns the last seed that was run, and the seeds that failed."""
    environment = os.environ | {"PORTICO_SIM_RANGE": f"{first}-{last}"}
    command = [program, "--gtest_filter=SeedsInARange.*"]
    seed, said, failed = first - 1, "", {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment) as process:
        for line in lines_of(process):
            if found := re.fullmatch(r"seed (\d+)", line):
                seed, said = int(found[1]), ""
                continue
            if found := re.match(r"PORTICO_SIM_SEED=(\d+)", line):
                failed[int(found[1])] = ""
            elif seed in failed and not failed[seed]:
                failed[seed] = line
            said = line or said
    if seed < first and process.returncode == 0:
        raise NothingRan(f"{' '.join(command)} ran none of the seeds {first} to {last}: {said}")
    if seed == last and (process.returncode == 0 or process.returncode == 1 and failed):
        return last, failed
    seed = max(seed, first)
    failed[seed] = f"{said} (exit status {process.returncode})"
    return seed, failed


def run(program: str, first: int, count: int, workers: int) -> Tally:
    batches: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
    for start in range(first, first + count, BATCH):
        batches.put((start, min(start + BATCH, first + count) - 1))
    tally = Tally()

    def work() -> None:
        while True:
            try:
                start, last = batches.get_nowait()
            except queue.Empty:
                return
            while start <= last:
                reached, failed = run_batch(program, start, last)
                with tally.lock:
                    tally.seeds += reached - start + 1
                    tally.failed |= failed
                    for seed, why in sorted(failed.items()):
                        print(f"seed {seed} failed: {why}", flush=True)
                start = reached + 1

    with ThreadPoolExecutor(workers) as pool:
        for worker in [pool.submit(work) for _ in range(workers)]:
            worker.result()  # raises what the worker raised
    return tally


def main() -> int:
    if len(sys.argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    program, count, first = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1
    began = time.monotonic()
    try:
        tally = run(program, first, count, len(os.sched_getaffinity(0)))
    except (NothingRan, OSError) as trouble:
        print(f"simulate.py: {trouble}", file=sys.stderr)
        return 1
    seconds = time.monotonic() - began
    for seed, why in sorted(tally.failed.items()):
        print(f"PORTICO_SIM_SEED={seed}: {why}")
    print(f"{tally.seeds} seeds from {first}, {len(tally.failed)} failed, {tally.seeds / seconds:.1f} a second")
    return 1 if tally.failed or tally.seeds < max(count, 1) else 0


if __name__ == "__main__":
    sys.exit(main())

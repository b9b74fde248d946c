import os
import time

import checks

OBSERVED_SECONDS = 0.2


def expect_sleep(checker, server):
    """Fails if the program is busy, or wakes again and again, while nobody sends."""
    def sleeps():
        return checks.task_field(server.pid, "State").startswith("S")

    def wakings():
        return int(checks.task_field(server.pid, "voluntary_ctxt_switches") or 0)
    checks.until(sleeps, checks.PATIENCE)  # once it is done with what was sent
    before, end, looks = wakings(), time.monotonic() + OBSERVED_SECONDS, []

    def observed():
        looks.append(sleeps())
        return time.monotonic() > end
    checks.until(observed, 2 * OBSERVED_SECONDS)
    checker.still_runs(server)
    if looks.count(True) < len(looks) / 2:
        checker.wrong("while nobody sends, your program is busy all the time", "that it sleeps",
                      "Let the kernel wake you: poll(), select() and epoll_wait() wait for all descriptors at once.")
    if wakings() > before + 1:
        checker.wrong(f"while nobody sent for {OBSERVED_SECONDS} s, your program woke {wakings() - before} times", "that it sleeps",
                      "Without a time-out, poll() waits as long as nothing happens.")


def check(checker):
    server = checker.server()
    checker.step("21 clients, one of which speaks")
    silent = [checker.client(server) for _ in range(20)]
    client = checker.client(server)
    for text in (b"one\n", b"two\n"):
        client.send(text)
        client.expect(text, "A read() or accept() that has nothing to do blocks all the others: ask poll() first.")
    checker.step("one process with one thread")
    threads, children = checks.task_field(server.pid, "Threads"), server.family()
    if threads != "1" or children:
        checker.wrong(f"{threads} threads, and {len(children)} child processes", "one thread in one process")
    checker.step("it sleeps while nobody sends")
    expect_sleep(checker, server)
    checker.step("ten clients leave, and their descriptors are closed")

    def descriptors():
        return len(os.listdir(f"/proc/{server.pid}/fd"))
    before = descriptors()
    for one in silent[:10]:
        one.close()
    if not checks.until(lambda: descriptors() == before - 10, checks.PATIENCE):
        checker.wrong(f"{descriptors()} open descriptors, after {before} with ten clients more", "one for each client",
                      "A client that has ended is ready as well: read() returns 0. Close it.")
    checker.step("it sleeps again, and still serves the others")
    expect_sleep(checker, server)
    silent[-1].send(b"last\n")
    silent[-1].expect(b"last\n")

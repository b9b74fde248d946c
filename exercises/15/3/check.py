import signal

import checks

HINT = "A signal makes accept() and read() fail with EINTR, unless the handler has SA_RESTART: call them again."


def interrupt(checker, server, times):
    """Sends signals, each when the program waits again: two that wait at the same time would become one."""
    def waits():
        pending = int(checks.task_field(server.pid, "ShdPnd") or "0", 16)
        return server.status() is not None or (pending == 0 and checks.task_field(server.pid, "State").startswith("S"))
    for _ in range(times):
        checks.until(waits, checks.PATIENCE)
        server.signal(signal.SIGUSR1)
    checks.until(waits, checks.PATIENCE)
    checker.still_runs(server, HINT)


def check(checker):
    server = checker.server()
    checker.step("three signals while it waits for a client")
    interrupt(checker, server, 3)
    checker.step("a client, and its first line")
    client = checker.client(server)
    client.send(b"how many?\n")
    client.expect(b"3\n")
    checker.step("two signals while it waits for a line")
    interrupt(checker, server, 2)
    client.send(b"and now?\n")
    client.expect(b"5\n", HINT)
    checker.step("a signal within a line")
    client.send_in_pieces(b"and ")
    interrupt(checker, server, 1)
    client.send(b"now?\n")
    client.expect(b"6\n", HINT)
    checker.step("the next client")
    client.half_close()
    client.expect_end()
    interrupt(checker, server, 1)
    client = checker.client(server)
    client.send(b"\n")
    client.expect(b"7\n")

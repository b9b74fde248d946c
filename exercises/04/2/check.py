import signal

import checks


def check(checker):
    checker.step("it listens")
    server = checker.server()
    for which in ("the first", "the second", "the third"):
        checker.step(f"it greets {which} client, and closes")
        client = checker.client(server)
        client.expect(b"Hello\n", "Send it at once, to the descriptor that accept() has returned: the client sends nothing.")
        client.expect_end("close() ends the connection; without it the client waits for more.")
        client.close()
    checker.step("it goes on after a client that has left at once")
    # The server sleeps until all five have left. Half of them half-close first: then write() raises SIGPIPE.
    server.signal(signal.SIGSTOP)
    checks.until(lambda: checks.task_field(server.pid, "State").startswith("T") or server.status() is not None, checks.PATIENCE)
    for which in range(5):
        client = checker.client(server)
        if which % 2 == 0:
            client.half_close()
        client.reset()
    server.signal(signal.SIGCONT)
    client = checker.client(server)
    client.expect(b"Hello\n", "A client that is gone makes accept() or write() fail, or raises SIGPIPE: go on.")
    client.expect_end()
    checker.step("it can be restarted at once")
    server.stop()
    again = checker.server(port=server.port, hint="Set the option SO_REUSEADDR before bind(): connections of the last run are in TIME-WAIT.")
    checker.client(again).expect(b"Hello\n")

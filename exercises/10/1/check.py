HINT = "A client that stays silent must not keep the others waiting: give each one a thread, a process or a place in a loop."


def check(checker):
    server = checker.server()
    checker.step("a client is answered")
    first = checker.client(server)
    first.send(b"hello\n")
    first.expect(b"hello\n")
    checker.step("a second client is answered while the first stays")
    second = checker.client(server)
    second.send(b"second\n")
    second.expect(b"second\n", HINT)
    checker.step("30 clients are silent, and one is answered")
    silent = [checker.client(server) for _ in range(30)]
    last = checker.client(server)
    last.send(b"last\n")
    last.expect(b"last\n", HINT)
    checker.step("each of the others is answered when it speaks, the last one first")
    for number, client in reversed(list(enumerate(silent))):
        client.send(f"client {number}\n".encode())
        client.expect(f"client {number}\n".encode())
    checker.step("a client that leaves takes nobody with it")
    silent[0].reset()
    silent[1].half_close()
    silent[1].expect_end("When a client ends, close its connection.")
    first.send(b"still there?\n")
    first.expect(b"still there?\n")

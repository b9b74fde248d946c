def check(checker):
    checker.step("it listens")
    server = checker.server()
    for which in ("the first", "the second", "the third"):
        checker.step(f"it greets {which} client, and closes")
        client = checker.client(server)
        client.expect(b"Hello\n")
        client.expect_end("close() ends the connection; without it the client waits for more.")
        client.close()
    checker.step("it goes on after a client that has left at once")
    for _ in range(5):
        checker.client(server).reset()
    client = checker.client(server)
    client.expect(b"Hello\n", "A client that is gone makes accept() or write() fail, or raises SIGPIPE: go on.")
    client.expect_end()
    checker.step("it can be restarted at once")
    server.stop()
    again = checker.server(port=server.port)
    checker.client(again).expect(b"Hello\n")

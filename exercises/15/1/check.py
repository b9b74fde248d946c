HINT = "A write to a connection that is gone raises SIGPIPE, or fails with EPIPE or ECONNRESET: serve the next client."


def greeted(checker, server):
    client = checker.client(server)
    client.expect(b"1\n2\n3\n", HINT)
    return client


def check(checker):
    server = checker.server()
    checker.step("the numbers come, one in a line")
    client = greeted(checker, server)
    checker.step("a client that resets its connection, and the next one")
    client.reset()
    client = greeted(checker, server)
    checker.step("a client that says that it sends nothing, and leaves later")
    client.half_close()
    client.read_until(b"\n1000\n", "numbers up to 1000, although the client sends nothing")
    client.close()
    client = greeted(checker, server)
    checker.step("ten clients that leave at once")
    client.close()
    for _ in range(10):
        client = checker.client(server)
        client.half_close()
        client.close()
    greeted(checker, server)

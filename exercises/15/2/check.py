SIZE = 8_000_000


def expect_everything(checker, client, hint, read_before=0):
    content = b"x" * read_before + client.read_to_end(hint)
    if content != b"x" * SIZE:
        checker.wrong(f"{len(content)} octets, then the end", f"{SIZE} times x", hint)


def check(checker):
    server = checker.server()
    checker.step("one client does not read, and another one gets everything")
    slow = checker.client(server, receive_buffer=65536)
    slow.expect(b"x")
    expect_everything(checker, checker.client(server),
                      "write() returns how much the kernel took. Send the rest when there is room again, and serve the others meanwhile.")
    checker.step("a client that leaves in the middle takes nobody with it")
    leaving = checker.client(server, receive_buffer=65536)
    leaving.expect(b"x" * 1000)
    leaving.reset()
    checker.step("the first one reads at last, and gets everything")
    expect_everything(checker, slow, "write() returns how much the kernel took: is the rest lost?", read_before=1)

import select
import time

LIMIT, PAUSE, LATEST = 1.0, 0.2, 3.0


def check(checker):
    server = checker.server()
    checker.step("a quick client")
    client = checker.client(server)
    client.send(b"hello\n")
    client.expect(b"ok\n")
    client.expect_end()
    checker.step("a line in three pieces")
    client = checker.client(server)
    for piece in (b"he", b"ll", b"o\n"):
        client.send(piece)
    client.expect(b"ok\n")
    checker.step(f"a client that sends an octet every {PAUSE} s")
    client = checker.client(server)
    since = time.monotonic()
    while not select.select([client.socket], [], [], PAUSE)[0]:
        if time.monotonic() - since > LATEST:
            checker.wrong(f"no answer after {LATEST:.0f} s, while octets came one by one", "too slow, after one second",
                          "A time limit for each read() begins again with each octet: fix a deadline when the client is accepted.")
        client.send(b"a")
    if time.monotonic() - since < LIMIT * 0.8:
        checker.wrong(f"an answer after {time.monotonic() - since:.1f} s", "a second of patience")
    client.expect(b"too slow\n")
    client.expect_end("Closing with unread octets resets the connection: read what is there first.")
    checker.step("the next client")
    client = checker.client(server)
    client.send(b"hello\n")
    client.expect(b"ok\n")

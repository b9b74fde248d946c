import time

HINT = "A close() with unread octets resets the connection: half-close, read to the end, then close."


def check(checker):
    server = checker.server()
    for rest in (0, 10, 100_000):
        checker.step(f"a line, and {rest:,} octets more")
        client = checker.client(server, receive_buffer=4096)  # so that much is in flight when the server closes
        client.send(b"please\n" + bytes(rest))
        client.half_close()
        time.sleep(0.2)
        answer = client.read_to_end(HINT)
        if answer != b"x" * 1_000_000:
            checker.wrong(f"{len(answer)} octets of an answer", "1000000 times x", HINT)

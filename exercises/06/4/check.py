import struct


def message(text):
    return struct.pack(">I", len(text)) + text


def check(checker):
    server = checker.server()
    checker.step("one message")
    client = checker.client(server)
    client.send(message(b"Ada"))
    client.expect(message(b"Hello, Ada"), "The length is that of the answer, four octets, the most significant first.")
    checker.step("three messages at once: an empty one, one with a line feed and a NUL, one of 1000 octets")
    texts = b"", b"a\n\0b", b"x" * 1000
    client.send(b"".join(map(message, texts)))
    client.expect(b"".join(message(b"Hello, " + text) for text in texts), "The answer to 1000 octets has 1007.")
    checker.step("two messages, octet by octet")
    client.send_in_pieces(*(bytes([octet]) for octet in message(b"one") + message(b"two")))
    client.expect(message(b"Hello, one") + message(b"Hello, two"), "A read returns what is there, and that may be half of the length.")
    checker.step("the client sends no more")
    client.half_close()
    client.expect_end()
    for length, hint in ((1001, ""), (1 << 16, ""), (0xffffffff, "A length is never negative: it needs a type without a sign.")):
        checker.step(f"a length of {length}")
        client = checker.client(server)
        client.send(message(b"Ada") + struct.pack(">I", length))
        client.expect(message(b"Hello, Ada") + message(b"too long"), hint or "Do not wait for octets that you will refuse.")
        client.expect_end()
        client.close()
    checker.step("a message of 100,000 octets: the answer arrives, and not a reset")
    client = checker.client(server)
    client.send(message(b"x" * 100_000))
    client.half_close()
    client.expect(message(b"too long"))
    client.expect_end("Closing with unread octets resets the connection: half-close and read the rest first.")
    for rest in (b"\0\0", b"\0\0\0\5hel"):
        checker.step(f"a message that is cut off after {len(rest)} octets")
        client = checker.client(server)
        client.send(message(b"Ada") + rest)
        client.half_close()
        client.expect(message(b"Hello, Ada") + message(b"cut off"), "An end within a message is not the end of the messages.")
        client.expect_end()
    checker.still_runs(server)

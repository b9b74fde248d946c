import struct

HINT = "00 05 is 5 in network byte order, and 1280 the other way round."

def message(text):
    return struct.pack(">H", len(text)) + text


def check(checker):
    checker.step("one message")
    checker.expect_run((), b"hello\n", message(b"hello"), HINT)
    checker.step("three messages, one of them empty, one of 300 octets")
    checker.expect_run((), b"Ada\n\n" + b"x" * 300 + b"\n", message(b"Ada") + message(b"") + message(b"x" * 300), HINT)
    checker.step("no message at all")
    checker.expect_run((), b"")
    checker.step("two messages, octet by octet")
    process = checker.start()
    process.write_in_pieces(*(bytes([octet]) for octet in message(b"one") + message(b"two")))
    process.end_input()
    process.wait()
    process.expect_output(b"one\ntwo\n", "A read returns what is there, and that may be half of the length.")
    for rest in (b"\0", b"\0\5hel"):
        checker.step(f"a message that is cut after {len(rest)} octets")
        process = checker.run(stdin=message(b"whole") + rest)
        if process.output != b"whole\ncut\n" or process.status() != 1:
            checker.wrong(process.told(),
                          "whole and cut in two lines, and exit status 1",
                          "An end in the middle of a message is not the end of the messages.")

ROWS = [
    ("hello and LF", b"hello\n", ""),
    ("nothing at all", b"", ""),
    ("the octet 0 between two others", b"a\0b", "A string ends at 0; a stream does not."),
    ("the octets 4 and 26, which are Ctrl-D and Ctrl-Z", b"a\x04b\x1ac", ""),
    ("the octet 255", b"a\xffb", "255 in a signed char is -1, and so is EOF. Take an int."),
    ("all octets, 400 times", bytes(range(256)) * 400, ""),
]


def check(checker):
    for name, octets, hint in ROWS:
        checker.step(name)
        checker.expect_run((), f"{len(octets)}\n".encode(), octets, hint)
    checker.step("three octets, one by one")
    process = checker.start()
    process.write_in_pieces(b"a", b"b", b"c")
    process.end_input()
    process.wait()
    process.expect_output(b"3\n", "Less than you have room for is not the end.")

HINT = "The pipe ends when every descriptor for writing is closed: close yours after fork()."
ROWS = [
    ("a command that prints three lines", ("seq", "3"), b"6 octets, status 0\n"),
    ("a command that prints nothing and fails", ("false",), b"0 octets, status 1\n"),
    ("a command that prints a million octets", ("head", "-c", "1000000", "/dev/zero"), b"1000000 octets, status 0\n"),
    ("a command with blanks in its argument", ("printf", "a b"), b"3 octets, status 0\n"),
    ("a command that exits with 7", ("sh", "-c", "echo x; exit 7"), b"2 octets, status 7\n"),
]


def check(checker):
    for name, words, expected in ROWS:
        checker.step(name)
        process = checker.start(*words)
        process.end_input()
        process.wait(hint=HINT)
        process.expect_output(expected)

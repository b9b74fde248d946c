ROWS = [
    ("192.168.1.7", "192.168.1.200", 24, "yes"),
    ("192.168.1.7", "192.168.2.7", 24, "no"),
    ("10.1.2.3", "10.200.0.1", 8, "yes"),
    ("192.168.1.7", "192.168.1.200", 25, "no"),
    ("172.16.0.1", "172.31.255.254", 12, "yes"),
    ("172.16.0.1", "172.32.0.1", 12, "no"),
    ("192.0.2.4", "192.0.2.5", 31, "yes"),
    ("192.0.2.5", "192.0.2.6", 31, "no"),
    ("192.0.2.5", "192.0.2.5", 32, "yes"),
    ("1.2.3.4", "200.1.1.1", 0, "yes"),
]


def check(checker):
    for one, other, bits, answer in ROWS:
        checker.step(f"{one} and {other} with a prefix of {bits} bits")
        hint = "The prefix is a number of bits, and need not end where an octet ends." if bits % 8 else ""
        checker.expect_run((one, other, bits), f"{answer}\n".encode(), hint=hint)

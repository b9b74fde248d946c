ROWS = [
    ("/hello.txt", "hello.txt", ""),
    ("/", "index.html", ""),
    ("/docs/", "docs/index.html", ""),
    ("/a%20b.txt?page=2", "a b.txt", "The query does not belong to the path."),
    ("/a?/../b", "a", "Cut off the query first: what is in it does not count."),
    ("/../secret", "400", "It leads out of the root."),
    ("/docs/../../secret", "400", "It leads out of the root."),
    ("/%2e%2e/secret", "400", "%2e is a dot: decode first, and look for .. then."),
    ("/docs/..%2fsecret", "400", "%2f is a slash: decode first, and split into parts then."),
    ("/%252e%252e/secret", "%2e%2e/secret", "Decode once: %25 is a percent sign, and what follows it is text."),
    ("/a..b/...", "a..b/...", "Only a part that is exactly .. leads upwards."),
    ("/50%", "400", "Two hexadecimal digits must follow a %."),
    ("/%zz", "400", "Two hexadecimal digits must follow a %."),
    ("/%+1", "400", "Two hexadecimal digits must follow a %."),
    ("/a%00.txt", "400", "For the kernel, a path ends at the octet 0."),
    ("hello.txt", "400", "A target begins with a slash."),
    ("/gr%C3%BC%C3%9Fe", "grüße", "The octets that come out are UTF-8."),
]


def check(checker):
    for target, path, hint in ROWS[:3]:
        checker.step(target)
        checker.expect_run((), path.encode() + b"\n", target.encode() + b"\n", hint)
    checker.step(f"{len(ROWS)} targets in a row")
    process = checker.run(stdin="".join(f"{target}\n" for target, _, _ in ROWS).encode())
    paths = process.output.decode(errors="replace").split("\n")
    for (target, path, hint), seen in zip(ROWS, paths + ["nothing"] * len(ROWS)):
        if seen != path:
            checker.wrong(f"{target} becomes {seen}", path, hint)
    if len(paths) != len(ROWS) + 1:
        checker.wrong(f"{len(paths) - 1} lines for {len(ROWS)} targets", "a line for each")
    checker.step("exit status 0")
    if process.status() != 0:
        checker.wrong(process.how_it_ended(), "exit status 0")

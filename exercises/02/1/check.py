def addresses(checker, name):
    process = checker.run(name)
    if process.status() != 0:
        checker.wrong(f"./mine {name}: {process.how_it_ended()}", "exit status 0")
    lines = process.output.decode(errors="replace").split("\n")
    twice = sorted({line for line in lines if lines.count(line) > 1})
    if twice:
        checker.wrong(f"{twice[0]} is there {lines.count(twice[0])} times", "each address once",
                      "Without a type in the hints, an address comes once for each type of socket.")
    return lines[:-1]


def check(checker):
    for address in ("127.0.0.1", "::1"):
        checker.step(f"{address}, an address already")
        seen = addresses(checker, address)
        if seen != [address]:
            checker.wrong(f"the lines {seen}", f"the line {address}")
    checker.step("localhost")
    seen = addresses(checker, "localhost")
    if "127.0.0.1" not in seen or not set(seen) <= {"127.0.0.1", "::1"}:
        checker.wrong(f"the lines {seen}", "127.0.0.1, and perhaps ::1")
    checker.step("a name that does not exist")
    checker.start("a" * 64 + ".invalid").expect_failure()  # a label has at most 63 octets: nobody is asked

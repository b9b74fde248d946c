import signal

import checks

LINES_HINT = "Is the line still in the buffer of printf()? Write it at once (fflush)."


def check(checker):
    checker.step("it is ready")
    process = checker.start()
    told = b""

    def expect(line, hint):
        nonlocal told
        told += line
        process.expect_output(told, hint)
    checks.until(lambda: process.output or process.status() is not None, checks.START_PATIENCE)
    expect(b"ready\n", LINES_HINT)
    for number in (1, 2, 3):
        checker.step(f"SIGUSR1 number {number}")
        process.signal(signal.SIGUSR1)
        expect(f"{number}\n".encode(), "SIGUSR1 ends a program that neither blocks nor handles it.")
    checker.step("SIGTERM")
    process.signal(signal.SIGTERM)
    status = process.wait(hint="SIGTERM asks for the end.")
    if status != 0:
        checker.wrong(process.how_it_ended(), "bye, and exit status 0",
                      "SIGTERM ends a program that neither blocks nor handles it." if status < 0 else "")
    expect(b"bye\n", LINES_HINT)

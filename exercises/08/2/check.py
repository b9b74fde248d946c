import socket

import checks
from checks import show

QUESTIONS_MAX = 5


def question(checker, server, process, which, hint=""):
    try:
        octets, address = server.recvfrom(1000)
    except TimeoutError:
        checker.wrong(f"no {which} question; {process.how_it_ended()}", "time?", hint)
    if octets != b"time?":
        checker.wrong(f"the datagram {show(octets)}", "time?")
    return address


def check(checker):
    server = checker.own(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    server.bind(("127.0.0.1", 0))
    port = server.getsockname()[1]
    for lost in (0, 2):
        checker.step(f"an answer after {lost} lost questions")
        process = checker.start(port)
        server.settimeout(checks.START_PATIENCE)
        addresses = []
        for number in range(lost + 1):
            addresses.append(question(checker, server, process, ("first", "second", "third")[number],
                                      "The question was lost. Wait for a limited time, then ask again."))
            server.settimeout(checks.PATIENCE)
        if process.status() is not None:
            checker.wrong(process.how_it_ended(), "a client that waits for the answer")
        server.sendto(b"noon", addresses[-1])
        if process.wait() != 0:
            checker.wrong(process.how_it_ended(), "exit status 0")
        process.expect_output(b"noon\n")
        drain(server)
    checker.step("no answer at all")
    process = checker.start(port)
    server.settimeout(checks.START_PATIENCE)
    for number in range(QUESTIONS_MAX):
        question(checker, server, process, f"{number + 1}th", f"Ask {QUESTIONS_MAX} times before you give up.")
    process.expect_failure()
    more = drain(server)
    if more:
        checker.wrong(f"{QUESTIONS_MAX + more} questions", f"{QUESTIONS_MAX} questions")


def drain(server):
    """Takes what is still there. Returns how many datagrams that were."""
    server.setblocking(False)
    count = 0
    try:
        while True:
            server.recvfrom(1000)
            count += 1
    except BlockingIOError:
        return count

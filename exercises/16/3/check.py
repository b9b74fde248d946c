SIZE = 8_000_000


def check(checker):
    listener = checker.listen()
    for name, octets in (("17 octets", b"seventeen octets."), (f"{SIZE} octets", bytes(range(250)) * (SIZE // 250))):
        checker.step(f"{name}, and the end")
        process = checker.start(listener.port, stdin=octets)
        peer = checker.accept(listener, process)
        seen = peer.read_to_end()
        if seen != octets:
            checker.wrong(f"{len(seen)} octets, then the end", f"the {len(octets)} octets of the standard input",
                          "Look at what send() returns: it may take a part. Is there a call that sends all?")
        checker.step(f"the answer to {name}")
        peer.send(f"{len(octets)} octets\n".encode())
        peer.close()
        process.wait()
        process.expect_output(f"{len(octets)} octets\n".encode())

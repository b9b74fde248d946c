HINT = "close() gives up both directions, and so does SHUT_RDWR; shutdown() with SHUT_WR ends one."


def check(checker):
    listener = checker.listen()
    for name, octets in (("17 octets", b"seventeen octets."), ("nothing", b""), ("all octets", bytes(range(256)) * 1000)):
        checker.step(f"{name}, and the end")
        process = checker.start(listener.port)
        peer = checker.accept(listener, process)
        process.write(octets)
        process.end_input()
        seen = peer.read_to_end("The server still waits for more. shutdown() with SHUT_WR says that this was all.")
        if seen != octets:
            checker.wrong(f"{len(seen)} octets arrived", f"the {len(octets)} octets of the standard input")
        checker.step(f"the answer to {name}, in two pieces")
        answer = f"{len(octets)} octets\n".encode()
        peer.send_in_pieces(answer[:3], answer[3:])
        peer.close()
        process.wait()
        process.expect_output(answer, HINT if not process.output else "")

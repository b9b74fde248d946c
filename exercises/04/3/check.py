def check(checker):
    checker.step("a server that sends a line and closes")
    listener = checker.listen()
    process = checker.start(listener.port)
    peer = checker.accept(listener, process)
    peer.send(b"Hello\n")
    peer.close()
    process.wait(hint="read() returns 0 when the server has ended: that is the end of your program, too.")
    process.expect_output(b"Hello\n")
    checker.step("a server that sends three lines, one by one, and then much")
    process = checker.start(listener.port)
    peer = checker.accept(listener, process)
    lines = [b"one\n", b"two\n", b"three\n"]
    peer.send_in_pieces(*lines)
    much = b"0123456789abcde\n" * 20000
    peer.send(much)
    peer.close()
    status = process.wait()
    everything = b"".join(lines) + much
    process.expect_output(everything, "One read() returns what has arrived so far. Read until it returns 0."
                          if everything.startswith(process.output)
                          else "read() puts no NUL after the octets: print as many as it says, with write() or fwrite().")
    if status != 0:
        checker.wrong(process.how_it_ended(), "exit status 0")
    checker.step("nobody listens")
    listener.socket.close()
    checker.start(listener.port).expect_failure(hint="connect() returns -1 if nobody listens; perror() says why.")

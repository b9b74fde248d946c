HINT = "The server keeps the connection open: Content-Length says where the content ends."


def exchange(checker, listener, target, *pieces):
    """Runs the client, answers its request with these pieces, and leaves the connection open."""
    process = checker.start(listener.port, target)
    peer = checker.accept(listener, process)
    head = peer.read_until(b"\r\n\r\n", "a request, which ends in an empty line", "Each line ends in CR LF.")
    lines = head.decode("latin-1").split("\r\n")
    if lines[0] != f"GET {target} HTTP/1.1":
        checker.wrong(lines[0], f"GET {target} HTTP/1.1")
    if not any(line.lower().startswith("host:") for line in lines):
        checker.wrong(f"the fields {lines[1:-2]}", "Host")
    peer.send_in_pieces(*pieces)
    return process


def check(checker):
    listener = checker.listen()
    checker.step("a content of 12 octets")
    process = exchange(checker, listener, "/hello.txt", b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nHello, HTTP\n")
    status = process.wait(hint=HINT)
    process.expect_output(b"Hello, HTTP\n", "The content begins after the first empty line.")
    if status != 0:
        checker.wrong(process.how_it_ended(), "exit status 0")
    checker.step("a response in pieces, and empty lines in the content")
    content = b"one\r\n\r\ntwo\r\n\r\n\0three"
    process = exchange(checker, listener, "/lines?page=2", b"HTTP/1.1 200 OK\r", b"\nContent-Type: text/plain\r\ncontent-",
                       b"length:%d\r\n" % len(content), b"\r", b"\n" + content[:6], content[6:])
    process.wait(hint=HINT)
    process.expect_output(content, "The head ends at the first empty line; the length is that of the content.")
    checker.step("an empty content")
    process = exchange(checker, listener, "/empty", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    process.wait(hint=HINT)
    process.expect_output(b"")
    checker.step("404")
    process = exchange(checker, listener, "/nothing", b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nnone\n")
    process.expect_failure(hint=HINT)

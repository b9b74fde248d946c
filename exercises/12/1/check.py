from http_reply import ask, expect

CONTENT = "Grüße, HTTP\n".encode()


def check(checker):
    server = checker.server()
    checker.step("GET /")
    reply = expect(ask(checker, server, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200, CONTENT)
    if not reply.fields.get("content-type", "").startswith("text/"):
        checker.wrong(f"Content-Type: {reply.fields.get('content-type')}", "Content-Type: text/plain; charset=utf-8")
    checker.step("GET /nothing")
    expect(ask(checker, server, b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"), 404)
    checker.step("a request in pieces")
    pieces = b"GE", b"T / HTTP/1.1\r", b"\nHost: local", b"host\r\nAccept: */*\r\n", b"\r", b"\n"
    expect(ask(checker, server, *pieces), 200, CONTENT, "One read() may return a part of the head: read until its empty line.")
    checker.step("a request with many fields")
    many = b"".join(b"X-Field-%d: %s\r\n" % (number, b"x" * 40) for number in range(50))
    expect(ask(checker, server, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + many + b"\r\n"), 200, CONTENT)
    checker.step("a client that leaves without a request, and another one")
    checker.client(server).close()
    expect(ask(checker, server, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200, CONTENT)

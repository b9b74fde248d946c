from http_reply import ask, expect

GOOD = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
BAD = {
    "a request without Host": b"GET / HTTP/1.1\r\n\r\n",
    "a request with two Hosts": b"GET / HTTP/1.1\r\nHost: one\r\nHost: two\r\n\r\n",
    "a request line with two parts": b"GET /\r\nHost: localhost\r\n\r\n",
    "a request line with four parts": b"GET / and HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "another version": b"GET / HTTP/7.7\r\nHost: localhost\r\n\r\n",
}


def check(checker):
    server = checker.server()
    checker.step("GET")
    length = expect(ask(checker, server, GOOD), 200, "Grüße, HTTP\n".encode()).fields["content-length"]
    checker.step("HEAD")
    reply = expect(ask(checker, server, GOOD.replace(b"GET", b"HEAD"), method="HEAD"), 200)
    if reply.fields["content-length"] != length:
        checker.wrong(f"Content-Length: {reply.fields['content-length']}", f"Content-Length: {length}, as for GET")
    checker.step("HEAD of something that is not there")
    expect(ask(checker, server, GOOD.replace(b"GET /", b"HEAD /nothing"), method="HEAD"), 404)
    checker.step("DELETE")
    reply = expect(ask(checker, server, GOOD.replace(b"GET", b"DELETE")), 405)
    if sorted(word.strip() for word in reply.fields.get("allow", "").split(",")) != ["GET", "HEAD"]:
        checker.wrong(f"Allow: {reply.fields.get('allow', '(missing)')}", "Allow: GET, HEAD")
    for name, request in BAD.items():
        checker.step(name)
        expect(ask(checker, server, request), 400)
    checker.step("host in small letters, and HTTP/1.0 without it")
    expect(ask(checker, server, GOOD.replace(b"Host", b"host")), 200, hint="Names of fields may be written in any case.")
    expect(ask(checker, server, b"GET / HTTP/1.0\r\n\r\n"), 200)

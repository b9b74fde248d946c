import base64
import os

from http_reply import ask, expect

WITHOUT = "Authorize before you look for the file: otherwise 404 and 401 tell everybody which names exist."


def request(target, user="ada:secret", method="GET", host="Host: localhost\r\n", scheme="Basic"):
    field = f"Authorization: {scheme} {base64.b64encode(user.encode()).decode()}\r\n" if user else ""
    return f"{method} {target} HTTP/1.1\r\n{host}{field}\r\n".encode()


def check(checker):
    root = f"{checker.folder}/site"
    os.mkdir(root)
    for name, content in (("hello.txt", b"Hello, HTTP\n"), ("index.html", b"<p>Hi\n"), ("all", bytes(range(256)) * 100),
                          ("../secret", b"hidden\n")):
        with open(f"{root}/{name}", "wb") as file:
            file.write(content)
    server = checker.server(root)
    checker.step("a file, with the right name and password")
    expect(ask(checker, server, request("/hello.txt")), 200, b"Hello, HTTP\n")
    expect(ask(checker, server, request("/all")), 200, bytes(range(256)) * 100, "A file is octets, and not text.")
    expect(ask(checker, server, request("/")), 200, b"<p>Hi\n")
    checker.step("parse: no Host")
    expect(ask(checker, server, request("/hello.txt", host="")), 400)
    checker.step("translate: DELETE, and targets that lead out of the folder")
    expect(ask(checker, server, request("/hello.txt", method="DELETE")), 405)
    for target in ("/../secret", "/%2e%2e/secret", "/%zz"):
        expect(ask(checker, server, request(target)), 400, hint=f"The target is {target}.")
    checker.step("authorize: no password, a wrong one, a wrong name")
    for user in ("", "ada:wrong", "eve:secret", "ada:secret:more", "ada"):
        reply = expect(ask(checker, server, request("/hello.txt", user)), 401, hint=f"Name and password are {user or 'missing'}.")
        if "basic" not in reply.fields.get("www-authenticate", "").lower():
            checker.wrong("401 without WWW-Authenticate", 'WWW-Authenticate: Basic realm="files"')
    expect(ask(checker, server, request("/hello.txt", scheme="BASIC")), 200, hint="The name of the scheme may be written in any case.")
    checker.step("authorize comes before respond")
    expect(ask(checker, server, request("/nothing", "")), 401, hint=WITHOUT)
    checker.step("respond: nothing there, and a folder")
    os.mkdir(f"{root}/folder")
    expect(ask(checker, server, request("/nothing")), 404)
    expect(ask(checker, server, request("/folder")), 404, hint="A folder can be opened and not be read: only files are served.")

import os
import socket
import stat

import checks
from checks import Peer


def connect(checker, path, server):
    """Connects as soon as somebody listens at the path."""
    connected = checker.own(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))

    def is_there():
        return server.status() is not None or connected.connect_ex(path) == 0
    if not checks.until(is_there, checks.START_PATIENCE) or server.status() is not None:
        checker.wrong(f"nobody listens at the path: {server.how_it_ended()}", "a server at the path in its first argument",
                      "A file that a crashed server has left stands in the way of bind(): remove it first.")
    return Peer(connected, server)


def check(checker):
    path = f"{checker.folder}/echo.sock"
    checker.step("it makes a socket at the path, and echoes")
    server = checker.start(path)
    client = connect(checker, path, server)
    if not stat.S_ISSOCK(os.stat(path).st_mode):
        checker.wrong("a file that is not a socket", "a socket")
    client.send(b"hello\n")
    client.expect(b"hello\n")
    checker.step("100,000 octets")
    client.send(bytes(100_000))
    client.expect(bytes(100_000), "write() may take a part.")
    client.half_close()
    client.expect_end()
    checker.step("the next client")
    client = connect(checker, path, server)
    client.send(b"again\n")
    client.expect(b"again\n")
    checker.step("it can be started again after a crash")
    server.stop()
    again = checker.start(path)
    client = connect(checker, path, again)
    client.send(b"hello\n")
    client.expect(b"hello\n")

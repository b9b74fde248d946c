import socket


def check(checker):
    server = checker.server()
    for source in ("127.0.0.1", "127.0.0.1", "127.0.0.2"):
        checker.step(f"a client at {source}")
        client = checker.client(server, source=source)
        port = client.socket.getsockname()[1]
        said = client.read_until(b"\n", "a line")
        swapped = f":{socket.htons(port)}\n".encode()
        if said != f"You are {source}:{port}\n".encode():
            checker.wrong(said.decode(errors="replace").strip(), f"You are {source}:{port}",
                          "The port is in network byte order." if said.endswith(swapped) else
                          "Whose address is that? The peer's comes from accept() or getpeername().")
        client.expect_end()

import socket

import checks


def refused(checker, server, address):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        client.settimeout(checks.PATIENCE)
        if client.connect_ex((address, server.port)) == 0:
            listening = checker.listening(server.port)[0].address
            checker.wrong(f"a client can connect to {address}: your server listens on {listening}", "Connection refused",
                          "0.0.0.0 (INADDR_ANY) is every address of this host. Bind the one that was asked for.")


def check(checker):
    rows = [((), ["127.0.0.1"], ["127.0.0.2"]), (("127.0.0.2",), ["127.0.0.2"], ["127.0.0.1", "127.0.0.3"]),
            (("0.0.0.0",), ["127.0.0.1", "127.0.0.2"], [])]
    for arguments, reached, unreached in rows:
        checker.step(f"listen on {arguments[0]}" if arguments else "listen without a second argument")
        server = checker.server(*arguments)
        for address in reached:
            checker.client(server, address).expect(b"Hello\n")
        for address in unreached:
            refused(checker, server, address)
        server.stop()
    checker.step("an address that this host does not have")
    checker.start(checks.free_port(), "192.0.2.1").expect_failure(hint="bind() fails. Say so.")

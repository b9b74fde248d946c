from checks import Wrong

CHUNK = (b"x" * 4095 + b"\n") * 8
HINT = "A write that waits for one client keeps all others waiting: what it does not take yet needs a queue."
QUEUE = "The queue of a client that does not read needs a limit: close its connection when 64 KiB wait for it."


def everyone(clients, octets, hint=""):
    for client in clients:
        client.expect(octets, hint)


def check(checker):
    server = checker.server()
    checker.step("two clients, and a line of each")
    ada = checker.client(server)
    ada.send(b"Ada\n")
    ada.expect(b"Ada\n", "A line goes to its sender, too.")
    grace = checker.client(server)
    both = ada, grace
    grace.send(b"Grace\n")
    everyone(both, b"Grace\n")
    checker.step("a line in two pieces, with a line of the other client between them; two lines at once")
    ada.send_in_pieces(b"hel")
    grace.send(b"one\ntwo\n")
    everyone(both, b"one\ntwo\n", "A line is said when it is whole.")
    ada.send(b"lo\n")
    everyone(both, b"hello\n", "Each client needs room of its own for a line that is not whole yet.")
    checker.step("a client that leaves takes nobody with it")
    guest = checker.client(server)
    guest.send(b"guest\n")
    everyone([guest, *both], b"guest\n")
    guest.reset()
    ada.send(b"still there?\n")
    everyone(both, b"still there?\n", "A write to a client that has gone fails: that ends its connection, and no other one.")
    checker.step("a third client does not read, and the others exchange 8 MiB")
    lazy = checker.client(server, receive_buffer=4096)
    lazy.send(b"lazy\n")
    everyone(both, b"lazy\n")
    for _ in range(256):
        ada.send(CHUNK)
        everyone(both, CHUNK, HINT)
    checker.step("it had to leave")
    try:
        lazy.read_to_end(QUEUE)
    except Wrong as wrong:
        if "reset" not in wrong.seen:  # that is an end, too
            raise
    checker.still_runs(server)

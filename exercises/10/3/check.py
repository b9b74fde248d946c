import os
import signal

import checks


def gone(client):
    """Returns whether the connection has ended, without waiting."""
    client.socket.setblocking(False)
    try:
        return client.socket.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def check(checker):
    server = checker.server()
    checker.step("two children with four threads")
    checks.until(lambda: len(server.family()) == 2, checks.PATIENCE)
    children = server.family()
    if len(children) != 2:
        checker.wrong(f"{len(children)} child processes", "two")

    def threads():
        return sorted(checks.task_field(child, "Threads") for child in children)
    if not checks.until(lambda: min(threads()) in ("4", "5"), checks.PATIENCE):
        checker.wrong(f"children with {' and '.join(threads())} threads", "four threads for clients in each")
    checker.step("eight clients that stay are all greeted")
    clients = [checker.client(server) for _ in range(8)]
    for client in clients:
        client.expect(b"Hello\n", "Eight threads can serve eight clients at a time.")
    checker.step("a child dies: its clients are cut off, the others are not")
    os.kill(children[0], signal.SIGKILL)
    checks.until(lambda: any(gone(client) for client in clients), checks.PATIENCE)
    lost = [client for client in clients if gone(client)]
    if not 0 < len(lost) < len(clients):
        checker.wrong(f"{len(lost)} of {len(clients)} clients were cut off", "only those of one process")
    checker.still_runs(server)
    checker.step("the parent starts another child")

    def replaced():
        family = server.family()
        return len(family) == 2 and children[0] not in family and children[1] in family
    if not checks.until(replaced, checks.PATIENCE):
        checker.wrong(f"children {server.family()}, after {children[0]} was killed", f"{children[1]} and a new one",
                      "wait() returns when a child has died: start another one then.")
    client = checker.client(server)
    client.expect(b"Hello\n")

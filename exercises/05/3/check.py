import os

DESCRIPTORS_MAX = 16
HINT = "Each client leaves a descriptor behind: close() it, on every way out."


def check(checker):
    server = checker.server(descriptors_max=DESCRIPTORS_MAX)
    checker.step(f"40 clients, with at most {DESCRIPTORS_MAX} descriptors")
    for number in range(1, 41):
        client = checker.client(server)
        client.send(b"\n")
        has = len(os.listdir(f"/proc/{server.pid}/fd")) if server.status() is None else 0
        client.expect(f"{number}\n".encode(), f"Your program has {has} open descriptors. {HINT}" if has > 10 else "")
        client.expect_end()
        client.close()
    checker.step("20 clients that leave without a line")
    for _ in range(20):
        client = checker.client(server)
        client.close()
    client = checker.client(server)
    client.send(b"\n")
    client.read_until(b"\n", "an answer", HINT)

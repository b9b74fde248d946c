import struct

from checks import show


def record(kind, size, content=b"x"):
    return struct.pack(">BHH", kind, 0x0303, size) + content * size


def expect(checker, octets, expected, status, hint=""):
    process = checker.run(stdin=octets, hint=hint)
    if process.output != expected or process.status() != status:
        checker.wrong(process.told(), f"{show(expected)} and exit status {status}", hint)


def check(checker):
    checker.step("one record of 5 octets")
    expect(checker, record(22, 5), b"handshake 5\n", 0, "The length has its most significant octet first: 00 05 is 5.")
    checker.step("records of all types, one of them empty, and one as long as may be")
    octets = record(22, 517) + record(20, 1) + record(23, 16640) + record(23, 0) + record(21, 2)
    expect(checker, octets, b"handshake 517\nchange cipher spec 1\napplication data 16640\napplication data 0\nalert 2\n", 0)
    checker.step("contents that look like records")
    expect(checker, record(23, 20, b"\x16\x03\x03")[:25] + record(21, 2), b"application data 20\nalert 2\n", 0,
           "Skip as many octets of content as the length says.")
    checker.step("two records, octet by octet")
    process = checker.start()
    process.write_in_pieces(*(bytes([octet]) for octet in record(22, 3) + record(21, 2)))
    process.end_input()
    process.wait()
    process.expect_output(b"handshake 3\nalert 2\n", "A read returns what is there, and that may be a part of the head.")
    checker.step("a request of HTTP, and a record that is too long")
    expect(checker, b"GET / HTTP/1.1\r\n\r\n", b"no TLS\n", 1)
    expect(checker, record(22, 1) + record(23, 16641), b"handshake 1\nno TLS\n", 1)
    for size in (1, 4, 7):
        checker.step(f"a record that is cut after {size} octets")
        expect(checker, record(22, 1) + record(21, 5)[:size], b"handshake 1\ncut\n", 1)

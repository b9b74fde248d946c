ROWS = [(16, 443), (16, 1), (16, 65535), (16, 0xBB01), (32, 443), (32, 0x7F000001), (32, 0xFFFFFFFF), (32, 0)]


def check(checker):
    for bits, number in ROWS:
        checker.step(f"{number} in {bits} bits")
        octets = number.to_bytes(bits // 8, "big")
        process = checker.run(bits, number)
        other_way = process.output.split() == octets[::-1].hex(" ").encode().split() and octets != octets[::-1]
        if other_way:
            hint = "These are the octets as this machine stores them. The network wants the most significant first."
        elif b"ffffff" in process.output:
            hint = "A char may have a sign, and printf() makes an int of it: use unsigned char."
        else:
            hint = "One space between two octets, and a line feed at the end." if process.output.split() == octets.hex(" ").encode().split() else ""
        checker.expect_run((bits, number), octets.hex(" ").encode() + b"\n", hint=hint)

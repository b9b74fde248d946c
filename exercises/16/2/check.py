import json


def answer(client, line):
    octets = client.read_until(b"\n", f"an answer to {line}, in a line")
    text = octets.decode("utf-8", "replace").strip()
    try:
        return json.loads(text), text
    except ValueError:
        return None, text


def expect_sum(checker, client, line, total):
    told, text = answer(client, line)
    if told is None:
        checker.wrong(text, f'{{"sum": {total}}}', "This is not JSON: perhaps it is the notation of your own language.")
    if told != {"sum": total}:
        checker.wrong(text, f'{{"sum": {total}}}')


def check(checker):
    server = checker.server()
    client = checker.client(server)
    for line, total in (('{"a": 2, "b": 3}', 5), ('{"b":-7,"a":2.5}', -4.5), ('{ "a" : 1e3 , "b" : 0 }', 1000)):
        checker.step(line)
        client.send(line.encode() + b"\n")
        expect_sum(checker, client, line, total)
    checker.step("a line in pieces, and two lines in one")
    client.send_in_pieces(b'{"a": 1', b'2, "b"', b': 30}\n')
    expect_sum(checker, client, "a line in pieces", 42)
    client.send(b'{"a": 1, "b": 1}\n{"a": 2, "b": 2}\n')
    expect_sum(checker, client, "the first of two lines", 2)
    expect_sum(checker, client, "the second of two lines", 4)
    for line in ("no JSON", '{"a": 1}', "[1, 2]", '{"a": "x", "b": 1}'):
        checker.step(f"{line}, which is an error")
        client.send(line.encode() + b"\n")
        told, text = answer(client, line)
        if not isinstance(told, dict) or not isinstance(told.get("error"), str):
            checker.wrong(text, 'an object like {"error": "…"}')
    checker.step("the connection is still there, and ends in order")
    client.send(b'{"a": 2, "b": 3}\n')
    expect_sum(checker, client, "a last line", 5)
    client.half_close()
    client.expect_end()

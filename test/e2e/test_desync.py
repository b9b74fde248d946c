"""Desync probes: framing with two readings, followed by a request that exists in only one of them.

A proxy in front of the server may have read the framing the other way. So there must be exactly one answer, which is a
refusal; the hidden request is not answered, and the connection ends (RFC 9112 §6.3, §11.2).
"""

from __future__ import annotations

import pytest

from conformance.case import HOST, message
from conformance.content import SMUGGLED
from exchange import Conversation, Silent, Wrong

HIDDEN = b"GET /smuggled.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"
END = b"0\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked"

# Ways to write a Transfer-Encoding that one recipient takes for chunked and another does not recognise.
DISGUISES = {
    "xchunked": "Transfer-Encoding: xchunked", "space_before_colon": "Transfer-Encoding : chunked",
    "tab_before_colon": "Transfer-Encoding\t: chunked",
    "vertical_tab": "Transfer-Encoding: \x0bchunked", "form_feed": "Transfer-Encoding:\x0cchunked",
    "nul_behind": "Transfer-Encoding: chunked\0",
    "nul_in_name": "Transfer-Encoding\0: chunked", "underscore": "Transfer_Encoding: chunked",
    "quoted": 'Transfer-Encoding: "chunked"',
    "comma_first": "Transfer-Encoding: ,chunked", "identity_last": "Transfer-Encoding: chunked, identity",
    "identity_first": "Transfer-Encoding: identity, chunked",
    "twice": "Transfer-Encoding: chunked, chunked", "parameter": "Transfer-Encoding: chunked;a=b",
    "folded": "Transfer-Encoding:\r\n chunked",
    "folded_tab": "Transfer-Encoding:\r\n\tchunked", "leading_space": " Transfer-Encoding: chunked",
    "cr_before": "X: y\rTransfer-Encoding: chunked",
    "lf_before": "X: y\nTransfer-Encoding: chunked", "two_lines": "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
    "two_lines_turned": "Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
    "gzip_first": "Transfer-Encoding: gzip, chunked", "gzip_last": "Transfer-Encoding: chunked, gzip",
    "empty": "Transfer-Encoding:", "two_lines_same": f"{CHUNKED}\r\n{CHUNKED}",
    "high_octet": "Transfer-Encoding: chunked\xa0", "no_hyphen": "TransferEncoding: chunked",
    "kelvin": "Transfer-Encoding: chun\xe2\x84\xaaed", "trailing_cr": "Transfer-Encoding: chunked\r",
    "upper_case": "TRANSFER-ENCODING: CHUNKED", "plain": CHUNKED,
}
# None of these is a Transfer-Encoding field, so Content-Length alone frames the message for every recipient.
HARMLESS = {"underscore", "no_hyphen"}

LENGTH_PAIRS = {
    "different": ("Content-Length: 0", f"Content-Length: {len(HIDDEN)}"),
    "turned": (f"Content-Length: {len(HIDDEN)}", "Content-Length: 0"), "list": (f"Content-Length: 0, {len(HIDDEN)}",),
    "list_same": ("Content-Length: 0, 0",), "same": ("Content-Length: 0", "Content-Length: 0"),
    "plus": (f"Content-Length: +{len(HIDDEN)}",), "space": (f"Content-Length: {len(HIDDEN)} 0",),
    "space_before_colon": (f"Content-Length : {len(HIDDEN)}",), "hexadecimal": (f"Content-Length: 0x{len(HIDDEN):x}",),
    "folded": ("Content-Length: 0", f" {len(HIDDEN)}"), "folded_empty": ("Content-Length:", f" {len(HIDDEN)}"),
    "cr_within": (f"X: y\rContent-Length: {len(HIDDEN)}",), "lf_within": (f"X: y\nContent-Length: {len(HIDDEN)}",),
    "nul": (f"Content-Length: {len(HIDDEN)}\0",), "minus": ("Content-Length: -1",),
    "minus_zero": ("Content-Length: -0",),
    "empty": ("Content-Length:",), "point": (f"Content-Length: {len(HIDDEN)}.0",), "exponent": ("Content-Length: 4e1",),
    "overflow": (f"Content-Length: {2**64 + len(HIDDEN)}",), "vertical_tab": (f"Content-Length: \x0b{len(HIDDEN)}",),
    "leading_space_name": (f" Content-Length: {len(HIDDEN)}",), "semicolon": (f"Content-Length: {len(HIDDEN)};",),
    "underscored_digits": (f"Content-Length: {str(len(HIDDEN))[0]}_{str(len(HIDDEN))[1:]}",),
}

# Chunked content whose end depends on whether the recipient accepts what the grammar does not allow.
SIZE = f"{len(HIDDEN):x}"
CHUNK_TRICKS = {
    "size_bare_lf": b"5\nhello\r\n" + END, "size_space_lf": b"5 \nhello\r\n" + END,
    "extension_bare_lf": b"5;\nhello\r\n" + END, "extension_bare_cr": b"5;a\rhello\r\n" + END,
    "extension_lf_hides": b"2;\nxx\r\n" + SIZE.encode() + b"\r\n" + HIDDEN + b"\r\n" + END,
    "size_signed": b"+5\r\nhello\r\n" + END, "size_hexadecimal": b"0x5\r\nhello\r\n" + END,
    "size_overflow": b"10000000000000000\r\n\r\n", "size_overflow_hides": b"1" + b"0" * 16 + SIZE.encode() + b"\r\n"
    + HIDDEN + b"\r\n" + END, "size_negative": b"-1\r\n\r\n", "data_spill": b"4\r\nhello\r\n" + END,
    "data_bare_lf": b"5\r\nhello\n" + END,
    "data_any_two_octets": b"5\r\nhelloXX0\r\n\r\n", "last_bare_lf": b"0\n\n", "last_lf_lf": b"0\r\n\n",
    "last_cr_cr": b"0\r\n\r\r", "last_extension_lf": b"0;x\n\r\n", "trailer_bare_lf": b"0\r\nX: y\n\r\n",
    "trailer_no_colon": b"0\r\nX\r\n\r\n",
    "trailer_hides_request": b"0\r\nGET /smuggled.txt HTTP/1.1\r\nHost: a\r\n\r\n",
    "trailer_folded": b"0\r\nX: y\r\n z\r\n\r\n", "trailer_space_before_colon": b"0\r\nX : y\r\n\r\n",
    "size_empty": b"\r\n\r\n", "size_word": b"zz\r\n\r\n", "size_trailing_junk": b"0x\r\n\r\n",
    "size_underscore": b"0_\r\n\r\n", "size_leading_space": b" 0\r\n\r\n",
}

LINE_TRICKS = {
    "version_1_0_chunked": message("GET /hello.txt HTTP/1.0", HOST, CHUNKED, "Connection: keep-alive", content=END),
    "version_1_0_both": message("GET /hello.txt HTTP/1.0", HOST, CHUNKED, "Content-Length: 5", "Connection: keep-alive",
                                content=END), "line_bare_lf": b"GET /hello.txt HTTP/1.1\nHost: localhost\n\n",
    "section_end_bare_lf": b"GET /hello.txt HTTP/1.1\r\nHost: localhost\n\n",
    "section_end_lf_crlf": b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\n",
    "section_end_cr": b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r",
    "line_without_version": b"GET /hello.txt\r\n",
    "line_with_request_in_target": b"GET /hello.txt HTTP/1.1 GET /smuggled.txt HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "field_without_colon": message("GET /hello.txt HTTP/1.1", HOST, "nonsense"),
    "host_twice": message("GET /hello.txt HTTP/1.1", HOST, "Host: elsewhere"),
    "host_missing": message("GET /hello.txt HTTP/1.1", "X: y"),
    "host_folded": b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n elsewhere\r\n\r\n",
    "version_2": message("GET /hello.txt HTTP/2.0", HOST), "name_with_space": message("GET /hello.txt HTTP/1.1", HOST,
                                                                                      "Content-Length 5: 0"),
    "nul_in_value": message("GET /hello.txt HTTP/1.1", HOST, "X: a\0b"),
    "cr_in_value": message("GET /hello.txt HTTP/1.1", HOST, "X: a\rContent-Length: 99"),
}


def probes() -> list:
    rows = []
    for name, line in DISGUISES.items():
        if name not in HARMLESS:
            # CL.TE and TE.CL: the hidden request is content to a recipient that reads the length, and a request to one
            # that reads chunks.
            content = END + HIDDEN
            rows.append((f"cl_te_{name}", message("POST /hello.txt HTTP/1.1", HOST, f"Content-Length: {len(content)}",
                                                  line, content=content)))
            rows.append((f"cl_te_get_{name}", message("GET /hello.txt HTTP/1.1", HOST,
                                                      f"Content-Length: {len(content)}", line, content=content)))
            chunks = SIZE.encode() + b"\r\n" + HIDDEN + b"\r\n" + END
            rows.append((f"te_cl_{name}", message("POST /hello.txt HTTP/1.1", HOST, line,
                                                  f"Content-Length: {len(SIZE) + 2}", content=chunks)))
        if name not in HARMLESS | {"plain", "upper_case", "comma_first"}:
            rows.append((f"te_te_{name}", message("GET /hello.txt HTTP/1.1", HOST, CHUNKED, line,
                                                  content=END + HIDDEN)))
            rows.append((f"te_{name}", message("GET /hello.txt HTTP/1.1", HOST, line, content=END + HIDDEN)))
    for name, lines in LENGTH_PAIRS.items():
        rows.append((f"cl_{name}", message("GET /hello.txt HTTP/1.1", HOST, *lines, content=HIDDEN)))
        rows.append((f"cl_post_{name}", message("POST /hello.txt HTTP/1.1", HOST, *lines, content=HIDDEN)))
    for name, content in CHUNK_TRICKS.items():
        rows.append((f"chunk_{name}", message("GET /hello.txt HTTP/1.1", HOST, CHUNKED, content=content) + HIDDEN))
        rows.append((f"chunk_post_{name}", message("POST /hello.txt HTTP/1.1", HOST, CHUNKED, content=content)
                     + HIDDEN))
    rows += [(f"line_{name}", octets + HIDDEN) for name, octets in LINE_TRICKS.items()]
    return rows


PROBES = probes()
# The possible answers. The content is unwanted here, so the server may answer bad chunks from the head alone.
REFUSALS = (400, 413, 501, 505)
EARLY = REFUSALS + (200, 405)


@pytest.mark.parametrize("way", ["whole", "octets"])
@pytest.mark.parametrize("name, octets", PROBES, ids=[name for name, _ in PROBES])
def test_one_refusal_and_the_end(name: str, octets: bytes, way: str, server):
    allowed = EARLY if name.startswith("chunk_") else REFUSALS
    with Conversation(server().address, octet_by_octet=way == "octets") as talk:
        talk.send(octets)
        wrong = None
        try:
            answer = talk.read_answer()
            if answer.status not in allowed:
                wrong = f"status {answer.status}, not one of {allowed}"
            else:
                talk.read_to_end()
                if talk.received:
                    wrong = f"a second answer: {bytes(talk.received[:120])!r}"
        except Silent:
            pass  # closing without an answer is safe too
        except Wrong as reason:
            wrong = str(reason)
        got = bytes(talk.everything)
    if not wrong and SMUGGLED in got:
        wrong = "the hidden request was answered"
    assert not wrong, f"{name}, sent {way}: {wrong}\n  sent: {octets[:500]!r}\n  got:  {got[:600]!r}"


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_names_that_only_look_alike_frame_nothing(name: str, server):
    octets = message("GET /hello.txt HTTP/1.1", HOST, f"Content-Length: {len(HIDDEN)}", DISGUISES[name], content=HIDDEN)
    with Conversation(server().address) as talk:
        talk.send(octets + b"GET /probe.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        first = talk.read_answer()
        assert first.status in (200, 400)
        talk.read_to_end()
    assert SMUGGLED not in talk.everything
    if first.status == 200:
        assert talk.everything.endswith(b"probe\n")


@pytest.mark.parametrize("name, hidden_in", [
    ("length", lambda: message("GET /hello.txt HTTP/1.1", HOST, f"Content-Length: {len(HIDDEN)}", content=HIDDEN)),
    ("chunks", lambda: message("GET /hello.txt HTTP/1.1", HOST, CHUNKED,
                               content=SIZE.encode() + b"\r\n" + HIDDEN + b"\r\n" + END)),
    ("post", lambda: message("POST /hello.txt HTTP/1.1", HOST, f"Content-Length: {len(HIDDEN)}", content=HIDDEN)),
    ("head", lambda: message("GET /hello.txt HTTP/1.1", HOST, "X: " + HIDDEN.split(b"\r\n")[0].decode())),
    ("extension", lambda: message("GET /hello.txt HTTP/1.1", HOST, CHUNKED,
                                  content=b'0;x="GET /smuggled.txt HTTP/1.1"\r\n\r\n')),
    ("trailer", lambda: message("GET /hello.txt HTTP/1.1", HOST, CHUNKED,
                                content=b"0\r\nContent-Length: 60\r\nTransfer-Encoding: x\r\n\r\n")),
    ("expect", lambda: message("PUT /hello.txt HTTP/1.1", HOST, "Expect: 100-continue",
                               f"Content-Length: {len(HIDDEN)}", content=HIDDEN)),
])
def test_content_is_never_read_as_a_request(name: str, hidden_in, server):
    with Conversation(server().address) as talk:
        talk.send(hidden_in())
        talk.half_close()
        talk.read_to_end()
    assert SMUGGLED not in talk.everything, bytes(talk.everything)

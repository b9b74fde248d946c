"""Chunked transfer coding: sizes, extensions, data, trailers (RFC 9112 §7.1)."""

from __future__ import annotations

from .case import HOST, Case, Expected, Level, Pause, Then, content_is, get, message, octets, refused, served
from .content import HELLO

OK = content_is(HELLO)
OURS, SHOULD = Level.OURS, Level.SHOULD
END = "0\r\n\r\n"
# A server may answer GET before it has read unwanted content, if it then closes (RFC 9112 §9.3).
EARLY = (200, 405)


def chunks(content: str | bytes, line: str = "GET /hello.txt HTTP/1.1") -> bytes:
    return message(line, HOST, "Transfer-Encoding: chunked", content=octets(content))


GOOD = [
    ("empty", END), ("one", "5\r\nhello\r\n" + END), ("two", "5\r\nhello\r\n6\r\n world\r\n" + END),
    ("many_of_one_octet", "1\r\nx\r\n" * 100 + END), ("size_upper_case", "A\r\n0123456789\r\n" + END),
    ("size_lower_case", "a\r\n0123456789\r\n" + END), ("size_mixed_digits", "1f\r\n" + "x" * 31 + "\r\n" + END),
    ("size_leading_zeros", "0005\r\nhello\r\n" + END), ("last_chunk_many_zeros", "5\r\nhello\r\n0000\r\n\r\n"),
    ("extension_name", "5;x\r\nhello\r\n" + END), ("extension_value", "5;x=y\r\nhello\r\n" + END),
    ("extension_quoted", '5;x="y z"\r\nhello\r\n' + END), ("extension_quoted_semicolon", '5;x=";"\r\nhello\r\n' + END),
    ("extensions", "5;a;b=c;d=\"e\"\r\nhello\r\n" + END), ("extension_of_last", "5\r\nhello\r\n0;x=y\r\n\r\n"),
    ("data_has_crlf", "9\r\n\r\n0\r\n\r\n\r\n\r\n" + END), ("data_is_a_request",
                                                            "29\r\nGET /smuggled.txt HTTP/1.1\r\nHost: a\r\n\r\n12\r\n"
                                                            + END),
    ("trailer", "5\r\nhello\r\n0\r\nX-Trailer: y\r\n\r\n"), ("trailers", "0\r\nA: 1\r\nB: 2\r\nC:\r\n\r\n"),
    ("chunk_of_64_kib", "10000\r\n" + "x" * 65536 + "\r\n" + END),
]
GOOD = [(name, content) for name, content in GOOD if name != "data_is_a_request"]
INNER = "GET /smuggled.txt HTTP/1.1\r\nHost: a\r\n\r\n"

BAD = [
    ("size_hexadecimal_prefix", "0x5\r\nhello\r\n" + END), ("size_plus", "+5\r\nhello\r\n" + END),
    ("size_minus", "-5\r\nhello\r\n" + END),
    ("size_minus_zero", "-0\r\n\r\n"), ("size_empty", "\r\nhello\r\n" + END), ("size_word", "g\r\nhello\r\n" + END),
    ("size_junk_behind", "5x\r\nhello\r\n" + END), ("size_leading_space", " 5\r\nhello\r\n" + END),
    ("size_leading_tab", "\t5\r\nhello\r\n" + END),
    ("size_space_within", "1 5\r\nhello\r\n" + END), ("size_underscore", "0_5\r\nhello\r\n" + END),
    ("size_comma", "5,\r\nhello\r\n" + END),
    ("size_nul", "5\0\r\nhello\r\n" + END), ("size_vertical_tab", "5\x0b\r\nhello\r\n" + END),
    ("size_form_feed", "\x0c5\r\nhello\r\n" + END),
    ("size_decimal_point", "5.0\r\nhello\r\n" + END), ("size_overflows_64_bits",
                                                       "10000000000000005\r\nhello\r\n" + END),
    ("size_all_ones", "FFFFFFFFFFFFFFFF\r\nhello\r\n" + END), ("size_top_bit", "8000000000000005\r\nhello\r\n" + END),
    ("size_twenty_digits", "f" * 20 + "\r\nhello\r\n" + END),
    ("size_wraps_many", "1" + "0" * 40 + "5\r\nhello\r\n" + END),
    ("size_full_width", "\xef\xbc\x95\r\nhello\r\n" + END), ("size_bare_lf", "5\nhello\r\n" + END),
    ("size_bare_cr", "5\rhello\r\n" + END),
    ("size_two_cr", "5\r\r\nhello\r\n" + END), ("size_cr_junk", "5\rX\nhello\r\n" + END),
    ("size_quote", '"5"\r\nhello\r\n' + END),
    ("data_longer_than_size", "4\r\nhello\r\n" + END), ("data_shorter_than_size", "6\r\nhello\r\n" + END),
    ("data_without_crlf", "5\r\nhello" + END), ("data_bare_lf", "5\r\nhello\n" + END),
    ("data_bare_cr", "5\r\nhello\r" + END),
    ("data_junk_before_crlf", "5\r\nhelloXX\r\n" + END), ("data_two_octets_instead_of_crlf", "5\r\nhelloAB0\r\n\r\n"),
    ("data_lf_cr", "5\r\nhello\n\r" + END), ("last_chunk_bare_lf", "5\r\nhello\r\n0\n\r\n"),
    ("last_chunk_both_bare_lf", "5\r\nhello\r\n0\n\n"),
    ("end_bare_lf", "5\r\nhello\r\n0\r\n\n"), ("end_bare_cr", "5\r\nhello\r\n0\r\n\rX\r\n\r\n"),
    ("end_junk", "0\r\nX\r\n\r\n"),
    ("end_two_cr", "0\r\n\r\r\n"),
    ("extension_bare_lf", "5;x\nhello\r\n" + END), ("extension_bare_cr", "5;x\rY\r\nhello\r\n" + END),
    ("extension_nul", "5;x=\0\r\nhello\r\n" + END),
    ("extension_control", "5;x=\x01\r\nhello\r\n" + END), ("extension_lf_in_quotes", '5;x="\n"\r\nhello\r\n' + END),
    ("extension_cr_in_quotes", '5;x="\r"\r\nhello\r\n' + END), ("extension_of_last_bare_lf", "0;x\n\r\n"),
    ("trailer_no_colon", "0\r\nX\r\n\r\n0"), ("trailer_space_before_colon", "0\r\nX : y\r\n\r\n"),
    ("trailer_nul", "0\r\nX: \0\r\n\r\n"),
    ("trailer_bare_lf", "0\r\nX: y\n\r\n"), ("trailer_bare_cr", "0\r\nX: y\rZ: a\r\n\r\n"),
    ("trailer_folded", "0\r\nX: y\r\n z\r\n\r\n"),
    ("trailer_empty_name", "0\r\n: y\r\n\r\n"), ("trailer_white_space_first", "0\r\n X: y\r\n\r\n"),
    ("trailer_bad_name", "0\r\nX(): y\r\n\r\n"),
    ("trailer_is_a_request", "0\r\nGET /smuggled.txt HTTP/1.1\r\n\r\n"),
    ("size_line_endless", "5;" + "x" * 60_000 + "\r\nhello\r\n" + END),
    ("size_zeros_endless", "0" * 60_000 + "5\r\nhello\r\n" + END),
]
# Strictness about an extension's grammar affects no one's safety, as long as its line ends only in CRLF.
BARE_LF = {name for name, _ in BAD if "lf" in name}
STRICT_ONLY = {"extension_control", "trailer_no_colon", "size_zeros_endless", "trailer_folded", "size_twenty_digits"}

LENIENT = [  # refused, or read as the grammar's BWS requires
    ("space_before_extension", "5 ;x\r\nhello\r\n" + END), ("space_within_extension", "5; x = y\r\nhello\r\n" + END),
    ("tab_before_extension", "5\t;x\r\nhello\r\n" + END), ("space_behind_size", "5 \r\nhello\r\n" + END),
    ("empty_extension", "5;\r\nhello\r\n" + END), ("two_semicolons", "5;;x\r\nhello\r\n" + END),
    ("extension_unclosed_quote", '5;x="y\r\nhello\r\n' + END),
    ("trailer_content_length", "0\r\nContent-Length: 5\r\n\r\n"),
    ("trailer_transfer_encoding", "0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ("trailer_host", "0\r\nHost: elsewhere\r\n\r\n"), ("trailer_connection_close", "0\r\nConnection: close\r\n\r\n"),
    ("trailer_high_octets", "0\r\nX: \xe4\r\n\r\n"), ("extension_high_octets", "5;x=\xe4\r\nhello\r\n" + END),
]

CASES = [
    *[served(f"chunked_{name}", "9112 §7.1", chunks(content), OK) for name, content in GOOD],
    *[refused(f"chunked_{name}", "9112 §7.1", chunks(content), (400, 413, 431), early=EARLY,
              level=OURS if name in BARE_LF | STRICT_ONLY else Level.MUST) for name, content in BAD],
    *[served(f"chunked_either_{name}", "9112 §7.1", chunks(content), statuses=(200, 400), then=Then.EITHER)
      for name, content in LENIENT],
    served("chunked_data_is_a_request", "9112 §7.1", chunks(f"{len(INNER):x}\r\n{INNER}\r\n" + END), OK),
    refused("chunked_trailers_too_many", "6585 §5", chunks("0\r\n" + "X: y\r\n" * 3000 + "\r\n"), (400, 413, 431),
            early=EARLY, level=OURS),
    refused("chunked_trailers_too_large", "6585 §5", chunks("0\r\nX: " + "y" * 60_000 + "\r\n\r\n"), (400, 413, 431),
            early=EARLY, level=OURS),
    served("chunked_post_good", "9112 §7.1", chunks("5\r\nhello\r\n" + END, "POST /hello.txt HTTP/1.1"),
           statuses=(405,), then=Then.EITHER),
    refused("chunked_post_bad", "9112 §7.1", chunks("x\r\nhello\r\n" + END, "POST /hello.txt HTTP/1.1"), (405, 400)),
    Case("chunked_then_next_request", "9112 §9.3.2", (chunks("5\r\nhello\r\n" + END) + get("/sub/file.txt"),),
         (Expected((200,), (OK,)), Expected((200,), (content_is(b"file in sub\n"),)))),
    Case("chunked_with_trailer_then_next_request", "9112 §7.1.2",
         (chunks("5\r\nhello\r\n0\r\nX: y\r\n\r\n") + get("/sub/file.txt"),),
         (Expected((200,), (OK,)), Expected((200,), (content_is(b"file in sub\n"),)))),
    Case("chunked_cut_in_size", "9112 §8", (chunks("5"), Pause.HALF_CLOSE), (Expected((400, 408, 200)),), Then.CLOSES,
         may_be_silent=True, level=OURS, whole_only=True),
    Case("chunked_cut_in_data", "9112 §8", (chunks("5\r\nhel"), Pause.HALF_CLOSE), (Expected((400, 408, 200)),),
         Then.CLOSES,
         may_be_silent=True, level=OURS, whole_only=True),
    Case("chunked_cut_before_last", "9112 §8", (chunks("5\r\nhello\r\n"), Pause.HALF_CLOSE),
         (Expected((400, 408, 200)),), Then.CLOSES,
         may_be_silent=True, level=OURS, whole_only=True),
    Case("chunked_in_pieces_across_everything", "9112 §7.1",
         (chunks("")[:-1], b"\n5;", b"x=\"y", b"\"\r", b"\nhe", b"llo\r", b"\n0", b"\r\n\r", b"\n"),
         (Expected((200,), (OK,)),)),
]

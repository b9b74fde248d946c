"""Where content ends: Content-Length and Transfer-Encoding, and everything that allows two readings (RFC 9112 §6)."""

from __future__ import annotations

from .case import HOST, Case, Expected, Level, Pause, Then, content_is, get, message, refused, request, served
from .content import HELLO

OK = content_is(HELLO)
SHOULD, OURS = Level.SHOULD, Level.OURS
GET, POST = "GET /hello.txt HTTP/1.1", "POST /hello.txt HTTP/1.1"
# The octets after an ambiguous framing: under one of the two readings they are a separate request.
SMUGGLED = get("/smuggled.txt")
CHUNKED = "Transfer-Encoding: chunked"


def length(value: str, content: str = "hello") -> bytes:
    return message(GET, HOST, f"Content-Length: {value}", content=content)


GOOD_LENGTHS = [
    served("length_zero", "9110 §8.6", length("0", ""), OK),
    served("length_of_get_content", "9110 §9.3.1", length("5"), OK),
    served("length_leading_zeros", "9110 §8.6", length("0005"), OK, statuses=(200, 400), then=Then.EITHER),
    served("length_space_around", "9112 §5.1", length("  5  "), OK),
    served("length_tab_around", "9112 §5.1", length("\t5\t"), OK),
    served("length_content_is_a_request", "9112 §6.3",
           message(GET, HOST, f"Content-Length: {len(SMUGGLED)}", content=SMUGGLED), OK),
    served("length_of_head_content", "9110 §9.3.2", message("HEAD /hello.txt HTTP/1.1", HOST, "Content-Length: 5",
                                                            content="hello"),
           method="HEAD"),
    served("length_of_options_content", "9110 §9.3.7", message("OPTIONS /hello.txt HTTP/1.1", HOST, "Content-Length: 5",
                                                               content="hello"),
           statuses=(200, 204)),
    served("length_of_post_content", "9112 §6.3", message(POST, HOST, "Content-Length: 5", content="hello"),
           statuses=(405,), then=Then.EITHER),
    served("length_of_post_content_that_is_a_request", "9112 §6.3",
           message(POST, HOST, f"Content-Length: {len(SMUGGLED)}", content=SMUGGLED), statuses=(405,),
           then=Then.EITHER),
    served("length_64_kib", "9112 §6.3", length("65536", "x" * 65536), OK, then=Then.EITHER),
    served("length_upper_case_name", "9110 §5.1", message(GET, HOST, "CONTENT-LENGTH: 5", content="hello"), OK),
    served("length_post_without_any", "9112 §6.3", message(POST, HOST), statuses=(405, 411), then=Then.EITHER),
    served("length_crlf_behind_content", "9112 §2.2", message(POST, HOST, "Content-Length: 5", content="hello\r\n"),
           statuses=(405,), then=Then.EITHER),
]

BAD_LENGTHS = [
    ("signed_plus", "+5"), ("signed_minus", "-5"), ("minus_zero", "-0"), ("hexadecimal", "0x5"),
    ("hexadecimal_letter", "a"), ("decimal_point", "5.0"),
    ("exponent", "5e0"), ("space_within", "5 5"), ("comma_within", "1,000"), ("word", "five"), ("quoted", '"5"'),
    ("semicolon", "5;"), ("junk_behind", "5x"), ("junk_before", "x5"), ("underscore", "5_0"), ("empty", ""),
    ("only_space", "  "), ("full_width_digit", "\xef\xbc\x95"), ("superscript", "\xb2"), ("vertical_tab", "\x0b5"),
    ("form_feed_behind", "5\x0c"),
    ("non_breaking_space", "\xa05"), ("comma_first", ",5"), ("comma_last", "5,"), ("list_different", "5, 6"),
    ("negative_overflow", "-18446744073709551611"), ("overflows_64_bits", "18446744073709551616"),
    ("wraps_to_five", "18446744073709551621"), ("thirty_digits", "9" * 30), ("five_hundred_digits", "9" * 500),
    ("nul", "5\0"),
]

LENGTHS_AMBIGUOUS = [
    refused("length_list_same", "9110 §8.6", length("5, 5"), level=OURS),
    refused("length_twice_different", "9112 §6.3", message(GET, HOST, "Content-Length: 5", "Content-Length: 6",
                                                           content="hello")),
    refused("length_twice_different_other_order", "9112 §6.3",
            message(GET, HOST, "Content-Length: 6", "Content-Length: 5", content="hello!")),
    refused("length_twice_the_same", "9110 §8.6", message(GET, HOST, "Content-Length: 5", "Content-Length: 5",
                                                          content="hello"), level=OURS),
    refused("length_twice_different_case", "9112 §6.3", message(GET, HOST, "Content-Length: 5", "content-length: 0",
                                                                content="hello")),
    refused("length_twice_apart", "9112 §6.3", message(GET, "Content-Length: 0", HOST, "Content-Length: 5",
                                                       content="hello")),
    refused("length_twice_one_empty", "9112 §6.3", message(GET, HOST, "Content-Length: 5", "Content-Length:",
                                                           content="hello")),
    refused("length_twice_padded", "9112 §6.3", message(GET, HOST, "Content-Length: 5", "Content-Length: 05",
                                                        content="hello"), level=OURS),
    refused("length_bad_in_1_0", "9112 §6.3", message("GET /hello.txt HTTP/1.0", "Content-Length: x")),
    refused("length_too_large_for_us", "9110 §15.5.14", message(POST, HOST, "Content-Length: 9223372036854775807"),
            (413, 405, 400)),
    Case("length_more_than_sent", "9112 §8", (message(GET, HOST, "Content-Length: 100", content="short"),
                                              Pause.HALF_CLOSE),
         (Expected((400, 408, 200)),), Then.CLOSES, may_be_silent=True, level=OURS, whole_only=True),
]

# Each ends in chunked content, so that a recipient that reads it as chunked finds a whole message.
BAD_CODINGS = [
    ("identity", "identity", (400, 501)), ("unknown", "x-unknown", (400, 501)), ("gzip_alone", "gzip", (400, 501)),
    ("gzip_then_chunked", "gzip, chunked", (400, 501)), ("chunked_then_gzip", "chunked, gzip", (400, 501)),
    ("chunked_twice", "chunked, chunked", (400, 501)), ("chunked_then_identity", "chunked, identity", (400, 501)),
    ("identity_then_chunked", "identity, chunked", (400, 501)), ("with_parameter", "chunked;q=1", (400, 501)),
    ("xchunked", "xchunked", (400, 501)),
    ("x_chunked", "x-chunked", (400, 501)), ("chunkedx", "chunkedx", (400, 501)),
    ("chunked_word", "chunked x", (400, 501)),
    ("quoted", '"chunked"', (400, 501)), ("single_quoted", "'chunked'", (400, 501)), ("empty", "", (400, 501)),
    ("only_space", "   ", (400, 501)), ("semicolon", "chunked;", (400, 501)), ("colon", ":chunked", (400, 501)),
    ("vertical_tab", "\x0bchunked", (400, 501)),
    ("form_feed", "chunked\x0c", (400, 501)), ("non_breaking_space", "\xa0chunked", (400, 501)),
    ("nul", "chunked\0", (400, 501)),
    ("control", "\x01chunked", (400, 501)), ("high_octet", "chunked\xff", (400, 501)),
    ("kelvin_sign", "chun\xe2\x84\xaaed", (400, 501)),
    ("null_word", "null", (400, 501)), ("deflate", "deflate, chunked", (400, 501)),
    ("bare_cr", "chunked\rX: y", (400,)), ("tab_within", "chun\tked", (400, 501)),
]

CODINGS = [
    served("coding_chunked", "9112 §6.1", message(GET, HOST, CHUNKED, content="5\r\nhello\r\n0\r\n\r\n"), OK),
    served("coding_upper_case", "9112 §7", message(GET, HOST, "Transfer-Encoding: CHUNKED", content="0\r\n\r\n"), OK),
    served("coding_mixed_case", "9112 §7", message(GET, HOST, "tRANSFER-eNCODING: cHuNkEd", content="0\r\n\r\n"), OK),
    served("coding_spaces_around", "9112 §5.1", message(GET, HOST, "Transfer-Encoding: \t chunked \t ",
                                                        content="0\r\n\r\n"), OK),
    served("coding_empty_list_elements", "9110 §5.6.1", message(GET, HOST, "Transfer-Encoding: ,chunked,",
                                                                content="0\r\n\r\n"),
           statuses=(200, 400, 501), then=Then.EITHER),
    served("coding_post", "9112 §6.1", message(POST, HOST, CHUNKED, content="5\r\nhello\r\n0\r\n\r\n"), statuses=(405,),
           then=Then.EITHER),
    served("coding_head", "9112 §6.1", message("HEAD /hello.txt HTTP/1.1", HOST, CHUNKED,
                                               content="5\r\nhello\r\n0\r\n\r\n"), method="HEAD"),
    *[refused(f"coding_{name}", "9112 §6.1", message(GET, HOST, f"Transfer-Encoding: {value}", content="0\r\n\r\n"),
              statuses)
      for name, value, statuses in BAD_CODINGS],
    refused("coding_two_lines_chunked", "9112 §6.1", message(GET, HOST, CHUNKED, CHUNKED, content="0\r\n\r\n"),
            (400, 501)),
    refused("coding_two_lines_chunked_identity", "9112 §6.1",
            message(GET, HOST, CHUNKED, "Transfer-Encoding: identity", content="0\r\n\r\n"), (400, 501)),
    refused("coding_two_lines_identity_chunked", "9112 §6.1",
            message(GET, HOST, "Transfer-Encoding: identity", CHUNKED, content="0\r\n\r\n"), (400, 501)),
    refused("coding_two_lines_one_empty", "9112 §6.1",
            message(GET, HOST, CHUNKED, "Transfer-Encoding:", content="0\r\n\r\n"), (400, 501), level=OURS),
    refused("coding_two_lines_x_and_chunked", "9112 §6.1",
            message(GET, HOST, "Transfer-encoding: x", CHUNKED, content="0\r\n\r\n"), (400, 501)),
    refused("coding_in_1_0", "9112 §6.1", message("GET /hello.txt HTTP/1.0", HOST, CHUNKED, content="0\r\n\r\n"),
            level=OURS),
    refused("coding_in_1_0_keep_alive", "9112 §6.1",
            message("GET /hello.txt HTTP/1.0", HOST, "Connection: keep-alive", CHUNKED, content="0\r\n\r\n"),
            level=OURS),
    refused("coding_identity_with_length", "9112 §6.1",
            message(GET, HOST, "Transfer-Encoding: identity", "Content-Length: 5", content="hello"), (400, 501)),
]

BOTH = [  # the field lines; each pair is refused in either order
    ("length_first", ("Content-Length: 5", CHUNKED)), ("coding_first", (CHUNKED, "Content-Length: 5")),
    ("length_zero", ("Content-Length: 0", CHUNKED)), ("length_of_chunks", ("Content-Length: 15", CHUNKED)),
    ("two_lengths", ("Content-Length: 5", "Content-Length: 5", CHUNKED)),
    ("odd_case", ("cOnTeNt-LeNgTh: 5", "transfer-encoding: Chunked")),
    ("length_bad", ("Content-Length: x", CHUNKED)), ("coding_bad",
                                                     ("Content-Length: 5", "Transfer-Encoding: xchunked")),
    ("coding_list", ("Content-Length: 5", "Transfer-Encoding: gzip, chunked")),
    ("coding_empty", ("Content-Length: 5", "Transfer-Encoding:")),
    ("with_close", ("Content-Length: 5", CHUNKED, "Connection: close")),
    ("length_is_connection_option", ("Connection: Content-Length", "Content-Length: 5", CHUNKED)),
]

CASES = [
    *GOOD_LENGTHS,
    *[refused(f"length_bad_{name}", "9112 §6.3", length(value), (400, 413) if "overflow" in name or "digits" in name
              or "wraps" in name else (400,))
      for name, value in BAD_LENGTHS],
    *LENGTHS_AMBIGUOUS,
    *CODINGS,
    *[refused(f"both_{name}", "9112 §6.1", message(GET, HOST, *lines, content="5\r\nhello\r\n0\r\n\r\n"), (400, 501),
              level=OURS)
      for name, lines in BOTH],
    refused("both_on_post", "9112 §6.1", message(POST, HOST, "Content-Length: 5", CHUNKED, content="0\r\n\r\n"),
            (400, 405), level=OURS),
    refused("both_in_1_0", "9112 §6.1", message("GET /hello.txt HTTP/1.0", HOST, "Content-Length: 5", CHUNKED,
                                                content="0\r\n\r\n"), level=OURS),
    Case("framing_next_request_begins_behind_content", "9112 §6.3",
         (request("GET", "/hello.txt", "Content-Length: 3", content="abc") + get("/sub/file.txt"),),
         (Expected((200,), (OK,)), Expected((200,), (content_is(b"file in sub\n"),)))),
    Case("framing_get_content_with_nothing_stated_is_next_request", "9112 §6.3",
         (get("/hello.txt") + b"hello\r\n\r\n",),
         (Expected((200,), (OK,)), Expected((400,))), Then.CLOSES),
]

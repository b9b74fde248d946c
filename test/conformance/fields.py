"""Field lines: names, values, white space, folding, line ends (RFC 9112 §5; RFC 9110 §5)."""

from __future__ import annotations

from .case import HOST, Level, Pause, Then, Case, Expected, content_is, message, refused, served
from .content import HELLO

OK = content_is(HELLO)
SHOULD, OURS = Level.SHOULD, Level.OURS
GET = "GET /hello.txt HTTP/1.1"


def with_line(line: str | bytes) -> bytes:
    return message(GET, HOST, line, "Accept: */*")


GOOD = [
    ("empty_value", "X-Empty:"), ("empty_value_with_spaces", "X-Empty:   \t "), ("no_space", "X:y"),
    ("tabs_around", "X:\ty\t"), ("spaces_around", "X:    y    "), ("tab_within_value", "X: a\tb"),
    ("colons_in_value", "X: a:b:c"), ("high_octets_in_value", "X: \xe4\xf6\xfc"), ("utf8_in_value", "X: \xe2\x82\xac"),
    ("quotes_unbalanced", 'X: "a'), ("every_token_character", "!#$%&'*+-.^_`|~0aZ: y"), ("one_letter_name", "a: b"),
    ("digit_first", "1x: y"), ("long_name", "X" * 200 + ": y"), ("long_value", "X: " + "y" * 4000),
    ("commas_only", "Accept: ,,,"), ("percent", "X: %00%0d%0a"),
    ("looks_like_request", "X: GET /smuggled.txt HTTP/1.1"),
    ("underscore_name", "Content_Length: 5"), ("equals_sign", "X: a=b; c=\"d\""),
    ("all_printable", "X: " + bytes(range(33, 127)).decode()),
]

BAD_NAMES = [
    ("space_before_colon", "X : y"), ("tab_before_colon", "X\t: y"), ("space_within", "X Y: z"), ("empty", ": y"),
    ("only_space", " : y"), ("no_colon", "XY"), ("no_colon_with_space", "X y"), ("parenthesis", "X(): y"),
    ("slash", "X/Y: z"), ("at", "X@Y: z"), ("bracket", "X[0]: y"), ("quote", '"X": y'), ("comma", "X,Y: z"),
    ("semicolon", "X;Y: z"), ("equals", "X=Y: z"), ("backslash", "X\\Y: z"), ("brace", "{X}: y"), ("question", "X?: y"),
    ("less_than", "<X>: y"), ("nul", "X\0Y: z"), ("control", "X\x01Y: z"), ("delete_octet", "X\x7f: y"),
    ("high_octet", "X\xe4: y"), ("utf8", "\xe2\x82\xac: y"), ("vertical_tab", "X\x0b: y"),
    ("leading_control", "\x01X: y"),
    ("space_before_content_length", "Content-Length : 0"), ("space_before_transfer_encoding",
                                                            "Transfer-Encoding : chunked"),
    ("tab_before_content_length", "Content-Length\t: 0"), ("nul_before_colon", "X\0: y"),
    ("non_breaking_space", "X\xa0: y"),
]

BAD_VALUES = [
    ("nul", b"X: a\0b"), ("nul_first", b"X: \0"), ("bare_cr", b"X: a\rb"), ("cr_last", b"X: a\r"),
    ("bare_lf_then_field", b"X: a\nY: b"), ("bare_lf_then_request", b"X: a\n\nGET /smuggled.txt HTTP/1.1"),
    ("control_1", b"X: a\x01b"), ("control_8", b"X: a\x08b"), ("vertical_tab", b"X: a\x0bb"),
    ("form_feed", b"X: a\x0cb"),
    ("escape", b"X: a\x1b[31mb"), ("delete_octet", b"X: a\x7fb"), ("unit_separator", b"X: a\x1fb"),
]
# RFC 9110 §5.5: CR, LF and NUL must be refused (or replaced); other control characters may be.
REQUIRED = {"nul", "nul_first", "bare_cr", "cr_last"}

FOLDS = [
    ("space", "X: a", " b"), ("tab", "X: a", "\tb"), ("many_spaces", "X: a", "     b"), ("empty_fold", "X: a", " "),
    ("empty_fold_tab", "X: a", "\t"), ("after_empty_value", "X:", " b"),
]

CASES = [
    *[served(f"field_{name}", "9110 §5.5", with_line(line), OK) for name, line in GOOD],
    *[refused(f"field_name_{name}", "9112 §5.1", with_line(line)) for name, line in BAD_NAMES],
    *[refused(f"field_value_{name}", "9110 §5.5", message(GET, HOST, line, "Accept: */*"),
              level=Level.MUST if name in REQUIRED else OURS) for name, line in BAD_VALUES],
    *[refused(f"field_fold_{name}", "9112 §5.2", message(GET, HOST, *lines, "Accept: */*"), level=SHOULD)
      for name, *lines in FOLDS],
    refused("field_fold_of_content_length", "9112 §5.2", message(GET, HOST, "Content-Length:", " 0"), level=SHOULD),
    refused("field_fold_of_transfer_encoding", "9112 §5.2",
            message(GET, HOST, "Transfer-Encoding:", " chunked", content="0\r\n\r\n"), level=SHOULD),
    refused("field_fold_hides_field", "9112 §5.2",
            message(GET, HOST, "X: a", " Content-Length: 5", content="hello"), level=SHOULD),
    refused("field_fold_in_1_0", "9112 §5.2", message("GET /hello.txt HTTP/1.0", "X: a", " b"), level=SHOULD),
    refused("field_white_space_before_first", "9112 §2.2", message(GET, " " + HOST)),
    refused("field_tab_before_first", "9112 §2.2", message(GET, "\t" + HOST)),
    refused("field_white_space_line_before_first", "9112 §2.2", message(GET, "  ", HOST)),
    refused("field_bare_lf_ends_line", "9112 §2.2", b"GET /hello.txt HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n",
            level=OURS),
    refused("field_bare_lf_ends_section", "9112 §2.2", b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\n", level=OURS),
    refused("field_two_bare_lf_end_section", "9112 §2.2", b"GET /hello.txt HTTP/1.1\r\nHost: localhost\n\n",
            level=OURS),
    refused("field_bare_cr_ends_line", "9112 §2.2", b"GET /hello.txt HTTP/1.1\r\nHost: localhost\rX: y\r\n\r\n"),
    refused("field_two_cr_before_lf", "9112 §2.2", b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\r\n\r\n"),
    refused("field_two_cr_at_end", "9112 §2.2", b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\r\n"),
    refused("field_cr_junk_at_end", "9112 §2.2", b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\rX\r\n\r\n"),
    refused("field_request_line_again", "9112 §5.1",
            b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nGET /smuggled.txt HTTP/1.1\r\n\r\n"),
    served("field_same_name_many_times", "9110 §5.3",
           message(GET, HOST, "X: a", "x: b", "X: c", "Accept: a/b", "Accept: c/d", "Cookie: a", "Cookie: b"), OK),
    served("field_fifty_lines", "9110 §5.4", message(GET, HOST, *(f"X-{i}: {i}" for i in range(50))), OK),
    served("field_unknown_connection_option", "9110 §7.6.1", message(GET, HOST, "Connection: x-thing", "X-Thing: 1"),
           OK),
    served("field_accept_nonsense", "9110 §12.5.1", message(GET, HOST, "Accept: ;;;q=x,/,*"), OK),
    served("field_user_agent_nonsense", "9110 §10.1.5", message(GET, HOST, "User-Agent: ((((((\\"), OK),
    served("field_cookie_large", "6265 §5.4", message(GET, HOST, "Cookie: a=" + "b" * 6000), OK),
    served("field_upgrade_h2c_ignored", "9110 §7.8",
           message(GET, HOST, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
                   "HTTP2-Settings: AAMAAABkAAQAAP__"), OK),
    served("field_upgrade_websocket_ignored", "9110 §7.8",
           message(GET, HOST, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), OK),
    served("field_upgrade_nonsense_ignored", "9110 §7.8", message(GET, HOST, "Connection: upgrade", "Upgrade: //,,;"),
           OK,
           statuses=(200, 400), then=Then.EITHER),
    served("field_upgrade_in_1_0_ignored", "9110 §7.8",
           message("GET /hello.txt HTTP/1.0", "Connection: Upgrade", "Upgrade: websocket"), OK, then=Then.CLOSES),
    served("field_te_trailers", "9110 §10.1.4", message(GET, HOST, "Connection: TE", "TE: trailers, gzip;q=0.5"), OK),
    served("field_max_forwards_on_get", "9110 §7.6.2", message(GET, HOST, "Max-Forwards: 0"), OK),
    served("field_range_nonsense", "9110 §14.2", message(GET, HOST, "Range: nonsense"), OK, statuses=(200, 400),
           then=Then.EITHER),
    Case("field_section_unfinished_then_fin", "9112 §8", (b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n",
                                                          Pause.HALF_CLOSE),
         (Expected((400, 408)),), Then.CLOSES, may_be_silent=True),
    Case("field_section_ends_with_cr_then_fin", "9112 §8",
         (b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r", Pause.HALF_CLOSE),
         (Expected((400, 408)),), Then.CLOSES, may_be_silent=True),
]

"""Host and authority (RFC 9112 §3.2, §3.3; RFC 9110 §4.2, §7.2)."""

from __future__ import annotations

from .case import Level, Then, content_is, message, refused, served
from .content import HELLO

OK = content_is(HELLO)
SHOULD = Level.SHOULD
GET = "GET /hello.txt HTTP/1.1"


def with_host(value: str) -> bytes:
    return message(GET, f"Host: {value}")


GOOD = [(name, value) for name, value in (
    ("name", "localhost"), ("name_and_port", "localhost:8080"), ("address", "127.0.0.1"),
    ("address_and_port", "127.0.0.1:80"),
    ("ipv6", "[::1]"), ("ipv6_and_port", "[::1]:8080"), ("upper_case", "LOCALHOST"), ("dotted", "www.example.com."),
    ("hyphens", "a-b-c.example"), ("empty_port", "localhost:"), ("many_labels", ".".join(["label"] * 20)),
    ("ipv6_mapped", "[::ffff:127.0.0.1]"), ("punycode", "xn--bcher-kva.example"), ("digits", "1234"),
)]

BAD = [  # name, value: a server that repairs one of these may disagree with a proxy in front of it
    ("space_within", "local host"), ("tab_within", "local\thost"), ("slash", "localhost/path"),
    ("question", "localhost?a"),
    ("fragment", "localhost#a"), ("user_info", "user@localhost"), ("comma", "localhost,elsewhere"),
    ("comma_space", "localhost, elsewhere"), ("backslash", "local\\host"), ("port_no_number", "localhost:port"),
    ("port_signed", "localhost:+80"), ("two_ports", "localhost:80:80"), ("open_bracket", "[::1"),
    ("close_bracket", "::1]"),
    ("brackets_around_nothing", "[]"), ("junk_behind_brackets", "[::1]x"), ("angle_brackets", "<localhost>"),
    ("quotes", '"localhost"'), ("scheme", "http://localhost"), ("only_port", ":80"), ("bad_escape", "local%zzhost"),
    ("caret", "local^host"), ("high_octet", "l\xf6calhost"), ("control", "local\x01host"),
    ("delete_octet", "local\x7fhost"),
    ("curly", "{localhost}"), ("bar", "local|host"),
]

CASES = [
    *[served(f"host_{name}", "9110 §7.2", with_host(value), OK) for name, value in GOOD],
    *[refused(f"host_bad_{name}", "9112 §3.2", with_host(value), level=SHOULD) for name, value in BAD],
    refused("host_bad_nul", "9110 §5.5", with_host("local\0host")),
    refused("host_bad_port_too_large", "9112 §3.2", with_host("localhost:65536"), (400, 200), then=Then.EITHER),
    served("host_unencoded_percent", "3986 §3.2.2", with_host("local%68ost"), statuses=(200, 400), then=Then.EITHER),
    refused("host_missing", "9112 §3.2", message(GET)),
    refused("host_missing_with_other_fields", "9112 §3.2", message(GET, "Accept: */*", "X-Host: localhost")),
    refused("host_missing_on_head", "9112 §3.2", message("HEAD /hello.txt HTTP/1.1"), method="HEAD"),
    refused("host_missing_on_options", "9112 §3.2", message("OPTIONS * HTTP/1.1")),
    refused("host_missing_in_1_2", "9112 §3.2", message("GET /hello.txt HTTP/1.2"), (400, 505)),
    refused("host_twice_the_same", "9112 §3.2", message(GET, "Host: localhost", "Host: localhost")),
    refused("host_twice_different", "9112 §3.2", message(GET, "Host: localhost", "Host: elsewhere")),
    refused("host_twice_different_case", "9112 §3.2", message(GET, "Host: localhost", "host: localhost")),
    refused("host_twice_one_empty", "9112 §3.2", message(GET, "Host: localhost", "Host:")),
    refused("host_twice_empty_first", "9112 §3.2", message(GET, "Host:", "Host: localhost")),
    refused("host_twice_apart", "9112 §3.2", message(GET, "Host: localhost", "Accept: */*", "Host: localhost")),
    refused("host_twice_in_1_0", "9112 §3.2", message("GET /hello.txt HTTP/1.0", "Host: a", "Host: b"), level=SHOULD),
    refused("host_bad_in_1_0", "9112 §3.2", message("GET /hello.txt HTTP/1.0", "Host: a b"), level=SHOULD),
    refused("host_folded", "9112 §5.2", message(GET, "Host:", " localhost"), level=SHOULD),
    refused("host_space_before_colon", "9112 §5.1", message(GET, "Host : localhost")),
    served("host_empty", "9110 §7.2", message(GET, "Host:"), statuses=(200, 400), then=Then.EITHER),
    served("host_empty_with_space", "9110 §7.2", message(GET, "Host:  "), statuses=(200, 400), then=Then.EITHER),
    served("host_no_space", "9112 §5.1", message(GET, "Host:localhost"), OK),
    served("host_much_space", "9112 §5.1", message(GET, "Host: \t  localhost \t "), OK),
    served("host_lower_case_name", "9110 §5.1", message(GET, "host: localhost"), OK),
    served("host_upper_case_name", "9110 §5.1", message(GET, "HOST: localhost"), OK),
    served("host_last_of_fields", "9110 §7.2", message(GET, "Accept: */*", "X: y", "Host: localhost"), OK),
    served("host_unlike_absolute_target", "9112 §3.2.2",
           message("GET http://localhost/hello.txt HTTP/1.1", "Host: elsewhere.example"), OK, statuses=(200, 400),
           then=Then.EITHER),
    refused("host_missing_with_absolute_target", "9112 §3.2", message("GET http://localhost/hello.txt HTTP/1.1")),
    refused("host_bad_with_absolute_target", "9112 §3.2",
            message("GET http://localhost/hello.txt HTTP/1.1", "Host: a b"), level=SHOULD, http1_only=True),
    refused("host_twice_with_absolute_target", "9112 §3.2",
            message("GET http://localhost/hello.txt HTTP/1.1", "Host: localhost", "Host: localhost")),
    served("host_absent_in_1_0_absolute", "9112 §3.2.2", message("GET http://localhost/hello.txt HTTP/1.0", "X: y"), OK,
           then=Then.CLOSES),
    served("host_not_taken_from_x_forwarded_host", "9110 §7.2",
           message(GET, "Host: localhost", "X-Forwarded-Host: evil"), OK),
]

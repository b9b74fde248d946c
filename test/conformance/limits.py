"""What one request may cost: target, head, number of fields (RFC 9110 §2.3, §15.5.15; RFC 6585 §5).

HTTP/2 counts heads in another way, and has limits of its own: see http2_frames.
"""

from __future__ import annotations

from .case import HOST, Case, Expected, Level, Then, content_is, get, message, refused, served
from .content import HELLO

OK = content_is(HELLO)
SHOULD, OURS = Level.SHOULD, Level.OURS
TIGHT = ("--set", "target_octets_max=64", "--set", "head_octets_max=512", "--set", "field_count_max=5")


def head_of(octets: int) -> bytes:
    """Returns a whole request of exactly that size."""
    bare = get("/hello.txt", "X: ")
    return get("/hello.txt", "X: " + "y" * (octets - len(bare)))


CASES = [
    served("limit_target_4000", "9112 §3", get("/hello.txt?" + "q" * 4000), OK, level=SHOULD),
    served("limit_target_8000", "9112 §3", get("/hello.txt?" + "q" * 7980), OK, level=SHOULD),
    refused("limit_target_10000", "9110 §15.5.15", get("/" + "a" * 10_000), (414,), level=OURS),
    refused("limit_target_query_10000", "9110 §15.5.15", get("/hello.txt?" + "a" * 10_000), (414,), level=OURS),
    refused("limit_target_20000", "9110 §15.5.15", get("/" + "a" * 20_000), (414,), level=SHOULD),
    refused("limit_target_100000", "9110 §15.5.15", get("/" + "a" * 100_000), (414,), level=SHOULD, http1_only=True),
    refused("limit_target_unfinished", "9110 §15.5.15", b"GET /" + b"a" * 100_000, (414,), level=SHOULD),
    refused("limit_target_absolute", "9110 §15.5.15", message("GET http://localhost/" + "a" * 20_000 + " HTTP/1.1",
                                                              HOST), (414,), level=SHOULD),
    served("limit_path_long_but_missing", "9110 §15.5.5", get("/" + "a/" * 2000), statuses=(404,), level=SHOULD),
    served("limit_path_longer_than_the_kernels", "9110 §15.5.5", get("/" + "abcdefg/" * 600), statuses=(404, 414),
           then=Then.EITHER, level=SHOULD),
    served("limit_name_longer_than_the_kernels", "9110 §15.5.5", get("/" + "a" * 300), statuses=(404, 414),
           then=Then.EITHER, level=SHOULD),
    served("limit_name_of_255", "9110 §15.5.5", get("/" + "a" * 255), statuses=(404,), level=SHOULD),
    refused("limit_method_long", "9112 §3", message("G" * 20_000 + " / HTTP/1.1", HOST), (400, 414, 431, 501),
            level=SHOULD),
    refused("limit_method_endless", "9112 §3", b"G" * 100_000, (400, 414, 431, 501), level=SHOULD),
    refused("limit_version_endless", "9112 §2.3", b"GET / HTTP/1." + b"1" * 100_000, (400, 414, 431, 505),
            level=SHOULD),
    served("limit_field_8000", "9110 §5.4", get("/hello.txt", "X: " + "y" * 8000), OK, level=SHOULD),
    served("limit_head_just_below", "9110 §5.4", head_of(16_384), OK, level=OURS),
    refused("limit_head_just_above", "6585 §5", head_of(16_385), (431,), level=OURS, http1_only=True),
    refused("limit_field_value_40000", "6585 §5", get("/hello.txt", "X: " + "y" * 40_000), (431, 400), level=SHOULD),
    refused("limit_field_value_400000", "6585 §5", get("/hello.txt", "X: " + "y" * 400_000), (431, 400), level=SHOULD,
            http1_only=True),
    refused("limit_field_name_40000", "6585 §5", get("/hello.txt", "X" * 40_000 + ": y"), (431, 400), level=SHOULD),
    refused("limit_field_endless", "6585 §5", b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 100_000, (431, 400),
            level=SHOULD),
    refused("limit_field_name_endless", "6585 §5", b"GET / HTTP/1.1\r\nHost: a\r\n" + b"y" * 100_000, (431, 400),
            level=SHOULD),
    served("limit_fields_100", "9110 §5.4", message("GET /hello.txt HTTP/1.1", HOST, *["X: y"] * 99), OK, level=OURS),
    refused("limit_fields_101", "6585 §5", message("GET /hello.txt HTTP/1.1", HOST, *["X: y"] * 100), (431,),
            level=OURS, http1_only=True),
    refused("limit_fields_2000", "6585 §5", message("GET /hello.txt HTTP/1.1", HOST, *["X: y"] * 2000), (431, 400),
            level=SHOULD),
    refused("limit_fields_endless", "6585 §5", b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 20_000, (431, 400),
            level=SHOULD),
    refused("limit_cookie_100000", "6585 §5", get("/hello.txt", "Cookie: " + "c" * 100_000), (431, 400), level=SHOULD,
            http1_only=True),
    Case("limit_not_for_the_pipeline", "9112 §9.3.2", (get("/hello.txt", "X: " + "y" * 3000) * 20,),
         tuple([Expected((200,), (OK,))] * 20)),
    served("limit_set_target_within", "9110 §15.5.15", get("/hello.txt?" + "q" * 53), OK, level=OURS, options=TIGHT),
    refused("limit_set_target_past", "9110 §15.5.15", get("/hello.txt?" + "q" * 54), (414,), level=OURS, options=TIGHT),
    served("limit_set_head_within", "6585 §5", head_of(512), OK, level=OURS, options=TIGHT),
    refused("limit_set_head_past", "6585 §5", head_of(513), (431,), level=OURS, options=TIGHT, http1_only=True),
    served("limit_set_fields_within", "6585 §5", get("/hello.txt", *["X: y"] * 4), OK, level=OURS, options=TIGHT),
    refused("limit_set_fields_past", "6585 §5", get("/hello.txt", *["X: y"] * 5), (431,), level=OURS, options=TIGHT,
            http1_only=True),
]

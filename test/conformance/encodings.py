"""Content codings: which one is chosen, and that each is a separate representation.

RFC 9110 §8.4, §8.8.3.3, §12.5.3.
"""

from __future__ import annotations

import gzip
import zlib

from .case import (Case, Check, Expected, Level, Then, content_is, field, get, head, list_has, message, no_content,
                   no_field, served)
from .content import HELLO, LONG_TEXT, MODIFIED_IMF, PRE, PRE_BR, PRE_GZIP, PRE_ZSTD

SHOULD, OURS = Level.SHOULD, Level.OURS
CONTENT = {"": PRE, "gzip": PRE_GZIP, "br": PRE_BR, "zstd": PRE_ZSTD}
VARIES = list_has("Vary", "Accept-Encoding")


def coded(*codings: str) -> Check:
    """Checks that one of these codings ("" is identity) was chosen and named, and that the content matches it."""
    def check(answer) -> str | None:
        named = answer.field("Content-Encoding") or ""
        if named not in codings:
            return f"Content-Encoding {named!r}, not one of {codings}"
        if answer.content == CONTENT[named]:
            return None
        return f"content is not the {named or 'plain'} one: {answer.content[:60]!r}"
    return check


def pre(*lines: str) -> bytes:
    return get("/pre.css", *lines)


CHOICE = [  # name, Accept-Encoding, the codings that may be chosen
    ("gzip", "gzip", ("gzip",)), ("br", "br", ("br",)), ("zstd", "zstd", ("zstd",)),
    ("browser", "gzip, deflate, br, zstd", ("gzip", "br", "zstd")),
    ("list_without_spaces", "gzip,br", ("gzip", "br")), ("upper_case", "GZIP", ("gzip",)),
    ("q_one", "gzip;q=1", ("gzip",)), ("q_one_long", "gzip;q=1.000", ("gzip",)),
    ("q_small", "gzip;q=0.001, identity;q=0", ("gzip",)), ("q_spaces", "gzip ; q=1", ("gzip",)),
    ("q_upper_case", "gzip;Q=1", ("gzip",)), ("q_zero", "gzip;q=0", ("",)), ("q_zero_point", "gzip;q=0.", ("",)),
    ("q_zero_long", "gzip;q=0.000", ("",)), ("q_zero_of_one", "br;q=0, gzip", ("gzip",)),
    ("q_zero_of_two", "br;q=0, zstd;q=0, gzip", ("gzip",)), ("q_order_gzip", "br;q=0.1, gzip;q=0.9", ("gzip",)),
    ("q_order_br", "gzip;q=0.1, br;q=0.9, zstd;q=0.2", ("br",)),
    ("q_order_zstd", "gzip;q=0.1, br;q=0.2, zstd;q=0.9", ("zstd",)), ("asterisk", "*", ("gzip", "br", "zstd", "")),
    ("asterisk_but_one", "*, br;q=0", ("gzip", "zstd", "")), ("asterisk_zero_but_gzip", "gzip, *;q=0", ("gzip",)),
    ("asterisk_zero_but_identity", "identity, *;q=0", ("",)), ("identity", "identity", ("",)),
    ("identity_zero", "identity;q=0, gzip", ("gzip",)), ("identity_zero_asterisk", "identity;q=0, *",
                                                         ("gzip", "br", "zstd")),
    ("identity_preferred", "identity, gzip;q=0.5", ("",)),
    ("empty", "", ("",)), ("unknown", "x-unknown", ("",)), ("unknown_among", "x-unknown, gzip, y", ("gzip",)),
    ("deflate", "deflate", ("",)), ("compress", "compress", ("",)),
    ("name_within_name", "xgzip, brx, zstdx", ("",)), ("empty_elements", ",,gzip,,", ("gzip",)),
    ("x_gzip", "x-gzip", ("gzip", "")), ("parameter_unknown", "gzip;level=9", ("gzip", "")),
    ("gzip_twice", "gzip;q=0, gzip", ("gzip", "")), ("long_list", ", ".join(f"x{i}" for i in range(300)) + ", gzip",
                                                     ("gzip",)),
]
# Other servers know fewer codings, but no server may send a coding that was excluded.
UNIVERSAL = {"q_zero", "q_zero_long", "identity", "empty", "unknown", "deflate", "compress", "name_within_name",
             "asterisk_zero_but_identity"}

MALFORMED = ["gzip;q=2", "gzip;q=-1", "gzip;q=abc", "gzip;;;", "gzip;q", "gzip;q=", ";q=1", "gzip q=1", "gzip;q=0.0001",
             "q=0", "\xff", "gzip;q=1;q=0", "=", "(gzip)"]

ON_THE_FLY = "/long.txt"


def inflates(answer) -> str | None:
    """Decodes gzip; recognises other codings by their first octets (brotli has no signature)."""
    coding = answer.field("Content-Encoding")
    if coding == "gzip":
        try:
            return None if gzip.decompress(answer.content) == LONG_TEXT else "gzip content is not the file's"
        except (OSError, EOFError, zlib.error) as wrong:
            return f"no gzip content: {wrong}"
    if coding == "zstd" and not answer.content.startswith(b"\x28\xb5\x2f\xfd"):
        return "no zstd frame"
    return None if coding != "br" or len(answer.content) < len(LONG_TEXT) // 2 else "br content that is not small"


CASES = [
    *[served(f"coding_chosen_{name}", "9110 §12.5.3", pre(f"Accept-Encoding: {value}"), coded(*codings),
             level=Level.MUST if name in UNIVERSAL else OURS)
      for name, value, codings in CHOICE],
    served("coding_none_asked", "9110 §12.5.3", pre(), coded(""), level=SHOULD),
    served("coding_on_two_lines", "9110 §5.3", pre("Accept-Encoding: x", "Accept-Encoding: br"), coded("br"),
           level=OURS),
    served("coding_nothing_acceptable", "9110 §12.5.3", pre("Accept-Encoding: *;q=0"), statuses=(200, 406)),
    served("coding_identity_forbidden_alone", "9110 §12.5.3", pre("Accept-Encoding: identity;q=0"),
           statuses=(200, 406, 415)),
    *[served(f"coding_malformed_{number}", "9110 §12.5.3", pre(f"Accept-Encoding: {value}"), statuses=(200, 400),
             then=Then.EITHER) for number, value in enumerate(MALFORMED)],
    served("coding_vary", "9110 §12.5.5", pre("Accept-Encoding: gzip"), VARIES),
    served("coding_vary_of_identity", "9110 §12.5.5", pre(), VARIES, level=OURS),
    served("coding_vary_of_304", "9110 §15.4.5", pre("Accept-Encoding: br", "If-None-Match: *"), VARIES,
           statuses=(304,), level=OURS),
    served("coding_vary_of_partial", "9110 §15.3.7", pre("Range: bytes=0-4"), VARIES, statuses=(206,), level=OURS),
    served("coding_keeps_type", "9110 §8.3", pre("Accept-Encoding: gzip"),
           field("Content-Type", r"(?i:text/css; ?charset=utf-8)"), coded("gzip"), level=OURS),
    served("coding_length", "9110 §8.6", pre("Accept-Encoding: br"), field("Content-Length", str(len(PRE_BR))),
           level=OURS),
    served("coding_chosen_head", "9110 §9.3.2", head("/pre.css", "Accept-Encoding: br"),
           field("Content-Length", str(len(PRE_BR))), field("Content-Encoding", "br"), no_content, method="HEAD",
           level=OURS),
    served("coding_etag_same_coding", "9110 §8.8.3.3", pre("Accept-Encoding: br", "If-None-Match: @ETAG(/pre.css|br)@"),
           statuses=(304,)),
    served("coding_etag_other_coding", "9110 §8.8.3.3", pre("Accept-Encoding: gzip",
                                                            "If-None-Match: @ETAG(/pre.css|br)@"), coded("gzip"),
           level=OURS),
    served("coding_etag_of_plain_for_coded", "9110 §8.8.3.3",
           pre("Accept-Encoding: br", "If-None-Match: @ETAG(/pre.css)@"), coded("br"), level=OURS),
    served("coding_etag_of_coded_for_plain", "9110 §8.8.3.3", pre("If-None-Match: @ETAG(/pre.css|zstd)@"), coded(""),
           level=OURS),
    served("coding_etag_is_strong", "9110 §8.8.3", pre("Accept-Encoding: br"), field("ETag", r'"[^"]+"'), level=OURS),
    served("coding_last_modified", "9110 §8.8.2", pre("Accept-Encoding: br"), field("Last-Modified", MODIFIED_IMF),
           level=OURS),
    served("coding_range_is_of_the_coded", "9110 §14.1.2", pre("Accept-Encoding: br", "Range: bytes=0-9"),
           lambda answer: None if (answer.content, answer.field("Content-Range")) in
           ((PRE_BR[:10], f"bytes 0-9/{len(PRE_BR)}"), (PRE[:10], f"bytes 0-9/{len(PRE)}"))
           else f"{answer.field('Content-Range')}: {answer.content!r}", statuses=(206, 200)),
    served("coding_sibling_itself", "9110 §8.4", get("/pre.css.gz"), content_is(PRE_GZIP), no_field("Content-Encoding"),
           field("Content-Type", "application/(x-)?gzip"), level=SHOULD),
    served("coding_sibling_itself_not_coded_again", "9110 §8.4", get("/pre.css.gz", "Accept-Encoding: gzip, br, zstd"),
           content_is(PRE_GZIP), no_field("Content-Encoding"), level=SHOULD),
    served("coding_only_gzip_sibling", "9110 §12.5.3", get("/onlygz.js", "Accept-Encoding: gzip"), content_is(PRE_GZIP),
           field("Content-Encoding", "gzip"), level=OURS),
    served("coding_1_0", "9110 §12.5.3", message("GET /pre.css HTTP/1.0", "Accept-Encoding: gzip"), statuses=(200,),
           then=Then.CLOSES),
    served("coding_on_the_fly_gzip", "9110 §8.4", get(ON_THE_FLY, "Accept-Encoding: gzip"),
           field("Content-Encoding", "gzip"), inflates, VARIES, level=OURS),
    served("coding_on_the_fly_zstd", "9110 §8.4", get(ON_THE_FLY, "Accept-Encoding: zstd"),
           field("Content-Encoding", "zstd"), inflates, VARIES, level=OURS),
    served("coding_on_the_fly_br", "9110 §8.4", get(ON_THE_FLY, "Accept-Encoding: br"), field("Content-Encoding", "br"),
           inflates, VARIES, level=OURS),
    served("coding_on_the_fly_is_right", "9110 §8.4", get(ON_THE_FLY, "Accept-Encoding: gzip"), inflates),
    served("coding_on_the_fly_type", "9110 §8.3", get(ON_THE_FLY, "Accept-Encoding: gzip"),
           field("Content-Type", r"(?i:text/plain; ?charset=utf-8)"), level=OURS),
    served("coding_on_the_fly_none_asked", "9110 §8.4", get(ON_THE_FLY), content_is(LONG_TEXT),
           no_field("Content-Encoding")),
    served("coding_on_the_fly_vary_of_plain", "9110 §12.5.5", get(ON_THE_FLY), VARIES, level=OURS),
    served("coding_on_the_fly_head", "9110 §9.3.2", head(ON_THE_FLY, "Accept-Encoding: gzip"),
           field("Content-Encoding", "gzip"), no_content, method="HEAD", level=OURS),
    served("coding_on_the_fly_etag_differs", "9110 §8.8.3.3",
           get(ON_THE_FLY, "Accept-Encoding: gzip", f"If-None-Match: @ETAG({ON_THE_FLY})@"), inflates, statuses=(200,),
           level=OURS),
    served("coding_on_the_fly_etag_matches", "9110 §8.8.3.3",
           get(ON_THE_FLY, "Accept-Encoding: gzip", f"If-None-Match: @ETAG({ON_THE_FLY}|gzip)@"), statuses=(304,),
           level=SHOULD),
    served("coding_on_the_fly_range", "9110 §14.1.2", get(ON_THE_FLY, "Range: bytes=0-9"), content_is(LONG_TEXT[:10]),
           field("Content-Range", f"bytes 0-9/{len(LONG_TEXT)}"), statuses=(206,)),
    served("coding_small_text_is_sent_plain", "9110 §8.4", get("/hello.txt", "Accept-Encoding: gzip, br, zstd"),
           content_is(HELLO), no_field("Content-Encoding"), level=OURS),
    served("coding_image_is_sent_plain", "9110 §8.4", get("/long.png", "Accept-Encoding: gzip, br, zstd"),
           content_is(LONG_TEXT), no_field("Content-Encoding"), level=OURS),
    served("coding_of_missing", "9110 §8.4", get("/missing", "Accept-Encoding: gzip"), statuses=(404,)),
    Case("coding_changes_on_one_connection", "9110 §12.5.3",
         (pre("Accept-Encoding: gzip") + pre() + pre("Accept-Encoding: br") + pre("Accept-Encoding: identity"),),
         (Expected((200,), (coded("gzip"),)), Expected((200,), (coded(""),)), Expected((200,), (coded("br"),)),
          Expected((200,), (coded(""),))), level=OURS),
]

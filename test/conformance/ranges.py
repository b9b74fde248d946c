"""Range requests: one range, many, none that can be satisfied (RFC 9110 §14)."""

from __future__ import annotations

import re

from .case import (Case, Check, Expected, Level, Then, content_is, field, get, head, message, no_content, no_field, request,
                   served)
from .content import BIG, EARLIER_IMF, LATER_IMF, MODIFIED_ASCTIME, MODIFIED_IMF, MODIFIED_RFC850, TEN, THOUSAND

SHOULD, OURS = Level.SHOULD, Level.OURS
WHOLE, PART, UNMET = (200,), (206,), (416,)
OWN = "@ETAG(/ten.bin)@"


def part_of(whole: bytes, first: int, last: int) -> tuple[Check, ...]:
    return (content_is(whole[first:last + 1]), field("Content-Range", f"bytes {first}-{last}/{len(whole)}"))


def parts_of(whole: bytes, *wanted: tuple[int, int]) -> Check:
    """Checks for multipart/byteranges with exactly these parts, in this order, each with its own Content-Range."""
    def check(answer) -> str | None:
        if answer.status != 206:
            return None
        kind = re.fullmatch(r'multipart/byteranges; ?boundary="?([^"\s;]+)"?', answer.field("Content-Type") or "")
        if not kind:
            return f"Content-Type {answer.field('Content-Type')!r} of many ranges"
        if answer.fields("Content-Range"):
            return "Content-Range in the head of a multipart answer (RFC 9110 §15.3.7.2)"
        pieces = (b"\r\n" + answer.content).split(b"\r\n--" + kind[1].encode())
        if pieces[-1].strip() != b"--" or pieces[0].strip():
            return f"multipart ends in {pieces[-1]!r} and begins with {pieces[0]!r}"
        got = []
        for piece in pieces[1:-1]:
            lines, _, content = piece.partition(b"\r\n\r\n")
            place = re.search(rb"(?i)\r\ncontent-range: bytes (\d+)-(\d+)/(\d+)", lines)
            if not place:
                return f"part without Content-Range: {lines!r}"
            first, last, size = map(int, place.groups())
            if size != len(whole) or content != whole[first:last + 1]:
                return f"part {place[0]!r} holds {content[:50]!r}"
            got.append((first, last))
        return None if got == list(wanted) else f"parts {got}, not {list(wanted)}"
    return check


def of_ten(value: str, *lines: str) -> bytes:
    return get("/ten.bin", f"Range: {value}", *lines)


ONE = [  # name, Range, first and last octet sent
    ("first_five", "bytes=0-4", 0, 4), ("first", "bytes=0-0", 0, 0), ("last", "bytes=9-9", 9, 9),
    ("middle", "bytes=3-6", 3, 6), ("all", "bytes=0-9", 0, 9),
    ("open", "bytes=5-", 5, 9), ("open_from_start", "bytes=0-", 0, 9), ("open_last", "bytes=9-", 9, 9),
    ("suffix", "bytes=-3", 7, 9), ("suffix_one", "bytes=-1", 9, 9),
    ("suffix_all", "bytes=-10", 0, 9), ("suffix_more", "bytes=-100", 0, 9), ("beyond_end", "bytes=5-100", 5, 9),
    ("leading_zeros", "bytes=0002-0004", 2, 4),
    ("list_empty_elements", "bytes=,2-3,", 2, 3), ("unit_upper_case", "BYTES=2-3", 2, 3),
    ("unit_mixed_case", "Bytes=2-3", 2, 3), ("spaces_in_list", "bytes= 2-3 ", 2, 3),
    ("one_of_two_met", "bytes=2-3,20-30", 2, 3), ("one_of_two_met_other_order", "bytes=20-30,2-3", 2, 3),
    ("end_largest", "bytes=2-9223372036854775807", 2, 9), ("end_64_bits", "bytes=2-18446744073709551615", 2, 9),
    ("end_past_64_bits", "bytes=2-99999999999999999999999", 2, 9),
    ("suffix_past_64_bits", "bytes=-99999999999999999999999", 0, 9),
]
# The whole may be sent: it is the same content, or the server does not support such numbers.
MAY_BE_WHOLE = {"suffix_more", "suffix_all", "all", "open_from_start", "end_past_64_bits", "suffix_past_64_bits",
                "spaces_in_list", "end_64_bits"}

UNSATISFIABLE = [("start_at_end", "bytes=10-"), ("start_past_end", "bytes=11-20"), ("far_past_end", "bytes=1000000-"),
                 ("suffix_zero", "bytes=-0"),
                 ("two_unmet", "bytes=10-11,20-30"), ("start_past_64_bits", "bytes=99999999999999999999999-")]

# RFC 9110 §14.2: a server may ignore Range, and must ignore a unit it doesn't know. For a malformed one, servers also
# send 400 and 416.
INVALID = [("reversed", "bytes=5-4"), ("word", "bytes=a-b"), ("no_number", "bytes=-"), ("one_number", "bytes=5"),
           ("empty_set", "bytes="), ("no_equals", "bytes 0-4"), ("minus_minus", "bytes=--4"),
           ("signed", "bytes=+0-4"), ("hexadecimal", "bytes=0x0-4"), ("decimal_point", "bytes=0.0-4"),
           ("space_in_range", "bytes=0 - 4"), ("three_numbers", "bytes=0-4-6"), ("colon", "bytes:0-4"),
           ("empty", ""), ("only_unit", "bytes"), ("junk_behind", "bytes=0-4x"), ("semicolon", "bytes=0-4;5-6"),
           ("nonsense", "\xff\xfe"), ("one_of_two_malformed", "bytes=0-1,x"), ("negative", "bytes=-5-"),
           ("two_equals", "bytes==0-4")]

MANY = [  # name, Range, parts of THOUSAND
    ("two", "bytes=0-1,4-5", (0, 1), (4, 5)), ("three", "bytes=0-0,10-19,990-999", (0, 0), (10, 19), (990, 999)),
    ("with_suffix", "bytes=0-1,-2", (0, 1), (998, 999)),
    ("with_open", "bytes=0-1,995-", (0, 1), (995, 999)), ("with_spaces", "bytes=0-1 , 4-5", (0, 1), (4, 5)),
    ("with_unmet", "bytes=0-1,4-5,2000-", (0, 1), (4, 5)),
    ("out_of_order", "bytes=500-501,0-1", (500, 501), (0, 1)), ("beyond_end", "bytes=0-1,998-2000", (0, 1), (998, 999)),
]

IF_RANGE = [  # name, If-Range, true?
    ("etag_same", OWN, True), ("etag_other", '"other"', False), ("etag_weak_same", f"W/{OWN}", False),
    ("etag_weak_other", 'W/"other"', False),
    ("date_same", MODIFIED_IMF, True), ("date_later", LATER_IMF, False), ("date_earlier", EARLIER_IMF, False),
    ("date_same_rfc850", MODIFIED_RFC850, True), ("date_same_asctime", MODIFIED_ASCTIME, True),
    ("nonsense", "nonsense", False), ("empty_tag", '""', False), ("asterisk", "*", False),
    ("list", f'"a", {OWN}', False),
]


def spread(count: int, width: int = 2, step: int = 20) -> str:
    return "bytes=" + ",".join(f"{i * step}-{i * step + width - 1}" for i in range(count))


CASES = [
    *[served(f"range_{name}", "9110 §14.1.2", of_ten(value),
             *(part_of(TEN, first, last) if name not in MAY_BE_WHOLE else (content_is(TEN[first:last + 1]),)),
             statuses=(206, 200) if name in MAY_BE_WHOLE and (first, last) == (0, 9) else PART, level=Level.MUST
             if name not in MAY_BE_WHOLE else OURS)
      for name, value, first, last in ONE],
    *[served(f"range_unmet_{name}", "9110 §15.5.17", of_ten(value), field("Content-Range", r"bytes \*/10"),
             statuses=UNMET, level=SHOULD) for name, value in UNSATISFIABLE],
    *[served(f"range_invalid_{name}", "9110 §14.2", of_ten(value), statuses=(200, 400, 416), then=Then.EITHER) for name,
      value in INVALID],
    *[served(f"range_invalid_{name}_is_ignored", "9110 §14.2", of_ten(value), content_is(TEN), level=OURS)
      for name, value in INVALID if name in ("reversed", "word", "empty_set", "no_number", "one_number", "junk_behind",
                                             "one_of_two_malformed")],
    *[served(f"range_unit_{name}", "9110 §14.2", of_ten(value), content_is(TEN)) for name, value in
      (("unknown", "lines=0-4"), ("none", "none=0-4"), ("x_bytes", "xbytes=0-4"), ("bytesx", "bytesx=0-4"))],
    *[served(f"ranges_{name}", "9110 §14.6", get("/thousand.bin", f"Range: {value}"), parts_of(THOUSAND, *parts),
             statuses=PART, level=SHOULD) for name, value, *parts in MANY],
    served("ranges_sixteen", "9110 §14.2", get("/thousand.bin", f"Range: {spread(16)}"),
           parts_of(THOUSAND, *[(20 * i, 20 * i + 1) for i in range(16)]), statuses=PART, level=OURS),
    served("ranges_seventeen", "9110 §14.2", get("/thousand.bin", f"Range: {spread(17)}"), content_is(THOUSAND),
           level=OURS),
    served("ranges_two_overlap", "9110 §14.2", get("/thousand.bin", "Range: bytes=0-5,3-8"), statuses=(206, 200),
           level=SHOULD),
    served("ranges_three_overlaps", "9110 §14.2", get("/thousand.bin", "Range: bytes=0-9,5-14,10-19,15-24"),
           content_is(THOUSAND), level=OURS),
    served("ranges_sum_larger_than_file", "9110 §14.2", get("/thousand.bin", "Range: bytes=0-600,400-999"),
           content_is(THOUSAND), level=OURS),
    served("ranges_all_of_it_often", "9110 §14.2", get("/thousand.bin", "Range: bytes=" + ",".join(["0-"] * 12)),
           content_is(THOUSAND), level=OURS),
    served("ranges_a_thousand", "9110 §14.2", get("/big.bin", "Range: bytes=" + ",".join(["0-"] * 1000)),
           content_is(BIG), level=OURS),
    served("ranges_many_single_octets", "9110 §14.2", get("/thousand.bin",
                                                          "Range: bytes="
                                                          + ",".join(f"{i}-{i}" for i in range(0, 1000, 2))),
           content_is(THOUSAND), level=OURS),
    served("ranges_of_big", "9110 §14.6", get("/big.bin", "Range: bytes=0-99999,1000000-1099999,-100000"),
           parts_of(BIG, (0, 99_999), (1_000_000, 1_099_999), (len(BIG) - 100_000, len(BIG) - 1)), statuses=PART,
           level=SHOULD),
    served("ranges_1_0", "9110 §14.6", message("GET /thousand.bin HTTP/1.0", "Range: bytes=0-1,4-5"),
           parts_of(THOUSAND, (0, 1), (4, 5)), statuses=(206, 200), then=Then.CLOSES, level=SHOULD),
    served("range_of_big", "9110 §14.1.2", get("/big.bin", "Range: bytes=1000000-1999999"),
           *part_of(BIG, 1_000_000, 1_999_999), statuses=PART),
    served("range_of_big_suffix", "9110 §14.1.2", get("/big.bin", "Range: bytes=-1000000"),
           *part_of(BIG, len(BIG) - 1_000_000, len(BIG) - 1), statuses=PART),
    served("range_1_0", "9110 §14.2", message("GET /ten.bin HTTP/1.0", "Range: bytes=0-4"), content_is(TEN[:5]),
           statuses=(206,), then=Then.CLOSES, level=SHOULD),
    served("range_name_lower_case", "9110 §5.1", get("/ten.bin", "range: bytes=0-4"), *part_of(TEN, 0, 4),
           statuses=PART),
    served("range_on_two_lines", "9110 §14.2", get("/ten.bin", "Range: bytes=0-4", "Range: bytes=5-9"),
           statuses=(200, 206, 400), then=Then.EITHER),
    served("range_part_has_fields_of_whole", "9110 §15.3.7", of_ten("bytes=0-4"), field("ETag", ".+"),
           field("Last-Modified", MODIFIED_IMF), field("Content-Length", "5"), statuses=PART),
    served("range_part_keeps_type", "9110 §15.3.7", get("/types/page.html", "Range: bytes=0-1"),
           field("Content-Type", r"(?i:text/html; ?charset=utf-8)"), statuses=PART, level=OURS),
    served("range_part_keeps_cache_control", "9110 §15.3.7", of_ten("bytes=0-4"), field("Cache-Control", "no-cache"),
           statuses=PART, level=OURS),
    served("range_head_ignored", "9110 §14.2", head("/ten.bin", "Range: bytes=0-4"), field("Content-Length", "10"),
           no_content, method="HEAD"),
    served("range_head_unmet_ignored", "9110 §14.2", head("/ten.bin", "Range: bytes=20-"),
           field("Content-Length", "10"), method="HEAD"),
    served("range_options_ignored", "9110 §14.2", request("OPTIONS", "/ten.bin", "Range: bytes=0-4"),
           no_field("Content-Range"), statuses=(200, 204), level=SHOULD),
    served("range_post_ignored", "9110 §14.2", request("POST", "/ten.bin", "Range: bytes=0-4", "Content-Length: 0"),
           no_field("Content-Range"), statuses=(405,), then=Then.EITHER, level=SHOULD),
    served("range_missing_ignored", "9110 §14.2", get("/missing", "Range: bytes=0-4"), statuses=(404,)),
    served("range_redirect_ignored", "9110 §14.2", get("/sub", "Range: bytes=0-4"), statuses=(301, 302, 307, 308)),
    served("range_of_listing", "9110 §14.2", get("/list/", "Range: bytes=0-4"), statuses=(200, 206), level=SHOULD),
    served("range_empty_file_from_start", "9110 §14.1.2", get("/empty.txt", "Range: bytes=0-"), statuses=(416, 200)),
    served("range_empty_file_suffix", "9110 §14.1.2", get("/empty.txt", "Range: bytes=-1"), statuses=(416, 200)),
    served("range_unmet_says_no_type_of_file", "9110 §15.5.17", get("/ten.bin", "Range: bytes=20-"), no_field("ETag"),
           statuses=UNMET, level=OURS),
    *[served(f"if_range_{name}", "9110 §13.1.5", of_ten("bytes=0-4", f"If-Range: {value}"),
             content_is(TEN[:5] if met else TEN), statuses=PART if met else WHOLE)
      for name, value, met in IF_RANGE],
    served("if_range_without_range", "9110 §13.1.5", get("/ten.bin", f"If-Range: {OWN}"), content_is(TEN)),
    served("if_range_other_and_unmet", "9110 §13.1.5", of_ten("bytes=20-", 'If-Range: "other"'), content_is(TEN)),
    served("if_range_same_and_unmet", "9110 §13.1.5", of_ten("bytes=20-", f"If-Range: {OWN}"), statuses=(416, 200)),
    served("if_range_same_and_many", "9110 §13.1.5", get("/thousand.bin", "Range: bytes=0-1,4-5",
                                                         "If-Range: @ETAG(/thousand.bin)@"),
           parts_of(THOUSAND, (0, 1), (4, 5)), statuses=PART, level=SHOULD),
    served("if_range_head", "9110 §14.2", head("/ten.bin", "Range: bytes=0-4", f"If-Range: {OWN}"),
           field("Content-Length", "10"), method="HEAD"),
    Case("range_then_next", "9110 §14.2", (of_ten("bytes=0-4") + of_ten("bytes=20-") + get("/ten.bin"),),
         (Expected(PART, (content_is(TEN[:5]),)), Expected(UNMET), Expected(WHOLE, (content_is(TEN),)))),
]

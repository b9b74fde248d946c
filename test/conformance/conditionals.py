"""Preconditions, one by one and together (RFC 9110 §13)."""

from __future__ import annotations

from .case import Case, Expected, Level, Then, content_is, field, get, head, no_content, request, served
from .content import (EARLIER_ASCTIME, EARLIER_IMF, EARLIER_RFC850, HELLO, LATER_ASCTIME, LATER_IMF, LATER_RFC850,
                      MODIFIED_ASCTIME,
                      MODIFIED_IMF, MODIFIED_RFC850, TEN)

OK = content_is(HELLO)
SHOULD, OURS = Level.SHOULD, Level.OURS
OWN = "@ETAG(/hello.txt)@"
SERVED, NOT_MODIFIED, FAILED = (200,), (304,), (412,)
EPOCH = "Thu, 01 Jan 1970 00:00:00 GMT"

# name, field lines, statuses; level and the rest by keyword
IF_NONE_MATCH = [
    ("same", (f"If-None-Match: {OWN}",), NOT_MODIFIED), ("weak_same", (f"If-None-Match: W/{OWN}",), NOT_MODIFIED),
    ("other", ('If-None-Match: "other"',), SERVED), ("asterisk", ("If-None-Match: *",), NOT_MODIFIED),
    ("list_last", (f'If-None-Match: "a", "b", {OWN}',), NOT_MODIFIED),
    ("list_first", (f'If-None-Match: {OWN}, "a"',), NOT_MODIFIED),
    ("list_without_spaces", (f'If-None-Match: "a",{OWN},"b"',), NOT_MODIFIED),
    ("list_weak_among", (f'If-None-Match: "a", W/{OWN}',), NOT_MODIFIED),
    ("list_of_others", ('If-None-Match: "a", "b", W/"c"',), SERVED),
    ("list_empty_elements", (f"If-None-Match: , ,{OWN},",), NOT_MODIFIED),
    ("two_lines", ('If-None-Match: "a"', f"If-None-Match: {OWN}"), NOT_MODIFIED),
    ("two_lines_other", ('If-None-Match: "a"', 'If-None-Match: "b"'), SERVED),
    ("comma_within_quotes", (f'If-None-Match: "a,b", {OWN}',), NOT_MODIFIED),
    ("comma_trick", ('If-None-Match: "a,*,b"',), SERVED),
    ("asterisk_quoted", ('If-None-Match: "*"',), SERVED), ("empty_tag", ('If-None-Match: ""',), SERVED),
    ("spaces_around", (f"If-None-Match:   {OWN}  ",), NOT_MODIFIED),
    ("name_lower_case", (f"if-none-match: {OWN}",), NOT_MODIFIED),
    ("long_list", ("If-None-Match: " + ", ".join(f'"{i}"' for i in range(200)) + f", {OWN}",), NOT_MODIFIED),
]
IF_NONE_MATCH_SLOPPY = [  # not entity tags: a server ignores them (200) or refuses them (400)
    ("unquoted", "If-None-Match: other"), ("unclosed", 'If-None-Match: "other'),
    ("lower_w", 'If-None-Match: w/"other"'), ("empty", "If-None-Match:"),
    ("weak_without_slash", 'If-None-Match: W"other"'), ("single_quotes", "If-None-Match: 'other'"),
]
IF_MATCH = [
    ("same", (f"If-Match: {OWN}",), SERVED), ("other", ('If-Match: "other"',), FAILED),
    ("asterisk", ("If-Match: *",), SERVED),
    ("weak_never_matches", (f"If-Match: W/{OWN}",), FAILED), ("list", (f'If-Match: "a", {OWN}',), SERVED),
    ("list_of_others", ('If-Match: "a", "b"',), FAILED),
    ("list_with_weak_own", (f'If-Match: "a", W/{OWN}',), FAILED),
    ("two_lines", ('If-Match: "a"', f"If-Match: {OWN}"), SERVED),
    ("empty_tag", ('If-Match: ""',), FAILED), ("asterisk_quoted", ('If-Match: "*"',), FAILED),
    ("name_upper_case", ('IF-MATCH: "other"',), FAILED),
]


def dates(name: str, at: dict[str, int]) -> list[tuple]:
    forms = {"imf": (EARLIER_IMF, MODIFIED_IMF, LATER_IMF), "rfc850": (EARLIER_RFC850, MODIFIED_RFC850, LATER_RFC850),
             "asctime": (EARLIER_ASCTIME, MODIFIED_ASCTIME, LATER_ASCTIME)}
    return [(f"{when}_{form}", f"{name}: {date}", (at[when],))
            for form, three in forms.items() for when, date in zip(("earlier", "equal", "later"), three)]


INVALID_DATES = [
    ("word", "yesterday"), ("empty", ""), ("number", "1704164645"), ("iso", "2024-01-03T03:04:05Z"),
    ("month_unknown", "Wed, 03 Foo 2024 03:04:05 GMT"),
    ("day_32", "Wed, 32 Jan 2024 03:04:05 GMT"), ("day_0", "Wed, 00 Jan 2024 03:04:05 GMT"),
    ("hour_25", "Wed, 03 Jan 2024 25:04:05 GMT"), ("minute_60", "Wed, 03 Jan 2024 03:60:05 GMT"),
    ("february_30", "Fri, 30 Feb 2024 03:04:05 GMT"), ("no_zone", "Wed, 03 Jan 2024 03:04:05"),
    ("other_zone", "Wed, 03 Jan 2024 03:04:05 PST"),
    ("offset", "Wed, 03 Jan 2024 03:04:05 +0000"), ("junk_behind", "Wed, 03 Jan 2024 03:04:05 GMT; length=5"),
    ("one_digit_day", "Wed, 3 Jan 2024 03:04:05 GMT"),
    ("three_digit_year", "Wed, 03 Jan 024 03:04:05 GMT"), ("negative_year", "Wed, 03 Jan -024 03:04:05 GMT"),
    ("five_digit_year", "Wed, 03 Jan 20240 03:04:05 GMT"),
    ("lower_case", "wed, 03 jan 2024 03:04:05 gmt"), ("no_weekday", "03 Jan 2024 03:04:05 GMT"),
    ("letters_for_digits", "Wed, 0x Jan 2024 03:04:05 GMT"),
]
# only a strict parser rejects these dates
LOOSE = {"no_zone", "other_zone", "offset", "junk_behind", "one_digit_day", "lower_case", "no_weekday", "february_30",
         "letters_for_digits", "day_0", "five_digit_year",
         "three_digit_year", "negative_year", "iso", "number", "day_32", "hour_25", "minute_60"}

TOGETHER = [  # RFC 9110 §13.2.2
    ("none_match_beats_modified_since_other", ('If-None-Match: "other"', f"If-Modified-Since: {LATER_IMF}"), SERVED),
    ("none_match_beats_modified_since_same", (f"If-None-Match: {OWN}", f"If-Modified-Since: {EARLIER_IMF}"),
     NOT_MODIFIED),
    ("modified_since_first_in_order", (f"If-Modified-Since: {EARLIER_IMF}", f"If-None-Match: {OWN}"), NOT_MODIFIED),
    ("match_beats_unmodified_since", (f"If-Match: {OWN}", f"If-Unmodified-Since: {EARLIER_IMF}"), SERVED),
    ("match_fails_though_unmodified", ('If-Match: "other"', f"If-Unmodified-Since: {LATER_IMF}"), FAILED),
    ("match_fails_before_none_match", ('If-Match: "other"', f"If-None-Match: {OWN}"), FAILED),
    ("match_holds_then_none_match", (f"If-Match: {OWN}", f"If-None-Match: {OWN}"), NOT_MODIFIED),
    ("match_holds_and_none_match_other", (f"If-Match: {OWN}", 'If-None-Match: "other"'), SERVED),
    ("unmodified_fails_before_none_match", (f"If-Unmodified-Since: {EARLIER_IMF}", f"If-None-Match: {OWN}"), FAILED),
    ("unmodified_holds_then_none_match", (f"If-Unmodified-Since: {LATER_IMF}", f"If-None-Match: {OWN}"), NOT_MODIFIED),
    ("unmodified_fails_before_modified_since", (f"If-Unmodified-Since: {EARLIER_IMF}",
                                                f"If-Modified-Since: {LATER_IMF}"), FAILED),
    ("unmodified_holds_then_modified_since", (f"If-Unmodified-Since: {LATER_IMF}", f"If-Modified-Since: {LATER_IMF}"),
     NOT_MODIFIED),
    ("match_holds_then_modified_since", (f"If-Match: {OWN}", f"If-Modified-Since: {LATER_IMF}"), NOT_MODIFIED),
    ("all_four_hold", (f"If-Match: {OWN}", f"If-Unmodified-Since: {LATER_IMF}", 'If-None-Match: "x"',
                       f"If-Modified-Since: {EARLIER_IMF}"), SERVED),
]


def rows(prefix: str, section: str, table: list[tuple]) -> list[Case]:
    return [served(f"{prefix}_{name}", section, get("/hello.txt", *((lines,) if isinstance(lines, str) else lines)),
                   no_content if statuses == NOT_MODIFIED else
                   OK if statuses == SERVED else field("Date", ".+"), statuses=statuses, then=Then.EITHER
                   if statuses == FAILED else Then.PERSISTS) for name, lines, statuses in table]


CASES = [
    *rows("if_none_match", "9110 §13.1.2", IF_NONE_MATCH),
    *[served(f"if_none_match_sloppy_{name}", "9110 §13.1.2", get("/hello.txt", line), statuses=(200, 400),
             then=Then.EITHER) for name, line in IF_NONE_MATCH_SLOPPY],
    *rows("if_match", "9110 §13.1.1", IF_MATCH),
    *rows("if_modified_since", "9110 §13.1.3", dates("If-Modified-Since",
                                                     {"earlier": 200, "equal": 304, "later": 304})),
    *rows("if_unmodified_since", "9110 §13.1.4", dates("If-Unmodified-Since",
                                                       {"earlier": 412, "equal": 200, "later": 200})),
    *[served(f"if_modified_since_invalid_{name}", "9110 §13.1.3", get("/hello.txt", f"If-Modified-Since: {date}"), OK,
             level=OURS if name in LOOSE else Level.MUST)
      for name, date in INVALID_DATES],
    *[served(f"if_unmodified_since_invalid_{name}", "9110 §13.1.4", get("/hello.txt", f"If-Unmodified-Since: {date}"),
             OK) for name, date in
      (("word", "yesterday"), ("empty", ""), ("month_unknown", "Mon, 01 Foo 2024 03:04:05 GMT"), ("number", "0"))],
    served("if_modified_since_epoch", "9110 §13.1.3", get("/hello.txt", f"If-Modified-Since: {EPOCH}"), OK),
    served("if_modified_since_far_future", "9110 §13.1.3", get("/hello.txt",
                                                               "If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT"),
           statuses=(304, 200)),
    served("if_modified_since_leap_second", "9110 §5.6.7", get("/hello.txt",
                                                               "If-Modified-Since: Sat, 31 Dec 2016 23:59:60 GMT"), OK),
    served("if_modified_since_before_1970", "9110 §13.1.3", get("/hello.txt",
                                                                "If-Modified-Since: Wed, 31 Dec 1969 23:59:59 GMT"),
           OK),
    served("if_modified_since_rfc850_last_century", "9110 §5.6.7",
           get("/hello.txt", "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT"), OK),
    served("if_modified_since_within_the_second", "9110 §13.1.3",
           get("/precise.txt", f"If-Modified-Since: {MODIFIED_IMF}"), no_content, statuses=(304,)),
    served("if_unmodified_since_within_the_second", "9110 §13.1.4",
           get("/precise.txt", f"If-Unmodified-Since: {MODIFIED_IMF}"), statuses=(200,), level=SHOULD),
    *rows("conditions", "9110 §13.2.2", TOGETHER),
    served("conditions_head_none_match", "9110 §13.1.2", head("/hello.txt", f"If-None-Match: {OWN}"), no_content,
           method="HEAD", statuses=(304,)),
    served("conditions_head_match_fails", "9110 §13.1.1", head("/hello.txt", 'If-Match: "other"'), no_content,
           method="HEAD", statuses=(412,), then=Then.EITHER),
    served("conditions_head_modified_since", "9110 §13.1.3", head("/hello.txt", f"If-Modified-Since: {MODIFIED_IMF}"),
           no_content, method="HEAD", statuses=(304,)),
    served("conditions_not_for_missing_none_match", "9110 §13.2.1", get("/missing", "If-None-Match: *"),
           statuses=(404,)),
    served("conditions_not_for_missing_match", "9110 §13.2.1", get("/missing", "If-Match: *"), statuses=(404, 412)),
    served("conditions_not_for_missing_modified", "9110 §13.2.1", get("/missing", f"If-Modified-Since: {LATER_IMF}"),
           statuses=(404,)),
    served("conditions_not_for_redirect", "9110 §13.2.1", get("/sub", "If-None-Match: *"),
           statuses=(301, 302, 307, 308)),
    served("conditions_not_for_options", "9110 §13.2.1", request("OPTIONS", "/hello.txt", f"If-None-Match: {OWN}"),
           statuses=(200, 204), level=SHOULD),
    served("conditions_not_for_post", "9110 §13.2.1", request("POST", "/hello.txt", "Content-Length: 0",
                                                              "If-None-Match: *"), statuses=(405, 412),
           then=Then.EITHER,
           level=SHOULD),
    served("conditions_before_range_none_match", "9110 §13.2.2",
           get("/ten.bin", "Range: bytes=0-4", "If-None-Match: @ETAG(/ten.bin)@"), no_content, statuses=(304,)),
    served("conditions_before_range_match", "9110 §13.2.2", get("/ten.bin", "Range: bytes=0-4", 'If-Match: "other"'),
           statuses=(412,), then=Then.EITHER),
    served("conditions_before_range_modified", "9110 §13.2.2",
           get("/ten.bin", "Range: bytes=0-4", f"If-Modified-Since: {MODIFIED_IMF}"), no_content, statuses=(304,)),
    served("conditions_before_range_unmodified", "9110 §13.2.2",
           get("/ten.bin", "Range: bytes=0-4", f"If-Unmodified-Since: {EARLIER_IMF}"), statuses=(412,),
           then=Then.EITHER),
    served("conditions_before_bad_range", "9110 §13.2.2", get("/ten.bin", "Range: bytes=20-", "If-None-Match: *"),
           statuses=(304,)),
    served("conditions_hold_then_range", "9110 §13.2.2", get("/ten.bin", "Range: bytes=0-4",
                                                             "If-Match: @ETAG(/ten.bin)@"), content_is(TEN[:5]),
           statuses=(206,)),
    Case("conditions_of_one_file_not_of_another", "9110 §13.1.2", (get("/ten.bin", f"If-None-Match: {OWN}"),),
         (Expected((200,), (content_is(TEN),)),)),
]

"""Folders without an index: the page, the JSON, and what must appear in neither (RFC 9110 §12)."""

from __future__ import annotations

import json

from .case import Level, Then, content_has, content_lacks, field, get, head, list_has, no_content, no_field, served

OURS, SHOULD = Level.OURS, Level.SHOULD
IS_HTML = field("Content-Type", r"(?i:text/html; ?charset=utf-8)")
IS_JSON = field("Content-Type", r"(?i:application/json(; ?charset=utf-8)?)")
NAMES = content_has(b"one.txt", b"two.bin", b"folder")


def parses(answer) -> str | None:
    try:
        json.loads(answer.content.decode("utf-8"))
    except ValueError as wrong:
        return f"no JSON: {wrong}"
    return None


def complete(answer) -> str | None:
    """Checks that every element that must be closed is closed, and that the page has a language and a title."""
    text = answer.content.lower()
    missing = [part for part in (b"<!doctype html>", b"<html", b"lang=", b"<title>", b"</title>", b"viewport",
                                 b"color-scheme") if part not in text]
    return f"page lacks {missing}" if missing else None


ACCEPT = [  # name, Accept, JSON?
    ("json", "application/json", True), ("html", "text/html", False), ("anything", "*/*", False),
    ("browser", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
    ("json_preferred", "text/html;q=0.5, application/json", True),
    ("html_preferred", "text/html, application/json;q=0.5", False),
    ("json_forbidden", "application/json;q=0, */*", False),
    ("json_upper_case", "APPLICATION/JSON", True), ("html_forbidden", "text/html;q=0, application/json", True),
    ("application_any", "application/*", True), ("text_any", "text/*", False),
    ("json_with_fallback", "application/json, */*;q=0.1", True), ("json_spaces", "application/json ; q=1", True),
    ("json_second_line", "application/json", True), ("empty", "", False),
    ("both_equal_json_specific", "application/json, */*;q=0.9", True),
]

CASES = [
    served("listing_page", "9110 §15.3.1", get("/list/"), IS_HTML, NAMES, level=OURS),
    served("listing_page_is_whole", "HTML §4", get("/list/"), complete, level=OURS),
    served("listing_page_loads_no_script", "HTML §4.12", get("/list/"), content_lacks(b"<script ", b"javascript:"),
           level=OURS),
    *[served(f"listing_accept_{name}", "9110 §12.5.1", get("/list/", f"Accept: {value}"),
             *((IS_JSON, parses) if is_json else (IS_HTML,)), NAMES, level=OURS) for name, value, is_json in ACCEPT],
    served("listing_accept_image_only", "9110 §12.5.1", get("/list/", "Accept: image/png"), statuses=(200, 406),
           level=SHOULD),
    served("listing_accept_nonsense", "9110 §12.5.1", get("/list/", "Accept: ;;/;q=,"), statuses=(200, 400, 406),
           then=Then.EITHER, level=SHOULD),
    served("listing_vary", "9110 §12.5.5", get("/list/"), list_has("Vary", "Accept"), level=OURS),
    served("listing_vary_json", "9110 §12.5.5", get("/list/", "Accept: application/json"), list_has("Vary", "Accept"),
           level=OURS),
    served("listing_nosniff", "Fetch §3.6", get("/list/"), field("X-Content-Type-Options", "nosniff"), level=OURS),
    served("listing_no_strong_promise", "9110 §8.8.3", get("/list/"), field("Cache-Control", "no-cache|no-store"),
           level=OURS),
    served("listing_hides_dotfiles", "9110 §17", get("/list/"), content_lacks(b".secret"), level=OURS),
    served("listing_json_hides_dotfiles", "9110 §17", get("/list/", "Accept: application/json"),
           content_lacks(b".secret"), level=OURS),
    served("listing_top_hides_dotfiles", "9110 §17", get("/"), content_lacks(b".git", b".hidden"), level=OURS),
    served("listing_of_nothing", "9110 §15.3.1", get("/nothing/here/"), IS_HTML, content_lacks(b".keep"), level=OURS),
    served("listing_of_nothing_json", "9110 §15.3.1", get("/nothing/here/", "Accept: application/json"), IS_JSON,
           parses, level=OURS),
    served("listing_head", "9110 §9.3.2", head("/list/"), no_content, IS_HTML, method="HEAD", level=OURS),
    served("listing_head_json", "9110 §9.3.2", head("/list/", "Accept: application/json"), no_content, IS_JSON,
           method="HEAD", level=OURS),
    served("listing_escapes", "HTML §13.1.2", get("/odd/"), content_lacks(b"<script>alert", b"<img src=x",
                                                                          b'href="javascript:', b"href='javascript:",
                                                                          b"href=javascript:", b"quote'\".txt\""),
           level=SHOULD),
    served("listing_has_no_control_octets", "HTML §13.1.4", get("/odd/"), content_lacks(b"\x01", b"\x7f"), level=OURS),
    served("listing_json_odd_names", "8259 §8.1", get("/odd/", "Accept: application/json"), IS_JSON, parses,
           level=OURS),
    served("listing_is_utf8", "HTML §13.1", get("/odd/"), lambda answer: None
           if answer.content.decode("utf-8", "replace").count("\ufffd") <= 8 else "not UTF-8", level=SHOULD),
    served("listing_query_does_not_echo", "9110 §17", get("/list/?%22%3E%3Cscript%3Ealert(1)%3C/script%3E"),
           content_lacks(b"<script>alert"), level=SHOULD),
    served("listing_query_raw_does_not_echo", "9110 §17", get('/list/?sort=">x'), content_lacks(b'">x'),
           statuses=(200, 400), then=Then.EITHER, level=SHOULD),
    *[served(f"listing_sort_{key}", "HTML §4", get(f"/list/?sort={key}"), IS_HTML, NAMES, level=OURS)
      for key in ("name", "size", "date", "nonsense", "")],
    served("listing_off", "9110 §15.5.4", get("/list/"), content_lacks(b"one.txt"), statuses=(403, 404), level=OURS,
           options=("--no-list",)),
    served("listing_off_json", "9110 §15.5.4", get("/list/", "Accept: application/json"), content_lacks(b"one.txt"),
           statuses=(403, 404), level=OURS, options=("--no-list",)),
    served("listing_off_still_index", "9110 §15.3.1", get("/site/"), level=OURS, options=("--no-list",)),
    served("listing_off_still_files", "9110 §15.3.1", get("/list/one.txt"), level=OURS, options=("--no-list",)),
    served("listing_no_content_encoding_unasked", "9110 §8.4", get("/odd/"), no_field("Content-Encoding"),
           level=SHOULD),
]

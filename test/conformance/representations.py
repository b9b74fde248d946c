"""Representation metadata: type, length, validators, date, and where folders lead (RFC 9110 §6.6, §8)."""

from __future__ import annotations

from .case import (Case, Expected, Level, Then, content_has, content_is, content_lacks, field, get, head, message,
                   no_content,
                   no_field, served)
from .content import BIG, HELLO, MODIFIED_IMF, SPA_PAGE, TYPES

OK = content_is(HELLO)
SHOULD, OURS = Level.SHOULD, Level.OURS
STRONG = r'"[\x21\x23-\x7e\x80-\xff]+"'
IMF = r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
MOVED = (301, 302, 307, 308)

FIELDS = [
    served("field_date", "9110 §6.6.1", get("/hello.txt"), field("Date", IMF)),
    served("field_date_of_missing", "9110 §6.6.1", get("/missing"), field("Date", IMF), statuses=(404,)),
    served("field_date_of_304", "9110 §6.6.1", get("/hello.txt", "If-None-Match: *"), field("Date", IMF),
           statuses=(304,)),
    served("field_content_length", "9110 §8.6", get("/hello.txt"), field("Content-Length", "14"), level=SHOULD),
    served("field_content_length_empty", "9110 §8.6", get("/empty.txt"), field("Content-Length", "0"), no_content,
           level=SHOULD),
    served("field_content_length_big", "9110 §8.6", get("/big.bin"), field("Content-Length", str(len(BIG))),
           content_is(BIG), level=SHOULD),
    served("field_etag_is_strong", "9110 §8.8.3", get("/hello.txt"), field("ETag", STRONG), level=OURS),
    served("field_etag_of_empty", "9110 §8.8.3", get("/empty.txt"), field("ETag", STRONG), level=OURS),
    served("field_etag_is_stable", "9110 §8.8.3", get("/hello.txt", "If-None-Match: @ETAG(/hello.txt)@"),
           field("ETag", STRONG), statuses=(304,), level=OURS),
    served("field_last_modified", "9110 §8.8.2", get("/hello.txt"), field("Last-Modified", MODIFIED_IMF), level=SHOULD),
    served("field_last_modified_is_cut_to_seconds", "9110 §8.8.2", get("/precise.txt"),
           field("Last-Modified", MODIFIED_IMF), level=SHOULD),
    served("field_last_modified_not_on_errors", "9110 §8.8.2", get("/missing"), no_field("Last-Modified"),
           no_field("ETag"), statuses=(404,), level=SHOULD),
    served("field_accept_ranges", "9110 §14.3", get("/hello.txt"), field("Accept-Ranges", "bytes"), level=OURS),
    served("field_nosniff", "Fetch §3.6", get("/hello.txt"), field("X-Content-Type-Options", "nosniff"), level=OURS),
    served("field_nosniff_of_missing", "Fetch §3.6", get("/missing"), field("X-Content-Type-Options", "nosniff"),
           statuses=(404,), level=OURS),
    served("field_cache_control", "9111 §5.2", get("/hello.txt"), field("Cache-Control", "no-cache"), level=OURS),
    served("field_no_cookie", "6265 §4.1", get("/hello.txt"), no_field("Set-Cookie"), level=SHOULD),
    served("field_no_cors", "Fetch §3.2", get("/hello.txt", "Origin: http://elsewhere"),
           no_field("Access-Control-Allow-Origin"), level=SHOULD),
    served("field_no_content_location", "9110 §8.7", get("/hello.txt"), no_field("Transfer-Encoding"), level=SHOULD),
    served("field_type_of_missing", "9110 §8.3", get("/missing"),
           field("Content-Type", r"text/(html|plain); ?charset=utf-8"), statuses=(404,), level=OURS),
    served("error_does_not_echo_target", "9110 §17", get("/missing/%3Cscript%3Ealert(1)%3C/script%3E"),
           content_lacks(b"<script>alert"), statuses=(404,)),
    served("error_does_not_echo_query", "9110 §17", get("/missing?%3Cscript%3Ex"), content_lacks(b"<script>x"),
           statuses=(404,)),
]

TYPED = [served(f"type_of_{name}", "9110 §8.3", get(f"/types/{name}"), field("Content-Type", f"(?i:{pattern})"),
                level=OURS)
         for name, pattern in TYPES.items()]

NOT_MODIFIED = [
    served("304_has_no_content", "9110 §15.4.5", get("/hello.txt", "If-None-Match: *"), no_content, statuses=(304,)),
    served("304_has_etag", "9110 §15.4.5", get("/hello.txt", "If-None-Match: *"), field("ETag", STRONG),
           statuses=(304,)),
    served("304_has_cache_control", "9110 §15.4.5", get("/hello.txt", "If-None-Match: *"), field("Cache-Control", ".+"),
           statuses=(304,), level=OURS),
    served("304_length_is_absent_or_the_files", "9110 §8.6", get("/hello.txt", "If-None-Match: *"),
           lambda answer: None if answer.fields("Content-Length") in ([], ["14"])
           else f"Content-Length {answer.fields('Content-Length')}", statuses=(304,)),
    served("304_for_folder_page", "9110 §15.4.5", get("/site/", "If-None-Match: @ETAG(/site/)@"), no_content,
           statuses=(304,), level=SHOULD),
    served("304_1_0", "9110 §15.4.5", message("GET /hello.txt HTTP/1.0", "If-None-Match: *"), no_content,
           statuses=(304,), then=Then.CLOSES),
]


def on_site(answer) -> str | None:
    """Checks that Location stays on the site: a path that begins with one slash only, or this same authority."""
    location = answer.field("Location") or ""
    inside = (location.startswith("/")
              and location[1:2] not in ("/", "\\")) or location.startswith("http://localhost/") or \
        (location and ":" not in location and not location.startswith(("/", "\\")))
    if inside and "\t" not in location and "\\" not in location[:3]:
        return None
    return f"Location {location!r} may lead off the site"


FOLDERS = [
    served("folder_redirect", "9110 §15.4.2", get("/sub"), field("Location", r"(http://localhost)?/sub/"), on_site,
           statuses=MOVED),
    served("folder_redirect_permanent", "9110 §15.4", get("/sub"), statuses=(301, 308), level=OURS),
    served("folder_redirect_is_no_absolute_uri", "9110 §10.2.2", get("/sub"), field("Location", r"/sub/"),
           statuses=MOVED, level=OURS),
    served("folder_redirect_keeps_query", "9110 §15.4.2", get("/sub?a=b&c"),
           field("Location", r"(http://localhost)?/sub/\?a=b&c"), statuses=MOVED, level=SHOULD),
    served("folder_redirect_deep", "9110 §15.4.2", get("/sub/deep"),
           field("Location", r"(http://localhost)?/sub/deep/"), statuses=MOVED),
    served("folder_redirect_encodes", "9110 §10.2.2", get("/trick/%252e%252e"),
           field("Location", r"(http://localhost)?/trick/%252[eE]%252[eE]/"), on_site,
           statuses=MOVED, level=SHOULD),
    served("folder_redirect_head", "9110 §15.4.2", head("/sub"), on_site, method="HEAD", statuses=MOVED),
    *[served(f"folder_redirect_stays_{name}", "9110 §17", get(target),
             lambda answer: on_site(answer) if answer.fields("Location") else None, statuses=(200, 400, 404, *MOVED),
             then=Then.EITHER)
      for name, target in (("double_slash", "//sub"), ("double_slash_host", "//evil.example/sub"),
                           ("double_slash_dots", "//evil.example/%2e%2e/sub"),
                           ("double_slash_up", "//evil.example/../sub"), ("triple_slash", "///sub"),
                           ("backslash", "/\\evil.example/../sub"),
                           ("encoded_backslash", "/%5cevil.example/%2e%2e/sub"),
                           ("encoded_slash", "/%2fevil.example/../sub"), ("encoded_double", "/%2f%2fsub"),
                           ("slash_dot_slash", "/.//sub"), ("dot_dot_double", "/x/..//sub"),
                           ("sub_double_up", "//sub/..//sub"), ("tab", "/%09/evil.example/%2e%2e/%2e%2e/sub"),
                           ("double_slash_top", "//evil.example/%2e%2e"), ("crlf", "/sub%0d%0aX-Injected:%20yes"),
                           ("query_slashes", "/sub?//evil.example"),
                           ("backslashes", "/\\\\sub"), ("at", "//localhost@evil.example/%2e%2e/sub"))],
    served("folder_redirect_no_injection", "9110 §17", get("/sub%0d%0aX-Injected:%20yes"), no_field("X-Injected"),
           statuses=(400, 404, *MOVED), then=Then.EITHER),
    served("folder_redirect_query_no_injection", "9110 §17", get("/sub?%0d%0aX-Injected:%20yes"),
           no_field("X-Injected"), statuses=MOVED),
    served("folder_redirect_other_host", "9110 §15.4.2", message("GET /sub HTTP/1.1", "Host: evil.example"),
           lambda answer: None if (answer.field("Location") or "") in ("/sub/", "http://evil.example/sub/", "sub/")
           else f"Location {answer.field('Location')!r}", statuses=MOVED),
    served("folder_index", "9110 §15.3.1", get("/site/"), content_is(SPA_PAGE),
           field("Content-Type", r"(?i:text/html; ?charset=utf-8)"), level=OURS),
    served("folder_index_named", "9110 §15.3.1", get("/site/index.html"), content_is(SPA_PAGE),
           statuses=(200, 301, 308), level=SHOULD),
    served("folder_index_query", "9110 §15.3.1", get("/site/?x"), content_is(SPA_PAGE)),
    served("folder_top", "9110 §15.3.1", get("/"), content_has(b"hello.txt"), level=OURS),
    served("file_with_trailing_slash", "9110 §15.5.5", get("/hello.txt/"), content_lacks(HELLO), statuses=(404, *MOVED),
           level=SHOULD),
    served("file_with_trailing_slash_is_404", "9110 §15.5.5", get("/hello.txt/"), statuses=(404,), level=OURS),
    served("file_with_path_behind", "9110 §15.5.5", get("/hello.txt/more"), statuses=(404,), level=SHOULD),
    served("file_name_is_case_sensitive", "9110 §4.2.3", get("/Hello.txt"), statuses=(404,)),
    served("file_name_other_case", "9110 §4.2.3", get("/CASE.TXT"), statuses=(404,)),
    served("file_with_no_extension_guessing", "9110 §15.5.5", get("/hello"), statuses=(404,), level=OURS),
    Case("representation_same_twice", "9110 §9.2.2", (get("/big.bin") + get("/big.bin"),),
         (Expected((200,), (content_is(BIG),)), Expected((200,), (content_is(BIG),)))),
    served("vary_of_incompressible", "9110 §12.5.5", get("/types/image.png", "Accept-Encoding: gzip, br, zstd"),
           no_field("Content-Encoding"), level=OURS),
    served("custom_404_page", "9110 §15.5.5", get("/missing"), content_has(b"Our own page"),
           field("Content-Type", r"(?i:text/html; ?charset=utf-8)"), statuses=(404,),
           level=OURS, root="custom"),
    served("custom_404_page_deep", "9110 §15.5.5", get("/no/such/folder/"), content_has(b"Our own page"),
           statuses=(404,), level=OURS, root="custom"),
    served("custom_404_page_head", "9110 §9.3.2", head("/missing"), no_content, method="HEAD", statuses=(404,),
           root="custom"),
    served("custom_404_page_not_for_conditions", "9110 §13.2.1", get("/missing", "If-None-Match: *"),
           content_has(b"Our own page"), statuses=(404,), level=OURS, root="custom"),
    served("custom_404_page_not_in_ranges", "9110 §14.2", get("/missing", "Range: bytes=0-1"),
           content_has(b"Our own page"), statuses=(404,), level=OURS, root="custom"),
    served("custom_root_index", "9110 §15.3.1", get("/"), content_is(SPA_PAGE), root="custom"),
]

CASES = FIELDS + TYPED + NOT_MODIFIED + FOLDERS

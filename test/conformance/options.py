"""Features that the command line enables: --auth, --cors, --cache, --spa, --hidden.

RFC 7617; RFC 9110 §11; RFC 9111; Fetch.
"""

from __future__ import annotations

from base64 import b64encode

from .case import (Case, Expected, Level, Then, content_is, content_lacks, field, get, head, list_has, message, no_content,
                   no_field, request, served)
from .content import HELLO, SPA_PAGE

OK = content_is(HELLO)
OURS = Level.OURS
# User "ada", password "open:sesame", hashed with three of libxcrypt's methods.
SHA512 = ("$6$rounds=1000$porticosalt$"
          "9IW48GYknhU6sja4bolgjYJlUv5c0DYlj1jMBehHb0HR2kKFkGYBNcLvIfg4NwfR9KWSF6LrYRXL4qaGutIH./")
BCRYPT = "$2b$04$EZ.tDCatoKOoGHyWB3JV2edqcqMdi3N5T7xK8mNmxMpYMIDSZd6zO"
YESCRYPT = "$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/$JoU1HJQ/mKjEOMwYfxzTOd1U/AFxuGfOnyAng6rNIZ0"
AUTH = ("--auth", f"ada:{SHA512}")
CHALLENGE = field("WWW-Authenticate", r'(?i:basic) realm="[^"]*"(, ?charset="(?i:utf-8)")?')
CORS, SPA, CACHE, HIDDEN = ("--cors",), ("--spa",), ("--cache", "3600"), ("--hidden",)


def basic(credentials: str | bytes, scheme: str = "Basic") -> str:
    raw = credentials if isinstance(credentials, bytes) else credentials.encode()
    return f"Authorization: {scheme} {b64encode(raw).decode()}"


RIGHT = basic("ada:open:sesame")
REFUSED = [  # name, field line; each is answered with 401 and a challenge
    ("wrong_password", basic("ada:wrong")), ("empty_password", basic("ada:")), ("wrong_user", basic("bob:open:sesame")),
    ("user_upper_case", basic("ADA:open:sesame")), ("empty_user", basic(":open:sesame")),
    ("no_colon", basic("ada")), ("empty", "Authorization:"), ("scheme_alone", "Authorization: Basic"),
    ("scheme_alone_space", "Authorization: Basic "), ("bearer", "Authorization: Bearer abc"),
    ("digest", 'Authorization: Digest username="ada"'),
    ("password_cut", basic("ada:open:sesam")), ("password_longer", basic("ada:open:sesame ")),
    ("password_nul", basic(b"ada:open:sesame\0")), ("password_nul_tail", basic(b"ada:open:sesame\0x")),
    ("not_base64", "Authorization: Basic !!!!"),
    ("bad_length", "Authorization: Basic YQ="), ("hash_as_password", basic(f"ada:{SHA512}")),
    ("very_long", basic("ada:" + "x" * 3000)), ("binary", basic(bytes(range(256)))),
    ("plain", "Authorization: ada:open:sesame"),
    ("proxy_field", RIGHT.replace("Authorization", "Proxy-Authorization")), ("newline", basic("ada:open:sesame\n")),
]

AUTHENTICATED = [
    served("auth_none", "9110 §11.6.1", get("/hello.txt"), CHALLENGE, content_lacks(HELLO), statuses=(401,),
           options=AUTH, level=OURS),
    served("auth_right", "7617 §2", get("/hello.txt", RIGHT), OK, options=AUTH, level=OURS),
    served("auth_right_twice", "7617 §2", get("/hello.txt", RIGHT), OK, options=AUTH, level=OURS),
    served("auth_scheme_lower_case", "9110 §11.1", get("/hello.txt", basic("ada:open:sesame", "basic")), OK,
           options=AUTH, level=OURS),
    served("auth_scheme_upper_case", "9110 §11.1", get("/hello.txt", basic("ada:open:sesame", "BASIC")), OK,
           options=AUTH, level=OURS),
    *[served(f"auth_refused_{name}", "9110 §11.6.2", get("/hello.txt", line), CHALLENGE, content_lacks(HELLO),
             statuses=(401,), options=AUTH, level=OURS) for name, line in REFUSED],
    served("auth_two_lines_wrong_first", "9110 §11.6.2", get("/hello.txt", basic("ada:wrong"), RIGHT),
           content_lacks(HELLO), statuses=(400, 401), options=AUTH, then=Then.EITHER, level=OURS),
    served("auth_two_lines_wrong_last", "9110 §11.6.2", get("/hello.txt", RIGHT, basic("ada:wrong")),
           statuses=(200, 400, 401), options=AUTH, then=Then.EITHER, level=OURS),
    served("auth_head", "9110 §11.6.1", head("/hello.txt"), CHALLENGE, no_content, method="HEAD", statuses=(401,),
           options=AUTH, level=OURS),
    served("auth_missing_tells_nothing", "9110 §11.6.1", get("/missing"), CHALLENGE, statuses=(401,), options=AUTH,
           level=OURS),
    served("auth_folder", "9110 §11.6.1", get("/list/"), content_lacks(b"one.txt"), statuses=(401,), options=AUTH,
           level=OURS),
    served("auth_redirect_tells_nothing", "9110 §11.6.1", get("/sub"), no_field("Location"), statuses=(401,),
           options=AUTH, level=OURS),
    served("auth_before_conditions", "9110 §13.2.1", get("/hello.txt", "If-None-Match: *"), statuses=(401,),
           options=AUTH, level=OURS),
    served("auth_before_range", "9110 §14.2", get("/hello.txt", "Range: bytes=0-1"), statuses=(401,), options=AUTH,
           level=OURS),
    served("auth_right_then_missing", "7617 §2", get("/missing", RIGHT), statuses=(404,), options=AUTH, level=OURS),
    served("auth_post", "9110 §11.6.1", request("POST", "/hello.txt", "Content-Length: 0"), statuses=(401, 405),
           options=AUTH, then=Then.EITHER, level=OURS),
    served("auth_not_cacheable", "9111 §3.5", get("/hello.txt"), no_field("ETag"), no_field("Last-Modified"),
           statuses=(401,), options=AUTH, level=OURS),
    Case("auth_does_not_last", "7617 §2", (get("/hello.txt", RIGHT) + get("/hello.txt"),),
         (Expected((200,), (OK,)), Expected((401,), (CHALLENGE,))), options=AUTH, level=OURS),
    Case("auth_can_be_tried_again", "7617 §2", (get("/hello.txt", basic("ada:wrong")) + get("/hello.txt", RIGHT),),
         (Expected((401,)), Expected((200,), (OK,))), options=AUTH, level=OURS),
    *[served(f"auth_{name}", "7617 §2", get("/hello.txt", RIGHT), OK, options=("--auth", f"ada:{password_hash}"),
             level=OURS) for name, password_hash in (("bcrypt", BCRYPT), ("yescrypt", YESCRYPT))],
    *[served(f"auth_{name}_wrong", "7617 §2", get("/hello.txt", basic("ada:wrong")), statuses=(401,),
             options=("--auth", f"ada:{password_hash}"), level=OURS)
      for name, password_hash in (("bcrypt", BCRYPT), ("yescrypt", YESCRYPT))],
]

ORIGIN = "Origin: https://elsewhere.example"
ANYWHERE = field("Access-Control-Allow-Origin", r"\*")
OPENED = [
    served("cors_get", "Fetch §3.2", get("/hello.txt", ORIGIN), ANYWHERE, OK, options=CORS, level=OURS),
    served("cors_get_without_origin", "Fetch §3.2", get("/hello.txt"), OK, options=CORS, level=OURS),
    served("cors_head", "Fetch §3.2", head("/hello.txt", ORIGIN), ANYWHERE, method="HEAD", options=CORS, level=OURS),
    served("cors_missing", "Fetch §3.2", get("/missing", ORIGIN), ANYWHERE, statuses=(404,), options=CORS, level=OURS),
    served("cors_not_modified", "Fetch §3.2", get("/hello.txt", ORIGIN, "If-None-Match: *"), ANYWHERE, statuses=(304,),
           options=CORS, level=OURS),
    served("cors_partial", "Fetch §3.2", get("/hello.txt", ORIGIN, "Range: bytes=0-1"), ANYWHERE, statuses=(206,),
           options=CORS, level=OURS),
    served("cors_listing", "Fetch §3.2", get("/list/", ORIGIN), ANYWHERE, options=CORS, level=OURS),
    served("cors_null_origin", "Fetch §3.2", get("/hello.txt", "Origin: null"), ANYWHERE, options=CORS, level=OURS),
    served("cors_never_with_credentials", "Fetch §3.2.5", get("/hello.txt", ORIGIN),
           no_field("Access-Control-Allow-Credentials"), options=CORS, level=OURS),
    served("cors_preflight", "Fetch §3.2.2", request("OPTIONS", "/hello.txt", ORIGIN,
                                                     "Access-Control-Request-Method: GET"), ANYWHERE,
           list_has("Access-Control-Allow-Methods", "GET"), statuses=(200, 204), options=CORS, level=OURS),
    served("cors_preflight_fields", "Fetch §3.2.2", request("OPTIONS", "/hello.txt", ORIGIN,
                                                            "Access-Control-Request-Method: GET",
                                                            "Access-Control-Request-Headers: range, x-thing"), ANYWHERE,
           field("Access-Control-Allow-Headers", r"(?i:\*(,.*)?|.*range.*)"), statuses=(200, 204), options=CORS,
           level=OURS),
    served("cors_preflight_missing", "Fetch §3.2.2", request("OPTIONS", "/missing", ORIGIN,
                                                             "Access-Control-Request-Method: GET"), ANYWHERE,
           statuses=(200, 204, 404), options=CORS, level=OURS),
    served("cors_off_preflight", "Fetch §3.2.2", request("OPTIONS", "/hello.txt", ORIGIN,
                                                         "Access-Control-Request-Method: GET"),
           no_field("Access-Control-Allow-Origin"), statuses=(200, 204, 405), level=OURS),
]

MAX_AGE = list_has("Cache-Control", "max-age=3600")
CACHED = [
    served("cache_file", "9111 §5.2.2.1", get("/hello.txt"), MAX_AGE, options=CACHE, level=OURS),
    served("cache_head", "9111 §5.2.2.1", head("/hello.txt"), MAX_AGE, method="HEAD", options=CACHE, level=OURS),
    served("cache_not_modified", "9110 §15.4.5", get("/hello.txt", "If-None-Match: *"), MAX_AGE, statuses=(304,),
           options=CACHE, level=OURS),
    served("cache_partial", "9110 §15.3.7", get("/hello.txt", "Range: bytes=0-1"), MAX_AGE, statuses=(206,),
           options=CACHE, level=OURS),
    served("cache_not_for_missing", "9111 §4.2.2", get("/missing"), lambda answer: "max-age"
           if any("max-age=3600" in one for one in answer.fields("Cache-Control")) else None,
           statuses=(404,), options=CACHE, level=OURS),
    served("cache_default", "9111 §5.2.2.4", get("/hello.txt"), list_has("Cache-Control", "no-cache"), level=OURS),
]

SINGLE_PAGE = [
    served("spa_route", "9110 §15.3.1", get("/some/route"), content_is(SPA_PAGE),
           field("Content-Type", r"(?i:text/html; ?charset=utf-8)"), options=SPA, level=OURS, root="spa"),
    served("spa_route_with_query", "9110 §15.3.1", get("/some/route?a=b"), content_is(SPA_PAGE), options=SPA,
           level=OURS, root="spa"),
    served("spa_top", "9110 §15.3.1", get("/"), content_is(SPA_PAGE), options=SPA, level=OURS, root="spa"),
    served("spa_existing_file", "9110 §15.3.1", get("/app.js"), content_is(b"start()\n"), options=SPA, level=OURS,
           root="spa"),
    served("spa_head", "9110 §9.3.2", head("/some/route"), no_content, field("Content-Length", str(len(SPA_PAGE))),
           method="HEAD", options=SPA, level=OURS, root="spa"),
    served("spa_post", "9110 §15.5.6", request("POST", "/some/route", "Content-Length: 0"), statuses=(405,),
           then=Then.EITHER, options=SPA, level=OURS, root="spa"),
    served("spa_climbing", "9110 §17", get("/../../etc/passwd"), content_lacks(b"root:"), statuses=(200, 400, 404),
           then=Then.EITHER, options=SPA, level=OURS, root="spa"),
    served("spa_not_modified", "9110 §13.1.2", get("/some/route", "If-None-Match: @ETAG(/some/route)@"), no_content,
           statuses=(304,), options=SPA, level=OURS, root="spa"),
]

SHOWN = [
    served("hidden_shown", "9110 §15.3.1", get("/.hidden"), content_is(b"hidden\n"), options=HIDDEN, level=OURS),
    served("hidden_folder_shown", "9110 §15.3.1", get("/.git/config"), content_is(b"hidden config\n"), options=HIDDEN,
           level=OURS),
    served("hidden_never_climbs", "9110 §17", message("GET /../outside/secret.txt HTTP/1.1", "Host: a"),
           content_lacks(b"SECRET"), statuses=(400, 403, 404), then=Then.EITHER, options=HIDDEN, level=OURS),
]

FRAMES = ("--header", "X-Frame-Options: DENY", "--header", "Cache-Control: no-store", "--header", "Vary: Cookie")
DENIED = field("X-Frame-Options", "DENY")
NAMED = [
    served("header_file", "9110 §6.3", get("/hello.txt"), DENIED, field("Cache-Control", "no-store"),
           list_has("Vary", "Cookie"), OK, options=FRAMES, level=OURS),
    served("header_not_modified", "9110 §15.4.5", get("/hello.txt", "If-None-Match: *"), DENIED, statuses=(304,),
           options=FRAMES, level=OURS),
    served("header_missing", "9110 §6.3", get("/missing"), DENIED, statuses=(404,), options=FRAMES, level=OURS),
    served("header_refused_method", "9110 §6.3", request("DELETE", "/hello.txt"), DENIED, statuses=(405,),
           options=FRAMES, level=OURS),
    served("clean_page", "9110 §15.3.1", get("/types/page"), content_is(b"<!-- some octets -->\n"),
           field("Content-Type", r"text/html; ?charset=utf-8"), level=OURS),
    served("clean_page_off", "9110 §15.5.5", get("/types/page"), statuses=(404,), options=("--no-clean-urls",),
           level=OURS),
]

CASES = NAMED + AUTHENTICATED + OPENED + CACHED + SINGLE_PAGE + SHOWN

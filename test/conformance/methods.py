"""Methods on files, folders, missing files, and the server as a whole (RFC 9110 §9)."""

from __future__ import annotations

from .case import (HOST, Case, Expected, Level, Then, content_has, content_is, content_lacks, field, get, head,
                   list_has, message,
                   no_content, no_field, refused, request, served)
from .content import HELLO

OK = content_is(HELLO)
SHOULD, OURS = Level.SHOULD, Level.OURS
EITHER = Then.EITHER
READS = list_has("Allow", "GET", "HEAD")

ON_FILES = [
    served("method_get", "9110 §9.3.1", get("/hello.txt"), OK),
    served("method_head", "9110 §9.3.2", head("/hello.txt"), no_content, field("Content-Length", str(len(HELLO))),
           method="HEAD"),
    served("method_options_file", "9110 §9.3.7", request("OPTIONS", "/hello.txt"), READS, statuses=(200, 204),
           level=OURS),
    served("method_options_folder", "9110 §9.3.7", request("OPTIONS", "/sub/"), READS, statuses=(200, 204), level=OURS),
    served("method_options_server", "9110 §9.3.7", request("OPTIONS", "*"), statuses=(200, 204), level=SHOULD),
    served("method_options_server_allow", "9110 §9.3.7", request("OPTIONS", "*"), READS, statuses=(200, 204),
           level=OURS),
    served("method_options_missing", "9110 §9.3.7", request("OPTIONS", "/missing"), statuses=(200, 204, 404, 405),
           level=SHOULD),
    served("method_options_absolute", "9112 §3.2.4", message("OPTIONS http://localhost HTTP/1.1", HOST),
           statuses=(200, 204, 405), level=SHOULD),
    served("method_options_max_forwards", "9110 §7.6.2", request("OPTIONS", "*", "Max-Forwards: 0"),
           statuses=(200, 204), level=SHOULD),
    *[served(f"method_{method.lower()}_on_file", "9110 §15.5.6", request(method, "/hello.txt", *lines), READS,
             statuses=(405,), then=EITHER, level=SHOULD)
      for method, lines in (("POST", ("Content-Length: 0",)), ("PUT", ("Content-Length: 0",)), ("DELETE", ()),
                            ("PATCH", ("Content-Length: 0",)))],
    *[served(f"method_{method.lower()}_on_folder", "9110 §15.5.6", request(method, "/sub/", "Content-Length: 0"), READS,
             statuses=(405,), then=EITHER,
             level=SHOULD) for method in ("POST", "PUT", "DELETE", "PATCH")],
    *[served(f"method_{method.lower()}_on_missing", "9110 §15.5.6", request(method, "/missing", "Content-Length: 0"),
             statuses=(404, 405), then=EITHER,
             level=SHOULD) for method in ("POST", "PUT", "DELETE", "PATCH")],
    *[served(f"method_{method.lower()}_with_content", "9110 §15.5.6",
             request(method, "/hello.txt", "Content-Length: 9", content="not taken"), READS,
             statuses=(405,), then=EITHER, level=SHOULD) for method in ("POST", "PUT", "DELETE", "PATCH")],
    Case("method_put_changes_nothing", "9110 §9.3.4", (request("PUT", "/hello.txt", "Content-Length: 4", content="new!")
                                                       + get("/hello.txt"),),
         (Expected((405,)), Expected((200,), (OK,))), level=OURS),
    Case("method_delete_changes_nothing", "9110 §9.3.5", (request("DELETE", "/hello.txt") + get("/hello.txt"),),
         (Expected((405,)), Expected((200,), (OK,))), level=OURS),
    served("method_post_form", "9110 §15.5.6", request("POST", "/hello.txt",
                                                       "Content-Type: application/x-www-form-urlencoded",
                                                       "Content-Length: 3",
                                                       content="a=b"), READS, statuses=(405,), then=EITHER,
           level=SHOULD),
    served("method_post_override_ignored", "9110 §9.1", get("/hello.txt", "X-HTTP-Method-Override: DELETE"), OK),
]

TRACED = content_lacks(b"hunter2", b"X-Secret")
OTHERS = [
    served("method_trace", "9110 §9.3.8", request("TRACE", "/hello.txt", "X-Secret: hunter2"), TRACED,
           statuses=(405, 501), then=EITHER, level=SHOULD),
    served("method_trace_server", "9110 §9.3.8", request("TRACE", "*", "X-Secret: hunter2"), TRACED,
           statuses=(400, 405, 501), then=EITHER, level=SHOULD),
    served("method_trace_is_405", "9110 §15.5.6", request("TRACE", "/hello.txt"), statuses=(405,), then=EITHER,
           level=OURS),
    served("method_track", "9110 §9.1", request("TRACK", "/hello.txt", "X-Secret: hunter2"), TRACED,
           statuses=(405, 501), then=EITHER, level=SHOULD),
    refused("method_connect_authority", "9110 §9.3.6", message("CONNECT localhost:80 HTTP/1.1", "Host: localhost:80"),
            (400, 405, 501), then=EITHER),
    refused("method_connect_elsewhere", "9110 §9.3.6", message("CONNECT example.com:443 HTTP/1.1",
                                                               "Host: example.com:443"), (400, 405, 501), then=EITHER),
    refused("method_connect_path", "9112 §3.2.3", request("CONNECT", "/hello.txt"), (400, 405, 501), then=EITHER),
    refused("method_connect_without_port", "9110 §9.3.6", message("CONNECT localhost HTTP/1.1", HOST), (400, 405, 501),
            then=EITHER),
    refused("method_connect_then_smuggled", "9110 §9.3.6", message("CONNECT localhost:80 HTTP/1.1",
                                                                   "Host: localhost:80"), (400, 405, 501), then=EITHER),
    *[served(f"method_unknown_{name}", "9110 §9.1", request(token, "/hello.txt"), statuses=(501, 405), then=EITHER,
             level=SHOULD)
      for name, token in (("word", "FROBNICATE"), ("propfind", "PROPFIND"), ("mkcol", "MKCOL"), ("move", "MOVE"),
                          ("lock", "LOCK"), ("search", "SEARCH"),
                          ("purge", "PURGE"), ("query", "QUERY"), ("one_letter", "G"), ("getx", "GETX"),
                          ("xget", "XGET"), ("token_characters", "!#$%&'*+-.^_`|~09"),
                          ("digits", "123"))],
    *[served(f"method_unknown_is_501_{name}", "9110 §15.6.2", request(token, "/hello.txt"), statuses=(501,),
             then=EITHER, level=OURS)
      for name, token in (("word", "FROBNICATE"), ("propfind", "PROPFIND"), ("lower_case", "get"), ("long", "M" * 40))],
    *[served(f"method_case_{name}", "9110 §9.1", request(token, "/hello.txt"), content_lacks(HELLO),
             statuses=(400, 405, 501), then=EITHER)
      for name, token in (("lower", "get"), ("mixed", "Get"), ("lower_head", "head"), ("lower_options", "options"),
                          ("lower_post", "post"))],
    served("method_unknown_with_content", "9110 §9.1", request("FROBNICATE", "/hello.txt", "Content-Length: 5",
                                                               content="hello"), statuses=(501, 405), then=EITHER,
           level=SHOULD),
    served("method_unknown_server", "9112 §3.2.4", request("FROBNICATE", "*"), statuses=(400, 405, 501), then=EITHER,
           level=SHOULD),
]

HEADS = [
    served("head_missing", "9110 §9.3.2", head("/missing"), no_content, method="HEAD", statuses=(404,)),
    served("head_folder", "9110 §9.3.2", head("/list/"), no_content,
           field("Content-Type", r"text/html; ?charset=utf-8"), method="HEAD", level=SHOULD),
    served("head_redirect", "9110 §9.3.2", head("/sub"), no_content, field("Location", r".*/sub/"), method="HEAD",
           statuses=(301, 302, 307, 308)),
    served("head_not_modified", "9110 §13.1.2", head("/hello.txt", "If-None-Match: *"), no_content, method="HEAD",
           statuses=(304,)),
    served("head_empty_file", "9110 §9.3.2", head("/empty.txt"), field("Content-Length", "0"), method="HEAD"),
    served("head_big_file", "9110 §9.3.2", head("/big.bin"), field("Content-Length", str(16 * 196_608)), method="HEAD"),
    served("head_no_transfer_encoding_with_length", "9112 §6.1", head("/hello.txt"), no_field("Transfer-Encoding"),
           method="HEAD"),
    refused("head_bad_request", "9110 §9.3.2", message("HEAD /hello.txt HTTP/1.1", HOST, "X : y"), (400,),
            method="HEAD"),
    served("head_1_0", "9110 §9.3.2", message("HEAD /hello.txt HTTP/1.0"), no_content, method="HEAD", then=Then.CLOSES),
    served("error_page_has_content", "9110 §15.5", get("/missing"), content_has(b"404"), statuses=(404,), level=OURS),
]

CASES = ON_FILES + OTHERS + HEADS

"""How long a connection lasts: persistence, pipelining, Expect, half-close, closing.

RFC 9112 §9; RFC 9110 §10.1.1.
"""

from __future__ import annotations

from .case import (HOST, Case, Expected, Level, Pause, Then, content_is, get, head, list_has, list_lacks, message,
                   no_content,
                   refused, request, served)
from .content import BIG, HELLO

OK, SUB = content_is(HELLO), content_is(b"file in sub\n")
SHOULD, OURS = Level.SHOULD, Level.OURS
SAYS_CLOSE = list_has("Connection", "close")
CLOSES = Then.CLOSES


def old(*lines: str) -> bytes:
    return message("GET /hello.txt HTTP/1.0", *lines)


def pipeline(*answers: tuple) -> tuple[Expected, ...]:
    return tuple(Expected(*answer) for answer in answers)


PERSISTENCE = [
    served("persist_1_1", "9112 §9.3", get("/hello.txt"), OK, list_lacks("Connection", "close")),
    served("persist_1_1_close", "9112 §9.6", get("/hello.txt", "Connection: close"), OK, SAYS_CLOSE, then=CLOSES),
    served("persist_1_1_close_upper_case", "9110 §7.6.1", get("/hello.txt", "CONNECTION: CLOSE"), OK, SAYS_CLOSE,
           then=CLOSES),
    served("persist_1_1_close_in_list", "9110 §7.6.1", get("/hello.txt", "Connection: x, close , y"), OK, SAYS_CLOSE,
           then=CLOSES),
    served("persist_1_1_close_on_second_line", "9110 §5.3", get("/hello.txt", "Connection: x", "Connection: close"), OK,
           then=CLOSES),
    served("persist_1_1_close_beats_keep_alive", "9112 §9.3", get("/hello.txt", "Connection: keep-alive, close"), OK,
           then=CLOSES),
    served("persist_1_1_keep_alive", "9112 §9.3", get("/hello.txt", "Connection: keep-alive"), OK),
    served("persist_1_1_closed_is_not_close", "9110 §7.6.1", get("/hello.txt", "Connection: closed, xclose"), OK,
           level=SHOULD),
    served("persist_1_1_empty_connection", "9110 §5.6.1", get("/hello.txt", "Connection:"), OK),
    served("persist_1_1_proxy_connection_ignored", "9112 §C.2.2", get("/hello.txt", "Proxy-Connection: close"), OK,
           level=SHOULD),
    served("persist_1_0_closes", "9112 §9.3", old(HOST), OK, then=CLOSES),
    served("persist_1_0_keep_alive", "9112 §9.3", old(HOST, "Connection: keep-alive"), OK,
           list_has("Connection", "keep-alive"), level=SHOULD),
    served("persist_1_0_keep_alive_any_case", "9112 §9.3", old(HOST, "connection: Keep-Alive"), OK,
           list_has("Connection", "keep-alive"), level=SHOULD),
    served("persist_1_0_keep_alive_and_close", "9112 §9.3", old(HOST, "Connection: keep-alive, close"), OK,
           then=CLOSES),
    served("persist_1_0_proxy_keep_alive_ignored", "9112 §C.2.2", old(HOST, "Proxy-Connection: keep-alive"), OK,
           then=CLOSES),
    served("persist_1_0_keep_alive_without_host", "9112 §9.3", old("Connection: keep-alive"), OK, level=SHOULD),
    served("persist_after_404", "9112 §9.3", get("/missing"), statuses=(404,)),
    served("persist_after_304", "9112 §9.3", get("/hello.txt", "If-None-Match: *"), no_content, statuses=(304,)),
    served("persist_after_head", "9112 §9.3", head("/hello.txt"), method="HEAD"),
    served("persist_after_redirect", "9112 §9.3", get("/sub"), statuses=(301, 302, 307, 308)),
    served("persist_after_416", "9112 §9.3", get("/ten.bin", "Range: bytes=20-"), statuses=(416,)),
    served("persist_after_412", "9112 §9.3", get("/hello.txt", 'If-Match: "other"'), statuses=(412,), level=SHOULD),
    served("persist_after_big", "9112 §9.3", get("/big.bin"), content_is(BIG)),
    served("persist_after_empty", "9112 §9.3", get("/empty.txt"), no_content),
    served("persist_after_405", "9112 §9.3", request("DELETE", "/hello.txt"), statuses=(405,), then=Then.EITHER),
    served("persist_head_close", "9112 §9.6", head("/hello.txt", "Connection: close"), SAYS_CLOSE, method="HEAD",
           then=CLOSES),
    served("persist_missing_close", "9112 §9.6", get("/missing", "Connection: close"), SAYS_CLOSE, statuses=(404,),
           then=CLOSES),
]

PIPELINING = [
    Case("pipeline_two", "9112 §9.3.2", (get("/hello.txt") + get("/sub/file.txt"),),
         pipeline(((200,), (OK,)), ((200,), (SUB,)))),
    Case("pipeline_ten_in_order", "9112 §9.3.2", ((get("/hello.txt") + get("/sub/file.txt")) * 5,),
         pipeline(*[((200,), (OK,)), ((200,), (SUB,))] * 5)),
    Case("pipeline_a_hundred", "9112 §9.3.2", (get("/hello.txt") * 99 + get("/sub/file.txt"),),
         pipeline(*[((200,), (OK,))] * 99, ((200,), (SUB,)))),
    Case("pipeline_a_thousand_and_fin", "9112 §9.3.2", (get("/hello.txt") * 1000 + get("/sub/file.txt"),
                                                        Pause.HALF_CLOSE),
         pipeline(*[((200,), (OK,))] * 1000, ((200,), (SUB,))), CLOSES, level=SHOULD),
    Case("pipeline_ten_and_fin", "9112 §9.3.2", (get("/hello.txt") * 9 + get("/sub/file.txt"), Pause.HALF_CLOSE),
         pipeline(*[((200,), (OK,))] * 9, ((200,), (SUB,))), CLOSES, level=SHOULD),
    Case("pipeline_mixed", "9112 §9.3.2",
         (head("/hello.txt") + get("/missing") + get("/sub/file.txt") + get("/hello.txt", "If-None-Match: *")
          + get("/hello.txt"),),
         (Expected((200,), (no_content,), "HEAD"), Expected((404,)), Expected((200,), (SUB,)),
          Expected((304,), (no_content,)),
          Expected((200,), (OK,)))),
    Case("pipeline_with_content", "9112 §9.3.2",
         (get("/hello.txt", "Content-Length: 5", content="hello") + get("/sub/file.txt", "Transfer-Encoding: chunked",
                                                                         content="3\r\nabc\r\n0\r\n\r\n")
          + get("/hello.txt"),),
         pipeline(((200,), (OK,)), ((200,), (SUB,)), ((200,), (OK,)))),
    Case("pipeline_content_with_head", "9112 §9.3.2",
         (request("HEAD", "/hello.txt", "Content-Length: 5", content="hello") + get("/sub/file.txt"),),
         (Expected((200,), (no_content,), "HEAD"), Expected((200,), (SUB,)))),
    Case("pipeline_big_first", "9112 §9.3.2", (get("/big.bin") + get("/hello.txt"),),
         pipeline(((200,), (content_is(BIG),)), ((200,), (OK,)))),
    Case("pipeline_big_three_times", "9112 §9.3.2", (get("/big.bin") * 3,),
         pipeline(*[((200,), (content_is(BIG),))] * 3)),
    Case("pipeline_ends_at_close", "9112 §9.6", (get("/hello.txt", "Connection: close") + get("/smuggled.txt"),),
         pipeline(((200,), (OK,))), CLOSES),
    Case("pipeline_ends_at_1_0", "9112 §9.3", (old(HOST) + get("/smuggled.txt"),), pipeline(((200,), (OK,))), CLOSES),
    Case("pipeline_1_0_keep_alive", "9112 §9.3", (old(HOST, "Connection: keep-alive") * 2 + get("/sub/file.txt"),),
         pipeline(((200,), (OK,)), ((200,), (OK,)), ((200,), (SUB,))), level=SHOULD),
    Case("pipeline_ends_at_error", "9112 §9.6", (get("/hello.txt") + b"nonsense\r\n\r\n" + get("/smuggled.txt"),),
         pipeline(((200,), (OK,)), ((400,), (SAYS_CLOSE,))), CLOSES),
    Case("pipeline_ends_at_first_error", "9112 §9.6", (b"nonsense\r\n\r\n" + get("/smuggled.txt"),),
         pipeline(((400,), (SAYS_CLOSE,))), CLOSES),
    Case("pipeline_ends_at_host_error", "9112 §9.6", (message("GET /hello.txt HTTP/1.1") + get("/smuggled.txt"),),
         pipeline(((400,),)), CLOSES, level=OURS),
    Case("pipeline_ends_at_bad_version", "9112 §9.6", (message("GET /hello.txt HTTP/5.0", HOST)
                                                       + get("/smuggled.txt"),), pipeline(((505, 400),)), CLOSES,
         level=OURS),
    Case("pipeline_error_behind_big", "9112 §9.6", (get("/big.bin") + b"nonsense\r\n\r\n",),
         pipeline(((200,), (content_is(BIG),)), ((400,),)), CLOSES),
    Case("pipeline_empty_line_between", "9112 §2.2", (get("/hello.txt") + b"\r\n" + get("/sub/file.txt"),),
         pipeline(((200,), (OK,)), ((200,), (SUB,))), level=SHOULD),
    Case("pipeline_second_in_pieces", "9112 §9.3.2", (get("/hello.txt") + b"GET /sub/fi", Pause.ANSWER,
                                                      b"le.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
         pipeline(((200,), (OK,)), ((200,), (SUB,)))),
    Case("pipeline_405_between", "9112 §9.3.2", (get("/hello.txt")
                                                 + request("DELETE", "/hello.txt", "Content-Length: 0")
                                                 + get("/sub/file.txt"),),
         pipeline(((200,), (OK,)), ((405,),), ((200,), (SUB,))), level=SHOULD),
]

HALF_CLOSE = [
    Case("half_close_get", "9112 §9.6", (get("/hello.txt"), Pause.HALF_CLOSE), pipeline(((200,), (OK,))), CLOSES,
         level=SHOULD),
    Case("half_close_big", "9112 §9.6", (get("/big.bin"), Pause.HALF_CLOSE), pipeline(((200,), (content_is(BIG),))),
         CLOSES, level=SHOULD),
    Case("half_close_missing", "9112 §9.6", (get("/missing"), Pause.HALF_CLOSE), pipeline(((404,),)), CLOSES,
         level=SHOULD),
    Case("half_close_error", "9112 §9.6", (b"nonsense\r\n\r\n", Pause.HALF_CLOSE), pipeline(((400,),)), CLOSES,
         level=SHOULD),
    Case("half_close_1_0", "9112 §9.6", (old(), Pause.HALF_CLOSE), pipeline(((200,), (OK,))), CLOSES, level=SHOULD),
    Case("half_close_after_content", "9112 §9.6", (get("/hello.txt", "Content-Length: 5", content="hello"),
                                                   Pause.HALF_CLOSE),
         pipeline(((200,), (OK,))), CLOSES, level=SHOULD),
    Case("half_close_with_half_a_second_request", "9112 §8", (get("/hello.txt") + b"GET /sm", Pause.HALF_CLOSE),
         pipeline(((200,), (OK,)), ((400, 408),)), CLOSES, level=SHOULD, may_be_silent=True),
    Case("half_close_when_idle", "9112 §9.5", (get("/hello.txt"), Pause.ANSWER, Pause.HALF_CLOSE),
         pipeline(((200,), (OK,))), CLOSES, level=SHOULD),
]


def expecting(*lines: str, method: str = "GET", target: str = "/hello.txt", content: str = "") -> bytes:
    return request(method, target, "Expect: 100-continue", *lines, content=content)


EXPECT = [
    served("expect_without_content", "9110 §10.1.1", expecting(), OK, may_be_interim=True),
    served("expect_length_zero", "9110 §10.1.1", expecting("Content-Length: 0"), OK, may_be_interim=True),
    served("expect_content_sent_at_once", "9110 §10.1.1", expecting("Content-Length: 5", content="hello"), OK,
           may_be_interim=True, then=Then.EITHER),
    served("expect_chunked_sent_at_once", "9110 §10.1.1", expecting("Transfer-Encoding: chunked",
                                                                    content="5\r\nhello\r\n0\r\n\r\n"), OK,
           may_be_interim=True, then=Then.EITHER),
    served("expect_any_case", "9110 §10.1.1", get("/hello.txt", "expect: 100-Continue", "Content-Length: 5",
                                                  content="hello"), OK,
           may_be_interim=True, then=Then.EITHER),
    Case("expect_post_is_answered_without_content", "9110 §10.1.1", (expecting("Content-Length: 5", method="POST"),),
         pipeline(((405,),)), Then.EITHER,
         level=SHOULD, may_be_interim=False, whole_only=True),
    Case("expect_put_of_a_gigabyte_is_answered_without_content", "9110 §10.1.1",
         (expecting("Content-Length: 1000000000", method="PUT"),),
         pipeline(((405, 413, 417),)), CLOSES, level=SHOULD, whole_only=True),
    Case("expect_get_is_answered_without_content", "9110 §10.1.1", (expecting("Content-Length: 5"), Pause.HALF_CLOSE),
         pipeline(((200, 400, 408, 417), ()),),
         CLOSES, level=OURS, may_be_interim=True, may_be_silent=True, whole_only=True),
    Case("expect_missing_is_answered_without_content", "9110 §10.1.1",
         (expecting("Content-Length: 5", method="PUT", target="/missing"),),
         pipeline(((404, 405),)), Then.EITHER, level=SHOULD, whole_only=True),
    refused("expect_unknown", "9110 §10.1.1", get("/hello.txt", "Expect: miracles"), (417, 400), then=Then.EITHER,
            level=OURS),
    refused("expect_list_with_unknown", "9110 §10.1.1", get("/hello.txt", "Expect: 100-continue, miracles"), (417, 400),
            then=Then.EITHER, level=OURS),
    refused("expect_with_value", "9110 §10.1.1", get("/hello.txt", "Expect: 100-continue=yes"), (417, 400),
            then=Then.EITHER, level=OURS),
    served("expect_ignored_in_1_0", "9110 §10.1.1", old("Expect: 100-continue"), OK, then=CLOSES),
    served("expect_ignored_in_1_0_with_content", "9110 §10.1.1",
           message("GET /hello.txt HTTP/1.0", "Expect: 100-continue", "Content-Length: 5", content="hello"), OK,
           then=CLOSES),
    Case("expect_error_comes_instead", "9110 §10.1.1", (expecting("Content-Length: x", method="POST"),),
         pipeline(((400,),)), CLOSES),
]

# The client writes a lot before it reads anything: the answer must not be lost to a reset. This much is drained.
MUCH = b"x" * 200_000
CLOSING = [
    Case("closing_nonsense_then_much", "9112 §9.6", (b"nonsense\r\n\r\n" + MUCH, Pause.UNREAD), pipeline(((400,),)),
         CLOSES, level=OURS),
    Case("closing_bad_host_then_much", "9112 §9.6", (message("GET /hello.txt HTTP/1.1", content=MUCH), Pause.UNREAD),
         pipeline(((400,),)), CLOSES, level=OURS),
    Case("closing_post_much", "9112 §9.6", (request("POST", "/hello.txt", f"Content-Length: {len(MUCH)}", content=MUCH),
                                            Pause.UNREAD),
         pipeline(((405, 413),)), Then.EITHER, level=OURS),
    Case("closing_put_much_chunked", "9112 §9.6",
         (request("PUT", "/hello.txt", "Transfer-Encoding: chunked",
                  content=(b"3e8\r\n" + b"y" * 1000 + b"\r\n") * 200 + b"0\r\n\r\n"), Pause.UNREAD),
         pipeline(((405, 413),)), Then.EITHER, level=OURS),
    Case("closing_endless_line", "9112 §9.6", (b"GET /" + MUCH, Pause.UNREAD), pipeline(((414, 400, 431),)), CLOSES,
         level=OURS),
    Case("closing_endless_field", "9112 §9.6", (b"GET / HTTP/1.1\r\nX: " + MUCH, Pause.UNREAD), pipeline(((431, 400),)),
         CLOSES, level=OURS),
    Case("closing_connection_close_then_much", "9112 §9.6", (get("/hello.txt", "Connection: close")
                                                             + get("/hello.txt") * 2000, Pause.UNREAD),
         pipeline(((200,), (OK,))), CLOSES, level=OURS),
    Case("closing_big_with_connection_close", "9112 §9.6", (get("/big.bin", "Connection: close") + MUCH,),
         pipeline(((200,), (content_is(BIG),))), CLOSES, level=OURS),
    Case("closing_big_then_more_than_is_drained", "9112 §9.6", (get("/big.bin", "Connection: close") + MUCH * 10,),
         pipeline(((200,), (content_is(BIG),))), CLOSES,
         level=OURS),
    Case("closing_get_with_much_content", "9112 §9.6", (get("/hello.txt", f"Content-Length: {len(MUCH)}", content=MUCH),
                                                        Pause.UNREAD), pipeline(((200, 413),)), Then.EITHER,
         level=OURS),
]

QUICK = ("--set", "head_time_max=1s", "--set", "keep_alive_max=1s", "--set", "content_idle_max=1s")
TIME_OUTS = [
    Case("time_out_of_a_line", "9110 §15.5.9", (b"GET /hello.txt HT",), pipeline(((408,),)), CLOSES, level=OURS,
         options=QUICK, whole_only=True),
    Case("time_out_of_a_field_section", "9110 §15.5.9", (b"GET /hello.txt HTTP/1.1\r\nHost: a\r\n",),
         pipeline(((408,),)), CLOSES, level=OURS, options=QUICK, whole_only=True),
    Case("time_out_of_nothing", "9112 §9.5", (), pipeline(((408,),)), CLOSES, level=OURS, options=QUICK,
         may_be_silent=True, whole_only=True),
    Case("time_out_of_idleness", "9112 §9.5", (get("/hello.txt"), Pause.ANSWER), pipeline(((200,), (OK,))), CLOSES,
         level=OURS, options=QUICK, whole_only=True),
    Case("time_out_of_second_head", "9110 §15.5.9", (get("/hello.txt") + b"GET /sm",),
         pipeline(((200,), (OK,)), ((408,),)), CLOSES, level=OURS, options=QUICK, whole_only=True),
    Case("time_out_of_content", "9110 §15.5.9", (get("/hello.txt", "Content-Length: 5", content="he"),),
         pipeline(((408, 200),)), CLOSES, level=OURS, options=QUICK,
         may_be_silent=True, whole_only=True),
    Case("time_out_of_chunks", "9110 §15.5.9", (get("/hello.txt", "Transfer-Encoding: chunked", content="5\r\nhe"),),
         pipeline(((408, 200),)), CLOSES, level=OURS,
         options=QUICK, may_be_silent=True, whole_only=True),
    Case("time_out_of_post_content", "9110 §15.5.9", (request("POST", "/hello.txt", "Content-Length: 5"),),
         pipeline(((405, 408),)), CLOSES, level=OURS, options=QUICK,
         may_be_silent=True, whole_only=True),
    Case("time_out_of_empty_lines", "9110 §15.5.9", (b"\r\n",), pipeline(((408, 400),)), CLOSES, level=OURS,
         options=QUICK, may_be_silent=True, whole_only=True),
]

CASES = PERSISTENCE + PIPELINING + HALF_CLOSE + EXPECT + CLOSING + TIME_OUTS

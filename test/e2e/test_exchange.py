"""The suite's own reader: it refuses everything that no server may send."""

from __future__ import annotations

import socket
import threading

import pytest

from exchange import Conversation, Silent, Wrong, parse_head, wrongs_of_any

GOOD = b"HTTP/1.1 200 OK\r\nDate: Tue, 02 Jan 2024 03:04:05 GMT\r\nContent-Length: 5\r\n\r\nhello"


@pytest.fixture
def answering():
    """answering(octets) is a conversation with a peer that sends these octets and then closes."""
    opened = []

    def of(octets: bytes) -> Conversation:
        listener = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            with listener, listener.accept()[0] as connection:
                connection.sendall(octets)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        opened.append(Conversation(listener.getsockname()))
        return opened[-1]
    yield of
    for one in opened:
        one.socket.close()


@pytest.mark.parametrize("head", [
    b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 200\r\n\r\n", b"http/1.1 200 OK\r\n\r\n", b"HTTP/1.1 99 OK\r\n\r\n",
    b"HTTP/1.1 200 OK\nX: y\r\n\r\n", b" HTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX : y\r\n\r\n", b"HTTP/1.1 200 OK\r\n: y\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: a\nY: b\r\n\r\n", b"HTTP/1.1 200 OK\r\nX\r\n\r\n"])
def test_malformed_head_is_refused(head):
    with pytest.raises(Wrong):
        parse_head(head)


def test_well_formed_answer_is_read(answering):
    answer = answering(GOOD + b"rest").read_answer()
    assert (answer.status, answer.content, answer.field("content-length")) == (200, b"hello", "5")


@pytest.mark.parametrize("octets, content", [
    (b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"hello"),
    (b"Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n1\r\nx\r\n0\r\nX: y\r\n\r\n", b"0123456789x"),
    (b"\r\nuntil the end", b"until the end"), (b"Content-Length: 0\r\n\r\n", b"")])
def test_content_is_framed(answering, octets, content):
    assert answering(b"HTTP/1.1 200 OK\r\n" + octets).read_answer().content == content


@pytest.mark.parametrize("octets", [
    b"Content-Length: 6\r\n\r\nhello", b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"Content-Length: +5\r\n\r\nhello",
    b"Transfer-Encoding: gzip\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel", b"Transfer-Encoding: chunked\r\n\r\nx\r\n"])
def test_badly_framed_content_is_refused(answering, octets):
    with pytest.raises(Wrong):
        answering(b"HTTP/1.1 200 OK\r\n" + octets).read_answer()


def test_head_and_204_and_304_have_no_content(answering):
    assert answering(GOOD.replace(b"hello", b"")).read_answer("HEAD").content == b""
    assert answering(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n").read_answer().content == b""
    assert answering(b"HTTP/1.1 204 No Content\r\n\r\n").read_answer().content == b""


def test_interim_answers_are_noted_and_may_have_no_length(answering):
    assert answering(b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD).read_answer().interims == [100]
    with pytest.raises(Wrong):
        answering(b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n" + GOOD).read_answer()


def test_silence_is_told_from_half_an_answer(answering):
    with pytest.raises(Silent):
        answering(b"").read_answer()
    with pytest.raises(Wrong) as wrong:
        answering(b"HTTP/1.1 200 OK\r\nX").read_answer()
    assert not isinstance(wrong.value, Silent)


@pytest.mark.parametrize("lines", [
    [], [("Date", "today")], [("Date", "Tue, 02 Jan 2024 03:04:05 GMT")],
    [("Date", "Tuesday, 02-Jan-24 03:04:05 GMT")]], ids=["none", "word", "not_now", "old_form"])
def test_date_is_held_to_now(lines):
    head = b"HTTP/1.1 200 OK\r\n" + b"".join(f"{name}: {value}\r\n".encode() for name, value in lines) + b"\r\n"
    assert any("Date" in wrong for wrong in wrongs_of_any(parse_head(head)))


@pytest.mark.parametrize("status, said", [(405, "Allow"), (401, "WWW-Authenticate"), (416, "Content-Range"),
                                          (301, "Location")])
def test_statuses_are_held_to_their_fields(status, said):
    head = f"HTTP/1.1 {status} X\r\n\r\n".encode()
    assert any(said in wrong for wrong in wrongs_of_any(parse_head(head)))

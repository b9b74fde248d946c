"""A response of HTTP/1.1, as the checkers of chapters 12 and 14 read it: it has to be the only one on its connection."""

from __future__ import annotations

from dataclasses import dataclass

from checks import Wrong, show


@dataclass
class Reply:
    status: int
    fields: dict[str, str]
    content: bytes


def ask(checker, server, *pieces: bytes, method: str = "GET") -> Reply:
    """Sends a request, piece by piece if there are several, and reads the response to the end of the connection."""
    client = checker.client(server)
    client.send_in_pieces(*pieces[:-1])
    client.send(pieces[-1])
    octets = client.read_to_end("Read the whole request, answer it, then close the connection.")
    client.close()
    return parse(octets, method)


def parse(octets: bytes, method: str) -> Reply:
    head, empty_line, content = octets.partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "replace").split("\r\n")
    words = lines[0].split(" ", 2)
    if len(words) < 2 or words[0] != "HTTP/1.1" or not words[1].isdecimal():
        raise Wrong(show(octets), "a status line, like HTTP/1.1 200 OK")
    if not empty_line:
        raise Wrong(show(octets), "an empty line after the fields", "Each line ends in CR LF, the empty one too.")
    fields = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or "\n" in line:
            raise Wrong(f"the line {show(line.encode())}", "a field, like Content-Length: 14", "Each line ends in CR LF.")
        fields[name.lower()] = value.strip()
    if not fields.get("content-length", "").isdecimal():
        raise Wrong(f"the fields {', '.join(fields) or 'none'}", "Content-Length, a number")
    announced = int(fields["content-length"])
    if method == "HEAD" and content:
        raise Wrong(f"the content {show(content)} after a response to HEAD", "a head, and nothing else",
                    "A response to HEAD has the fields of GET, and no content.")
    if method != "HEAD" and announced != len(content):
        raise Wrong(f"Content-Length: {announced}, and {len(content)} octets of content", "the number of octets",
                    "Content-Length counts octets, and not characters: encode the text first.")
    if fields.get("connection", "").lower() != "close":
        raise Wrong(f"Connection: {fields.get('connection', '(missing)')}", "Connection: close")
    return Reply(int(words[1]), fields, content)


def expect(reply: Reply, status: int, content: bytes | None = None, hint: str = "") -> Reply:
    if reply.status != status:
        raise Wrong(f"the status {reply.status}", f"the status {status}", hint)
    if content is not None and reply.content != content:
        raise Wrong(show(reply.content), show(content), hint)
    return reply

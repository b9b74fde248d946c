# An HTTP server with one text, which says what it does not understand.
import socket
import sys

TEXT = "Grüße, HTTP\n"


def read_head(client):
    head = b""
    while b"\r\n\r\n" not in head and len(head) < 16384 and (octets := client.recv(4096)):
        head += octets
    return head.decode("latin-1")


def decide(head):
    """Returns the method, the status and the text of the response."""
    request_line, *lines = head.split("\r\n\r\n")[0].split("\r\n")
    parts = request_line.split(" ")
    hosts = [line for line in lines if line.lower().startswith("host:")]
    if len(parts) != 3 or parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
        return "", "400 Bad Request", "no request\n"
    if len(hosts) > 1 or (not hosts and parts[2] == "HTTP/1.1"):
        return "", "400 Bad Request", "one Host, please\n"
    if parts[0] not in ("GET", "HEAD"):
        return parts[0], "405 Method Not Allowed", "GET or HEAD\n"
    return parts[0], *(("200 OK", TEXT) if parts[1] == "/" else ("404 Not Found", "not found\n"))


def respond(client, method, status, text):
    content = text.encode()
    head = [f"HTTP/1.1 {status}", "Content-Type: text/plain; charset=utf-8", f"Content-Length: {len(content)}", "Connection: close"]
    if status.startswith("405"):
        head.append("Allow: GET, HEAD")
    client.sendall("\r\n".join([*head, "", ""]).encode() + (b"" if method == "HEAD" else content))


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listening:
    while True:
        client, address = listening.accept()
        with client:
            if head := read_head(client):
                respond(client, *decide(head))

# An HTTP server with one text.
import socket
import sys

TEXT = "Grüße, HTTP\n"


def read_head(client):
    """Returns the head of a request; less if the client ends before."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < 16384 and (octets := client.recv(4096)):
        head += octets
    return head


def respond(client, status, text):
    content = text.encode()  # Content-Length counts octets
    head = [f"HTTP/1.1 {status}", "Content-Type: text/plain; charset=utf-8", f"Content-Length: {len(content)}", "Connection: close"]
    client.sendall("\r\n".join([*head, "", ""]).encode() + content)


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listening:
    while True:
        client, address = listening.accept()
        with client:
            method, target, *rest = (read_head(client).decode("latin-1") + "  ").split(" ")
            if method == "GET":
                respond(client, *(("200 OK", TEXT) if target == "/" else ("404 Not Found", "not found\n")))

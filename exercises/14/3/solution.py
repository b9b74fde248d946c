# Serves the files of a folder to one user.
import base64
import os
import re
import socket
import sys


def path_of(target):
    """Returns the path below the root, or nothing."""
    path = target.split("?")[0].encode("latin-1")
    if not path.startswith(b"/") or re.search(rb"%(?![0-9A-Fa-f]{2})", path):
        return None
    decoded = re.sub(rb"%(..)", lambda digits: bytes.fromhex(digits[1].decode()), path)[1:]
    if b"\0" in decoded or b".." in decoded.split(b"/"):
        return None
    return decoded + b"index.html" if decoded.endswith(b"/") or not decoded else decoded


def may_read(fields):
    scheme, _, words = fields.get("authorization", "").partition(" ")
    return scheme.lower() == "basic" and words == base64.b64encode(b"ada:secret").decode()


def answer(head, root):
    """Returns the status and the content."""
    request_line, *lines = head.split("\r\n")                               # 2. parse
    fields = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines}
    parts = request_line.split(" ")
    if len(parts) != 3 or "host" not in fields:
        return "400 Bad Request", b"no request\n"
    path = path_of(parts[1])                                                # 3. translate
    if path is None:
        return "400 Bad Request", b"no path\n"
    if parts[0] != "GET":
        return "405 Method Not Allowed\r\nAllow: GET", b"GET only\n"
    if not may_read(fields):                                                # 4. authorize
        return '401 Unauthorized\r\nWWW-Authenticate: Basic realm="files"', b"who are you?\n"
    try:                                                                    # 5. respond
        with open(os.path.join(os.fsencode(root), path), "rb") as file:
            return "200 OK", file.read()
    except OSError:
        return "404 Not Found", b"not found\n"


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listening:
    while True:
        client, address = listening.accept()                                # 1. accept
        head = b""
        with client:
            while b"\r\n\r\n" not in head and len(head) < 16384 and (octets := client.recv(4096)):
                head += octets
            status, content = answer(head.decode("latin-1").split("\r\n\r\n")[0], sys.argv[2])
            client.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode() + content)

# Adds numbers for programs in any language.
import json
import socket
import sys


def answer(line):
    try:
        question = json.loads(line)
        return {"sum": 0 + question["a"] + question["b"]}
    except (ValueError, TypeError, KeyError) as error:
        return {"error": str(error)}


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listening:
    while True:
        client, address = listening.accept()
        with client, client.makefile("r") as lines:
            for line in lines:
                client.sendall(json.dumps(answer(line)).encode() + b"\n")

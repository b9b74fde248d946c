# A chat on one thread. What a client does not read yet waits in its transport's buffer, until there is too much of it.
import asyncio
import sys

QUEUE_MAX = 64 * 1024
clients = set()


def say(line):
    for client in clients:
        if client.transport.get_write_buffer_size() + len(line) <= QUEUE_MAX:
            client.write(line)  # never waits
        else:
            client.transport.abort()


async def serve(reader, writer):
    clients.add(writer)
    try:
        while (line := await reader.readline()).endswith(b"\n"):
            say(line)
    except (OSError, ValueError):  # the connection is lost, or the line is too long
        pass
    finally:
        clients.discard(writer)
        writer.close()


async def main(port):
    async with await asyncio.start_server(serve, "127.0.0.1", port) as server:
        await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))

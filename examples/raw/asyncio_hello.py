#!/usr/bin/env python3
# examples/raw/asyncio_hello.py — hello, with an event loop and a coroutine for each client.
import asyncio
import sys


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"Hello from Python\n")
    writer.write_eof()  # half-closes, once everything is sent
    await reader.read()  # until the end; other clients are served meanwhile
    writer.close()


async def main(port: int) -> None:
    async with await asyncio.start_server(serve, "127.0.0.1", port) as server:
        print(f"Listening on tcp://127.0.0.1:{port}", flush=True)
        await server.serve_forever()


asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8080))

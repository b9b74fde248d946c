# Waits for each client until it takes the line. The checker says: A write that waits for one client keeps all others waiting
import asyncio
import contextlib
import sys

clients = set()


async def serve(reader, writer):
    clients.add(writer)
    try:
        async for line in reader:
            for client in list(clients):
                with contextlib.suppress(OSError):
                    client.write(line)
                    await client.drain()
    except OSError:
        pass
    finally:
        clients.discard(writer)
        writer.close()


async def main(port):
    async with await asyncio.start_server(serve, "127.0.0.1", port) as server:
        await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))

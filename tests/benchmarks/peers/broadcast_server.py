"""``websockets.broadcast``: one asyncio process that sends whatever comes at the second port to every client.

python broadcast_server.py PORT FEED_PORT
"""

from __future__ import annotations

import asyncio
import sys

from websockets.asyncio.server import ServerConnection, broadcast, serve

clients: set[ServerConnection] = set()


async def client(connection: ServerConnection) -> None:
    """Keep a client until it goes."""
    clients.add(connection)
    try:
        await connection.wait_closed()
    finally:
        clients.discard(connection)


async def feed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Broadcast each message; it comes after its length."""
    try:
        while True:
            length = int.from_bytes(await reader.readexactly(4), "big")
            broadcast(clients, (await reader.readexactly(length)).decode())
    except asyncio.IncompleteReadError:
        writer.close()


async def main(port: int, feed_port: int) -> None:
    """Serve for ever."""
    await asyncio.start_server(feed, "127.0.0.1", feed_port)
    async with serve(client, "127.0.0.1", port, compression=None, backlog=4096) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))

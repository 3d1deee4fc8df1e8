"""LISTEN and a broadcast, as people write them: asyncpg's listener hands each notification to every client.

python listen_server.py URL PORT
"""

from __future__ import annotations

import asyncio
import itertools
import sys

import asyncpg
from websockets.asyncio.server import ServerConnection, broadcast, serve

clients: set[ServerConnection] = set()
numbers = itertools.count(1)


async def client(connection: ServerConnection) -> None:
    """Keep a client until it goes."""
    clients.add(connection)
    try:
        await connection.wait_closed()
    finally:
        clients.discard(connection)


def notified(_connection: object, _pid: int, _channel: str, payload: str) -> None:
    """Pass a row on."""
    broadcast(clients, f'{{"message_type":"realtime_event","seq":{next(numbers)},"data":{payload}}}')


async def main(url: str, port: int) -> None:
    """Serve for ever."""
    connection = await asyncpg.connect(url)
    await connection.add_listener("sold_events", notified)
    async with serve(client, "127.0.0.1", port, compression=None, backlog=4096) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))

"""A gateway that a test speaks for: it waits for clients, and shows each message that one sent but its pings."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

Message = dict[str, Any]

DEADLINE = 60.0
EPOCH = "e1"


class Visitor:
    """One connection of a client."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()

    async def heard(self, message_type: str) -> Message:
        """Return the data of the next message, which is of that type."""
        async with asyncio.timeout(DEADLINE):
            message = await self._inbox.get()
        assert message["message_type"] == message_type, message
        data: Message = message["data"]
        return data

    def is_quiet(self) -> bool:
        """Tell whether every message has been looked at."""
        return self._inbox.empty()

    async def tell(self, message_type: str, **data: Any) -> None:
        """Send one message."""
        await self.connection.send(json.dumps({"message_type": message_type, "data": data, "timestamp": "-"}))

    async def welcome(self, seq: int = 0, *, epoch: str = EPOCH, resumed: bool = False) -> Message:
        """Answer the client's ``register``; return that."""
        register = await self.heard("register")
        identity = {"client_id": "c1", "gateway": "g1", "ping_interval": 15.0}
        await self.tell("registered", **identity, epoch=epoch, seq=seq, resumed=resumed)
        return register

    async def event(self, seq: int, **fields: Any) -> None:
        """Send an INSERT into bookings, except where *fields* say otherwise."""
        named = {"event_type": "INSERT", "table": "bookings", "channel": "booking_events", "id": str(seq)}
        times = {"timestamp": "2026-01-01T00:00:00.5Z", "tx": {"id": str(seq), "index": 0, "size": 1}}
        await self.tell("realtime_event", **{**named, **times, "data": {"id": seq}, "seq": seq, **fields})

    async def attend(self) -> None:
        """Read to the end of the link; pings are answered."""
        try:
            async for text in self.connection:
                message = json.loads(text)
                if message["message_type"] == "ping":
                    await self.tell("pong", **message["data"])
                else:
                    self._inbox.put_nowait(message)
        except ConnectionClosed:
            pass


class Gateway:
    """Where visitors come to; use :func:`listening`."""

    def __init__(self) -> None:
        self.url = ""
        self._visitors: asyncio.Queue[Visitor] = asyncio.Queue()

    async def visitor(self) -> Visitor:
        """Wait for the next client."""
        async with asyncio.timeout(DEADLINE):
            return await self._visitors.get()

    async def meet(self, connection: ServerConnection) -> None:
        """Serve one connection."""
        visitor = Visitor(connection)
        self._visitors.put_nowait(visitor)
        await visitor.attend()


@asynccontextmanager
async def listening() -> AsyncIterator[Gateway]:
    """A gateway on a free port of 127.0.0.1."""
    gateway = Gateway()
    server: Server = await serve(gateway.meet, "127.0.0.1", 0, ping_interval=None, compression=None, close_timeout=0.2)
    gateway.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
    try:
        yield gateway
    finally:
        for connection in list(server.connections):
            connection.transport.abort()
        server.close()
        await server.wait_closed()

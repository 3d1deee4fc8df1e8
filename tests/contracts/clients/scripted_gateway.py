"""A gateway that does what a scenario tells it to, and shows what a client sent."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.contracts.clients.adapter import Message

EPOCH = "epoch-1"


class Visitor:
    """One connection of a client; ``register`` is the data it registered with. A client's ``ping`` is answered."""

    def __init__(self, connection: ServerConnection, register: Message, gateway: ScriptedGateway) -> None:
        self.register = register
        self._connection = connection
        self._gateway = gateway

    async def welcome(
        self, *, epoch: str = EPOCH, seq: int = 0, resumed: bool = False, ping_interval: float = 60.0
    ) -> None:
        """Answer ``registered``; a client judges silence by *ping_interval*."""
        data = {"client_id": "c", "gateway": "scripted", "ping_interval": ping_interval}
        await self.tell("registered", {**data, "epoch": epoch, "seq": seq, "resumed": resumed})

    async def events(self, *seqs: int) -> None:
        """Send an INSERT for each seq."""
        for seq in seqs:
            await self.tell("realtime_event", event(seq))

    async def tell(self, message_type: str, data: Message) -> None:
        """Send one message."""
        message = {"message_type": message_type, "data": data, "timestamp": "2026-01-01T00:00:00Z"}
        await self._connection.send(json.dumps(message))

    async def end(self, code: int) -> None:
        """Close with a code."""
        await self._connection.close(code)

    def cut(self) -> None:
        """End the link without a goodbye."""
        self._connection.transport.abort()

    async def next(self) -> Message:
        """Return the next message other than a ping that is answered."""
        while True:
            message: Message = json.loads(await self._connection.recv())
            if message["message_type"] != "ping":
                return message
            if not self._gateway.is_silent:
                await self.tell("pong", message["data"])

    async def attend(self) -> None:
        """Answer pings until the client is gone."""
        try:
            while True:
                await self.next()
        except ConnectionClosed:
            pass


class ScriptedGateway:
    """Listens on a free port of 127.0.0.1; ``is_silent`` answers no ping, as a link that swallows everything."""

    def __init__(self) -> None:
        self.is_silent = False
        self.connections = 0
        self._server: Server | None = None
        self._visitors: asyncio.Queue[Visitor] = asyncio.Queue()
        self.port = 0

    @property
    def address(self) -> str:
        """Where clients connect to."""
        return f"ws://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Begin to listen, at the same port each time."""
        self._server = await serve(self._meet, "127.0.0.1", self.port, ping_interval=None, compression=None)
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and end every link. Idempotent."""
        if self._server is not None:
            for connection in self._server.connections:
                connection.transport.abort()
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def visitor(self) -> Visitor:
        """Wait for the next client that registers."""
        async with asyncio.timeout(60.0):
            return await self._visitors.get()

    async def _meet(self, connection: ServerConnection) -> None:
        self.connections += 1
        try:
            first = json.loads(await connection.recv())
            assert first["message_type"] == "register"
            visitor = Visitor(connection, first["data"], self)
            self._visitors.put_nowait(visitor)
            await visitor.attend()
        except ConnectionClosed:
            pass


def event(seq: int, **fields: Any) -> Message:
    """Return the data of a ``realtime_event``."""
    return {
        "event_type": "INSERT",
        "table": "bookings",
        "id": str(seq),
        "timestamp": "2026-01-01T00:00:00Z",
        "data": {"id": str(seq)},
        "seq": seq,
        "channel": "booking_events",
        "business_event": None,
        "changed": None,
        "old": None,
        "origin": None,
        "tx": {"id": str(seq), "index": 0, "size": 1},
        **fields,
    }

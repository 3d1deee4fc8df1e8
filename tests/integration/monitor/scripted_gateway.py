"""A WebSocket server that plays a gateway, well or badly, for what a real one does not do on demand."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from websockets.asyncio.server import ServerConnection, serve

Manner = Literal["deliver", "deliver nothing", "refuse", "drop", "never answer", "babble"]


class ScriptedGateway:
    """Serves every client in the same manner."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self.clients: set[ServerConnection] = set()
        self.registrations: list[dict[str, Any]] = []
        self.url = ""

    async def talk(self, connection: ServerConnection) -> None:
        """Serve one client."""
        self.registrations.append(json.loads(await connection.recv())["data"])
        match self.manner:
            case "refuse":
                await self._send(connection, "error", {"code": "unknown_channel", "reason": "No such channel."})
            case "drop":
                await connection.close(1001)
            case "babble":
                await connection.send("babble")
            case "deliver" | "deliver nothing":
                await self._send(connection, "registered", {"seq": 1})
        if self.manner == "deliver":
            await self._send(connection, "status", {"database": "up"})
            self.clients.add(connection)
        await connection.wait_closed()
        self.clients.discard(connection)

    async def deliver(self, nonce: str) -> None:
        """Send every client a change of another monitor's, then the one that carries the nonce."""
        for connection in self.clients:
            await self._event(connection, "another monitor's")
            await self._event(connection, nonce)

    async def _event(self, connection: ServerConnection, nonce: str) -> None:
        await self._send(connection, "realtime_event", {"data": {"nonce": nonce}, "hops": {"captured": 1.0}})

    async def _send(self, connection: ServerConnection, message_type: str, data: dict[str, Any]) -> None:
        await connection.send(json.dumps({"message_type": message_type, "data": data, "timestamp": "-"}))


@asynccontextmanager
async def scripted_gateway(manner: Manner) -> AsyncIterator[ScriptedGateway]:
    """Run one on a free port for the length of the block."""
    gateway = ScriptedGateway(manner)
    async with serve(gateway.talk, "127.0.0.1", 0, close_timeout=0.1) as server:
        gateway.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield gateway

"""A WebSocket client that speaks the protocol."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from websockets.asyncio.client import ClientConnection


class Client:
    """One connection; ``expect`` fails at once on a message that was not expected."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, message_type: str, data: Any) -> None:
        await self.socket.send(json.dumps({"message_type": message_type, "data": data, "timestamp": "2026"}))

    async def receive(self, *, timeout: float = 60.0) -> dict[str, Any]:
        """Return the next message of any type."""
        message: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.recv(), timeout))
        return message

    async def expect(self, message_type: str, *, skip: tuple[str, ...] = ("position", "status")) -> dict[str, Any]:
        """Return the data of the next message that is not of a skipped type; it must be of this one."""
        while True:
            message = await self.receive()
            if message["message_type"] == message_type:
                data: dict[str, Any] = message["data"]
                return data
            assert message["message_type"] in skip, message

    async def register(self, app_name: str = "test", **fields: Any) -> dict[str, Any]:
        await self.send("register", {"app_name": app_name, **fields})
        registered = await self.expect("registered")
        await self.expect("status", skip=())
        return registered

    async def events(self, count: int) -> list[int]:
        """Return the seqs of the next events."""
        return [(await self.expect("realtime_event"))["seq"] for _ in range(count)]

    async def closed(self) -> int | None:
        """Wait for the close and return its code."""
        async with asyncio.timeout(60):
            await self.socket.wait_closed()
        return self.socket.close_code

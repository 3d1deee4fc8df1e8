"""A client of bare sockets: it sends bytes, and reads frames until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.fuzz import wire

PATIENCE = 90.0


class RawClient:
    """One TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, *parts: bytes) -> None:
        """Send the parts; a gateway that has hung up already need not hear the rest."""
        with contextlib.suppress(ConnectionError):
            for part in parts:
                self._writer.write(part)
                await self._writer.drain()

    async def response(self) -> bytes:
        """Return the head of an HTTP response."""
        async with asyncio.timeout(PATIENCE):
            return await self._reader.readuntil(b"\r\n\r\n")

    async def rest(self) -> bytes:
        """Return everything until the gateway closes its half."""
        async with asyncio.timeout(PATIENCE):
            return await self._reader.read()

    async def frame(self) -> wire.Frame:
        """Return the next frame."""
        async with asyncio.timeout(PATIENCE):
            head = await self._reader.readexactly(2)
            size = {126: 2, 127: 8}.get(head[1], 0)
            length_field = await self._reader.readexactly(size)
            length = int.from_bytes(length_field, "big") if size else head[1]
            (frame,) = wire.frames(head + length_field + await self._reader.readexactly(length))
            return frame

    async def frames_until_end(self) -> list[wire.Frame]:
        """Return all frames up to the pong to a last ping, or to a close, which is confirmed and must be the end."""
        got: list[wire.Frame] = []
        while not got or (got[-1].opcode, got[-1].payload) != (wire.PONG, b"the end"):
            got.append(await self.frame())
            if got[-1].opcode == wire.CLOSE:
                await self.send(wire.frame(wire.CLOSE, got[-1].payload[:2]))
                assert await self.rest() == b"", "something was sent behind a close"
                return got
        await self.send(wire.frame(wire.CLOSE, struct.pack(">H", 1000)))
        assert (await self.frame()).code == 1000
        assert await self.rest() == b""
        return got[:-1]


@asynccontextmanager
async def connected(port: int, request: bytes = wire.HANDSHAKE) -> AsyncIterator[RawClient]:
    """Connect and send *request*."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    client = RawClient(reader, writer)
    try:
        await client.send(request)
        yield client
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def websocket(port: int) -> AsyncIterator[RawClient]:
    """Connect and shake hands."""
    async with connected(port) as client:
        assert (await client.response()).startswith(b"HTTP/1.1 101 ")
        yield client

"""The ways in which events get into the servers: each one's own, or the plainest there is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.benchmarks.load.generator import Approach, masked
from tests.benchmarks.payloads import Message


class StreamFeed:
    """One TCP connection; how a message looks on it is the subclass's to say. Here: after its length, four bytes."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect, and read whatever comes, so that nobody waits for us."""
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        await self.greet(reader, self._writer)
        self._reading = asyncio.create_task(self._read(reader))

    async def send(self, messages: Sequence[Message]) -> None:
        """Write the messages and wait while the server does not take them."""
        assert self._writer is not None
        self._writer.write(b"".join(self.framed(message.text) for message in messages))
        await self._writer.drain()

    async def close(self) -> None:
        """Close the connection."""
        if self._reading is not None:
            self._reading.cancel()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Say what has to be said first."""

    def framed(self, text: bytes) -> bytes:
        """Return a message as it stands on the connection."""
        return len(text).to_bytes(4, "big") + text

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while await reader.read(65536):
            pass


class WebSocketFeed(StreamFeed):
    """A client of the server itself, at ``/feed``."""

    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(Approach(path="/feed").handshake(self.port))
        await reader.readuntil(b"\r\n\r\n")

    def framed(self, text: bytes) -> bytes:
        return masked(text)


class PostFeed(StreamFeed):
    """HTTP, one POST an event, one after the other without waiting for the answers (pipelining)."""

    def framed(self, text: bytes) -> bytes:
        return b"POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text)


class NatsFeed(StreamFeed):
    """The NATS protocol."""

    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b'CONNECT {"verbose":false,"pedantic":false}\r\n')

    def framed(self, text: bytes) -> bytes:
        return b"PUB events %d\r\n%b\r\n" % (len(text), text)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            if line.startswith(b"PING") and self._writer is not None:
                self._writer.write(b"PONG\r\n")

"""Clients that come and go in every way there is, as fast as they can."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterator

import msgspec

from tests.faults.storm.swarm import HANDSHAKE, masked

DEADLINE = 60.0
CLOSE = masked(b"\x03\xe8", 0x88)
"""A close frame with 1000 (RFC 6455 section 7.4.1)."""

WAYS = 7


async def come_and_go(port: int, cycles: int, *, at_a_time: int = 50) -> None:
    """Make that many connections, some at a time, each of which ends in one of the ways."""
    numbers = iter(range(cycles))
    async with asyncio.TaskGroup() as tasks:
        for _ in range(at_a_time):
            tasks.create_task(_some(port, numbers))


async def _some(port: int, numbers: Iterator[int]) -> None:
    for number in numbers:
        async with asyncio.timeout(DEADLINE):
            await _once(port, number)


async def _once(port: int, number: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    guest = Guest(reader, writer, number)
    try:
        await guest.visit(number % WAYS)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


class Guest:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self._reader = reader
        self._writer = writer
        self._number = number

    async def visit(self, way: int) -> None:
        """Be here for a moment; 0 says goodbye, 1 and 4 are cut off, 2 and 3 never register, 5 resumes, 6 is HTTP."""
        match way:
            case 0:
                await self._register(subscribe=[self._interest("one")])
                self._writer.write(CLOSE)
                await self._reader.read()
            case 1:
                await self._register()
                self._cut()
            case 2:
                self._writer.write(HANDSHAKE[:40])
            case 3:
                await self._shake_hands()
            case 4:
                await self._register()
                await self._subscribe_and_unsubscribe()
                self._cut()
            case 5:
                await self._register(resume={"epoch": "epoch-1", "seq": 0})
                await self._reader.readuntil(b'"realtime_event"')
            case _:
                self._writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                await self._reader.read()

    async def _shake_hands(self) -> None:
        self._writer.write(HANDSHAKE)
        await self._reader.readuntil(b"\r\n\r\n")

    async def _register(self, **fields: object) -> None:
        await self._shake_hands()
        self._send("register", {"app_name": "guest", **fields})
        await self._reader.readuntil(b'"status"')

    async def _subscribe_and_unsubscribe(self) -> None:
        for name in ("one", "two", "three"):
            self._send("subscribe", self._interest(name))
        self._send("unsubscribe", {"id": "two"})
        await self._reader.readuntil(b'"unsubscribed"')

    def _interest(self, name: str) -> dict[str, object]:
        """Return a subscription that nobody else has."""
        return {
            "id": name,
            "tables": ["bookings"],
            "where": {"destination_id": {"eq": f"{name}-{self._number}"}},
        }

    def _send(self, message_type: str, data: object) -> None:
        self._writer.write(masked(msgspec.json.encode({"message_type": message_type, "data": data})))

    def _cut(self) -> None:
        """Have the connection end with a reset (SO_LINGER of socket(7))."""
        sock: socket.socket = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

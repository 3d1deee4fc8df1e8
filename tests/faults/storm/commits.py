"""A writer at a steady pace, who knows when each of its events was committed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

BOOK = "INSERT INTO bookings (id) VALUES ($1)"


class Commits:
    """One booking a transaction, ``rate`` a second, for the length of a block; an event's number is its seq."""

    def __init__(self, url: str, rate: float) -> None:
        self.committed_at: dict[int, float] = {}
        self._url = url
        self._pause = 1 / rate
        self._next = 1
        self._enough = asyncio.Event()

    @property
    def top(self) -> int:
        """The seq of the last event."""
        return self._next - 1

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Write beside the block; when it has ended, every commit is known."""
        writing = asyncio.create_task(self._write())
        try:
            yield
        finally:
            self._enough.set()
            await writing

    async def write_some(self, count: int) -> None:
        """Write that many, one after the other."""
        connection = await asyncpg.connect(self._url)
        for _ in range(count):
            await self._write_one(connection)
        await connection.close()

    async def _write(self) -> None:
        connection = await asyncpg.connect(self._url)
        while not self._enough.is_set():
            await self._write_one(connection)
            await asyncio.sleep(self._pause)
        await connection.close()

    async def _write_one(self, connection: asyncpg.Connection) -> None:
        number, self._next = self._next, self._next + 1
        await connection.execute(BOOK, f"booking-{number}")
        self.committed_at[number] = time.monotonic()

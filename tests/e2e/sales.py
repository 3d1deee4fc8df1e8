"""Seats sold while everything else goes wrong: what was committed is known by its id."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import asyncpg

from shared.database import DRIVER_ERRORS
from tests.supervised import DEADLINE

SALE = """INSERT INTO bookings (destination_id, vehicle_license_plate, seats_booked, total_amount)
          VALUES ('test-dest', 'TEST123', 2, 10.0) RETURNING id"""


async def sell(url: str, count: int) -> list[str]:
    """Sell *count* times, each in a transaction of its own; return the ids in commit order."""
    connection = await asyncpg.connect(url)
    try:
        return [await connection.fetchval(SALE) for _ in range(count)]
    finally:
        await connection.close()


class Counter:
    """A counter that sells without a pause, and again as soon as the database is back."""

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url
        self._progress = asyncio.Event()
        self._has_closed = False
        self.committed: list[str] = []

    async def sold(self, more: int) -> None:
        """Wait until *more* sales were committed from now on."""
        wanted = len(self.committed) + more
        async with asyncio.timeout(DEADLINE):
            while len(self.committed) < wanted:
                self._progress.clear()
                await self._progress.wait()

    def close(self) -> None:
        """Sell no more: the sale under way is brought to its end, lest it happen under another test's eyes."""
        self._has_closed = True

    async def run(self) -> None:
        while not self._has_closed:
            try:
                connection = await asyncpg.connect(self._url())
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.05)
                continue
            try:
                while not self._has_closed:
                    self.committed.append(await connection.fetchval(SALE))
                    self._progress.set()
                    await asyncio.sleep(0.005)
            except DRIVER_ERRORS:
                continue
            finally:
                connection.terminate()


@contextlib.asynccontextmanager
async def selling(url: Callable[[], str]) -> AsyncIterator[Counter]:
    """A counter at work for the length of the block."""
    counter = Counter(url)
    async with asyncio.TaskGroup() as group:
        group.create_task(counter.run())
        yield counter
        counter.close()

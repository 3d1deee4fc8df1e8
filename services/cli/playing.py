"""The station's day, played into the database and watched at a WebSocket, in one command.

The stream is live before the first act is done, so what does not arrive was lost on the way and not merely missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from typing import Any

from services.cli.conversation import Conversation, DatabaseStatus, Happened
from services.cli.database import connection
from services.cli.errors import StreamRefused
from services.cli.stream import follow
from services.station.database import HOW_TO_GET_THEM
from services.station.days import Step
from services.station.desk import Done
from services.station.runner import Play, Watcher
from services.station.tally import Tally
from shared.errors import DatabaseRefused
from shared.queries import query

APP_NAME = "wasla demo"
TABLES = ("bookings", "vehicle_queue", "day_passes", "exit_passes")
LIVE_TIMEOUT = 15.0
"""Seconds within which a gateway that has just started hears of the database."""

ARRIVAL_TIMEOUT = 30.0
"""Seconds that the last events have to arrive."""


class Playing:
    """One play, with what was written and what arrived in ``tally``. ``stop`` ends it after the act under way."""

    def __init__(self, gateway_url: str, *, watcher: Watcher) -> None:
        self.tally = Tally()
        self.stop = asyncio.Event()
        self._gateway_url = gateway_url
        self._watcher = watcher
        self._is_live = asyncio.Event()
        self._has_arrived = asyncio.Event()

    async def run(self, database_url: str, steps: list[Step], *, speed: float) -> Play:
        """Play *steps* and wait until all of it has arrived, or does not in time; return the play, for its progress."""
        async with connection(database_url) as database:
            if not await database.fetchval(query("station/tables_present")):
                raise DatabaseRefused(HOW_TO_GET_THEM)
            play = Play(database, steps, speed=speed, stop=self.stop, watcher=self._note)
            await play.claim()
            listening = asyncio.create_task(self._listen())
            try:
                await self._beside(listening, self._become_live())
                await self._beside(listening, play.run())
                await self._beside(listening, self._settle())
            finally:
                listening.cancel()
                await asyncio.wait([listening])
        return play

    async def _listen(self) -> None:
        conversation = Conversation(APP_NAME, {"tables": list(TABLES)})
        async with contextlib.aclosing(follow(self._gateway_url, conversation)) as items:
            async for item in items:
                if isinstance(item, DatabaseStatus) and item.database == "up":
                    self._is_live.set()
                elif isinstance(item, Happened) and item.tx is not None:
                    self.tally.arrive(item.tx.id, item.seq, time.monotonic())
                    self._has_arrived.set()

    async def _become_live(self) -> None:
        try:
            async with asyncio.timeout(LIVE_TIMEOUT):
                await self._is_live.wait()
        except TimeoutError:
            raise StreamRefused(
                f"the gateway at {self._gateway_url} does not know the database yet; see wasla status, and try again"
            ) from None

    async def _settle(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ARRIVAL_TIMEOUT):
                while not self.tally.is_complete:
                    self._has_arrived.clear()
                    await self._has_arrived.wait()

    async def _beside(self, listening: asyncio.Task[None], work: Coroutine[Any, Any, None]) -> None:
        """Do *work* while somebody listens; a stream that ends for good ends the work with its reason."""
        working = asyncio.create_task(work)
        try:
            await asyncio.wait([listening, working], return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                listening.result()
            await working
        finally:
            working.cancel()
            await asyncio.wait([working])

    def _note(self, step: Step | None, done: Done, committing_at: float) -> None:
        self.tally.write(done.tx_id, done.changes, committing_at)
        self._watcher(step, done, committing_at)

"""What a user sees: the bookings as a client rebuilds them, reloaded from the database whenever it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import asyncpg

from tests.oracle.reference import DEADLINE, Message, Note, ReferenceClient

BOOKINGS = "SELECT id, seats_booked FROM bookings"
Bookings = dict[str, int]


class Screen:
    """A reference client and the bookings it shows; ``story`` is what it was told, in order."""

    def __init__(self, address: str, database_url: Callable[[], str]) -> None:
        self.client = ReferenceClient([address], observe=self._take, subscribe=[{"id": "all", "tables": ["bookings"]}])
        self.story: list[Note] = []
        self.shown: Bookings = {}
        self._database_url = database_url
        self._behind: list[Message] | None = None
        self._reload: asyncio.Task[None] | None = None

    @property
    def seqs(self) -> list[int]:
        """The seq of every event, in the order of arrival."""
        return [note.data["seq"] for note in self.story if note.kind == "realtime_event"]

    @property
    def resyncs(self) -> list[Message]:
        """What every ``resync`` said."""
        return [note.data for note in self.story if note.kind == "resync"]

    @property
    def epoch(self) -> str:
        """The epoch it stands in."""
        return self.client.position.epoch if self.client.position is not None else ""

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until what it is told makes *condition* hold."""
        await self.client.until(condition, timeout=DEADLINE)

    async def until_it_shows(self, bookings: Bookings) -> None:
        """Wait until exactly these bookings are on the screen."""
        async with asyncio.timeout(DEADLINE):
            while self.shown != bookings:  # noqa: ASYNC110 - a reload ends without a message
                await asyncio.sleep(0.02)

    def _take(self, note: Note) -> None:
        self.story.append(note)
        if note.kind == "resync":
            self._behind = []
            if self._reload is not None:
                self._reload.cancel()
            self._reload = asyncio.create_task(self._load())
        elif note.kind == "realtime_event" and self._behind is not None:
            self._behind.append(note.data)
        elif note.kind == "realtime_event":
            self._apply(note.data)

    async def _load(self) -> None:
        self.shown = await bookings(self._database_url())
        behind, self._behind = self._behind or [], None
        for event in behind:
            self._apply(event)

    def _apply(self, event: Message) -> None:
        if event["event_type"] == "DELETE":
            self.shown.pop(event["id"], None)
        else:
            self.shown[event["id"]] = event["data"]["seats_booked"]


@asynccontextmanager
async def screens(addresses: Sequence[str], database_url: Callable[[], str]) -> AsyncIterator[list[Screen]]:
    """One screen for each address, registered, for the length of the block."""
    opened = [Screen(address, database_url) for address in addresses]
    for screen in opened:
        screen.client.start()
    try:
        for screen in opened:
            await screen.until(lambda screen=screen: screen.client.is_registered)  # type: ignore[misc]
        yield opened
    finally:
        for screen in opened:
            await screen.client.stop()


async def bookings(url: str) -> Bookings:
    """Read what a reload reads."""
    connection = await asyncpg.connect(url)
    try:
        return {row["id"]: row["seats_booked"] for row in await connection.fetch(BOOKINGS)}
    finally:
        await connection.close()

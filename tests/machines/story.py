"""What a test on machines tells and checks: one who writes all the time, clients, and the log as the truth."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from tests.machines.installation import Installation, RemoteServer
from tests.oracle.reference import Pace, ReferenceClient
from tests.supervised import DEADLINE

WRITE_INTERVAL = 0.01
PACE = Pace(opening=5.0, silence=3.0, answer=1.0)
"""A client that is in a hurry to notice a machine that went without a word."""

SUBSCRIPTION = {"id": "ticks", "tables": ["ticks"]}


def say(figures: str) -> None:
    """Show what was measured (pytest -s, or in the report of a failure)."""
    sys.stdout.write(f"\n{figures}\n")


@dataclass(slots=True)
class Story:
    """Rows are inserted with the numbers 1 to ``written``, each in a transaction of its own."""

    writer: asyncpg.Connection
    reader: asyncpg.Connection
    written: int = 0
    is_over: bool = False
    last_written: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self) -> None:
        """Insert one row after the other until the story is over."""
        while not self.is_over:
            await self.writer.execute("INSERT INTO ticks VALUES ($1)", self.written + 1)
            self.written += 1
            await asyncio.sleep(WRITE_INTERVAL)
        self.last_written.set()

    async def top(self) -> int:
        """Return the highest number that was sequenced."""
        statement = "SELECT coalesce(max(row_id::int), 0) FROM wasla.event_log WHERE table_name = 'ticks'"
        return int(await self.reader.fetchval(statement))

    async def log(self) -> list[tuple[int, int]]:
        """Return (seq, number) of everything that was sequenced; the log must be without a hole."""
        rows = await self.reader.fetch("SELECT seq, table_name, row_id FROM wasla.event_log ORDER BY seq")
        seqs = [row["seq"] for row in rows]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "every seq once, and none left out"
        return [(row["seq"], int(row["row_id"])) for row in rows if row["table_name"] == "ticks"]

    async def until_sequenced(self, number: int) -> None:
        """Wait until that number stands in the log."""
        async with asyncio.timeout(DEADLINE):
            while await self.top() < number:  # noqa: ASYNC110 - another process writes the log
                await asyncio.sleep(0.01)

    async def end(self, clients: Iterable[ReferenceClient]) -> None:
        """Stop writing, and check that each client received what the log holds, once and in order."""
        self.is_over = True
        await self.last_written.wait()
        await self.until_sequenced(self.written)
        log = await self.log()
        assert [number for _, number in log] == list(range(1, self.written + 1))
        for client in clients:
            await client.until(lambda client=client: len(client.events) >= self.written, timeout=DEADLINE)
            assert [(event["seq"], int(event["id"])) for event in client.events] == log
            assert client.told("resync") == []

    async def progress(self, clients: Iterable[ReferenceClient]) -> float:
        """Wait until something written from now on has reached every client; return how long that took, in seconds."""
        # The row after `written` may be committed already, its answer not read yet: the one behind it is not.
        began_at, number = time.monotonic(), self.written + 2
        for client in clients:
            await client.until(lambda client=client: client.events and int(client.events[-1]["id"]) >= number)
        return time.monotonic() - began_at


async def make_ticks(url: str) -> None:
    """Make the watched table of the stories."""
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE ticks (id integer PRIMARY KEY)")
    await connection.execute("SELECT wasla.watch('ticks', channel => 'ticks')")
    await connection.close()


@asynccontextmanager
async def story(server: RemoteServer, database: str) -> AsyncIterator[Story]:
    """The sessions to write the table ``ticks`` and to read the log: over D's own socket."""
    async with contextlib.AsyncExitStack() as stack:
        sessions = [await asyncpg.connect(server.url(database)) for _ in range(2)]
        for session in sessions:
            stack.callback(session.terminate)
        writer, reader = sessions
        yield Story(writer, reader)


@asynccontextmanager
async def writing(told: Story) -> AsyncIterator[None]:
    """Write for the length of the block; the story is to be ended in it."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(told.write())
        try:
            yield
        finally:
            told.is_over = True
        await task


@asynccontextmanager
async def clients_at(*places: Sequence[Installation]) -> AsyncIterator[list[ReferenceClient]]:
    """One client for each list of addresses, registered, with a subscription to the ticks."""
    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(
                ReferenceClient(
                    [installation.url for installation in place],
                    app_name=f"till {number}",
                    token=place[0].client_key,
                    pace=PACE,
                    subscribe=[SUBSCRIPTION],
                )
            )
            for number, place in enumerate(places)
        ]
        for client in clients:
            await client.until(lambda client=client: client.told("registered"))
        yield clients

"""Several writers at once: nothing is missing, each row's versions stand in order, transactions are contiguous."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.integration.sql.sequencer import Event, Sequencer, assert_well_formed, replay

WRITERS = 6
TRANSACTIONS = 40
ROWS = 15


class RolledBack(Exception):
    """Ends a transaction that the plan wants undone."""


@asynccontextmanager
async def session(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


async def one_transaction(connection: asyncpg.Connection, chance: random.Random) -> None:
    kind = chance.random()
    async with connection.transaction():
        first = chance.randrange(ROWS)
        await connection.execute("UPDATE items SET amount = amount + 1 WHERE id = $1", first)
        if kind < 0.3:
            await connection.execute("SAVEPOINT s")
            await connection.execute("UPDATE items SET amount = amount + 100 WHERE id = $1", first)
            await connection.execute("ROLLBACK TO s")
        if kind < 0.5:
            await connection.execute("SAVEPOINT kept")
            await connection.execute("INSERT INTO items VALUES (nextval('own_key'), 'new', 0)")
            await connection.execute("RELEASE kept")
        if kind > 0.9:
            await asyncio.sleep(chance.random() / 50)  # a long transaction, which other writers' commits overtake
        await connection.execute("INSERT INTO items VALUES (nextval('own_key'), 'last', 0)")
        if kind > 0.8:
            raise RolledBack


async def write(url: str, seed: int) -> None:
    chance = random.Random(seed)
    async with session(url) as connection:
        for _ in range(TRANSACTIONS):
            try:
                await one_transaction(connection, chance)
            except RolledBack:
                continue


async def drain_until(done: asyncio.Event, sequencer: Sequencer, max_rows: int) -> list[Event]:
    events: list[Event] = []
    while not done.is_set():
        events += await sequencer.drain(max_rows)
        await asyncio.sleep(0)
    return events + await sequencer.drain_all(max_rows)


@pytest.mark.parametrize("max_rows", [3, 1000])
async def test_concurrent_writers(
    writer: asyncpg.Connection, sequencer: Sequencer, installed_database_url: str, max_rows: int
) -> None:
    await writer.execute("CREATE SEQUENCE own_key START 1000")
    await writer.execute("INSERT INTO items SELECT n, 'row', 0 FROM generate_series(0, $1::int - 1) AS n", ROWS)
    done = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        draining = group.create_task(drain_until(done, sequencer, max_rows))
        async with asyncio.TaskGroup() as writers:
            for seed in range(WRITERS):
                writers.create_task(write(installed_database_url, seed))
        done.set()
    events = draining.result()
    assert_well_formed(events)
    table = {(row["id"],): row for row in await writer.fetch("TABLE items")}
    rebuilt = replay(events, "items", ["id"])  # checks each version against the one before
    assert {key: (row["label"], row["amount"]) for key, row in rebuilt.items()} == {
        key: (row["label"], row["amount"]) for key, row in table.items()
    }
    assert await sequencer.log() == events


@pytest.mark.parametrize("max_rows", [1, 2, 10])
async def test_a_dependent_transaction_follows_the_one_it_saw(
    writer: asyncpg.Connection, sequencer: Sequencer, installed_database_url: str, max_rows: int
) -> None:
    """The transaction that began first commits last, and saw the other: neither xid nor first id would do."""
    await writer.execute("INSERT INTO items VALUES (1, 'a', 0), (2, 'b', 0)")
    await sequencer.drain()
    async with session(installed_database_url) as early, session(installed_database_url) as late:
        first, second = early.transaction(), late.transaction()
        await first.start()
        await early.execute("UPDATE items SET amount = 1 WHERE id = 2")
        await second.start()
        await late.execute("UPDATE items SET amount = 1 WHERE id = 1")
        await second.commit()
        await early.execute("UPDATE items SET amount = 2 WHERE id = 1")
        await first.commit()
    events = await sequencer.drain_all(max_rows)
    assert [(e.row_id, (e.data or {})["amount"]) for e in events] == [("1", 1), ("2", 1), ("1", 2)]
    assert_well_formed(events)


async def test_a_late_committer_among_many_dead_rows(
    writer: asyncpg.Connection, sequencer: Sequencer, installed_database_url: str
) -> None:
    """What was still running at the last look is found again, whatever came since."""
    async with session(installed_database_url) as slow:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute("INSERT INTO items VALUES (1)")
        for number in range(10, 20):
            await writer.execute("INSERT INTO items VALUES ($1)", number)
            await sequencer.drain()
        assert await sequencer.drain() == []
        await transaction.commit()
    assert [event.row_id for event in await sequencer.drain()] == ["1"]
    assert await sequencer.drain_completely() == []

"""Statements of many rows: what capture adds to an INSERT and an UPDATE, and how much of that is whose.

``captured`` has the trigger and nobody who reads the outbox; ``sequenced`` the real pg-listener beside it, which on a
machine with few cores also takes processor time from the statement.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass

import asyncpg

from tests.benchmarks.environment import environment
from tests.benchmarks.results import Measure, Result
from tests.benchmarks.running import durable_server, pipeline
from tests.benchmarks.turns import Options, in_turns
from tests.databases import fresh_database
from tests.servers import Server

VERSION = 18
TABLE = "CREATE TABLE readings (id bigint PRIMARY KEY, sensor text, value double precision)"
FILL = "INSERT INTO readings SELECT n, 'sensor ' || n % 100, n / 7.0 FROM generate_series(1, $1::bigint) n"
CHANGE = "UPDATE readings SET value = value + 1"


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Who is there while the statement runs."""

    name: str
    watched: bool
    sequencing: bool

    def missing(self) -> str | None:
        """It is ours."""
        return None


BARE = Arrangement("no trigger", watched=False, sequencing=False)
ARRANGEMENTS = (
    BARE,
    Arrangement("wasla, captured", watched=True, sequencing=False),
    Arrangement("wasla, sequenced", watched=True, sequencing=True),
)


async def bulk(options: Options) -> Result:
    """100,000 rows in one statement."""
    rows = options.count(100_000, 10_000)
    insert = Measure(title=f"INSERT of {rows:,} rows", unit="s", reference=BARE.name)
    update = Measure(title=f"UPDATE of {rows:,} rows", unit="s", reference=BARE.name)
    facts = environment()
    with durable_server(VERSION) as server:

        async def turn(arrangement: Arrangement) -> None:
            filled, changed = await statements(server, arrangement, rows)
            insert.add(arrangement.name, filled)
            update.add(arrangement.name, changed)

        outcome = await in_turns(options, "bulk", ARRANGEMENTS, turn)
    return Result(
        name="bulk",
        title=f"Statements of {rows:,} rows",
        about=f"PostgreSQL {VERSION} with its own durability settings, on disk; until the statement returns.",
        quick=options.quick,
        environment=facts,
        measures=[insert, update],
        skipped=outcome.skipped,
        failed=outcome.failed,
    )


async def statements(server: Server, arrangement: Arrangement, rows: int) -> tuple[float, float]:
    """Return the seconds of the INSERT and of the UPDATE, each with an empty outbox before it."""
    async with fresh_database(server, "installed") as url:
        connection = await asyncpg.connect(url)
        await connection.execute(TABLE)
        if arrangement.watched:
            await connection.execute("SELECT wasla.watch('readings')")
        with contextlib.ExitStack() as stack:
            if arrangement.sequencing:
                stack.enter_context(pipeline(url))
            filled = await timed(connection, FILL, rows)
            await empty_outbox(connection, is_read=arrangement.sequencing)
            changed = await timed(connection, CHANGE)
        await connection.close()
        return filled, changed


async def timed(connection: asyncpg.Connection, statement: str, *arguments: object) -> float:
    """Return the seconds a statement takes, after what the one before left to be written."""
    await connection.execute("CHECKPOINT")
    began = time.perf_counter()
    await connection.execute(statement, *arguments, timeout=600)
    return time.perf_counter() - began


async def empty_outbox(connection: asyncpg.Connection, *, is_read: bool) -> None:
    """Wait until everything is sequenced, or, where nobody does that, forget it."""
    if not is_read:
        await connection.execute("TRUNCATE wasla.outbox")
    while await connection.fetchval("SELECT EXISTS (SELECT FROM wasla.outbox)"):
        await connection.execute("SELECT pg_sleep(0.05)")

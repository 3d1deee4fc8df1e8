"""From the database to the clients: how long after a statement its row is at every client, and what writers reach.

The row's time is taken by the statement that makes it, so the commit is in every latency. Nothing is pinned: database,
listener, gateway, load and writers share the cores. The other ways number notifications as they come; that each came
is checked for all.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from tests.benchmarks.environment import environment
from tests.benchmarks.load.generator import Load, Mark, load
from tests.benchmarks.measuring import check
from tests.benchmarks.peers.databases import OURS, PATHS, TABLE, Listening, Nobody, Open, Ours
from tests.benchmarks.results import Measure, Result
from tests.benchmarks.running import durable_server
from tests.benchmarks.turns import Options, in_turns
from tests.benchmarks.writers import pgbench
from tests.databases import fresh_database
from tests.servers import Server

INSERT = "INSERT INTO sold (seats, note) VALUES (2, 'a seat sold at the counter')"
VERSION = 18
FEW = 10
"""Clients where it is not their number that is measured."""

PATIENCE = 180.0
WRITERS_AT_RATE = 8


async def database(options: Options) -> Result:
    """Latency on an idle system, and at a rate of commits with many clients."""
    clients, rate = options.count(1000, 100), options.count(500, 200)
    title = f"Idle, {FEW} clients: latency"
    idle = [Measure(title=f"{title}, {part}", unit="ms", reference=OURS.name) for part in ("p50", "p99")]
    title = f"{rate} commits/s, {clients:,} clients: latency"
    busy = [
        Measure(title=f"{title}, {part}", unit="ms", reference=OURS.name, logarithmic=True) for part in ("p50", "p99")
    ]
    facts = environment()

    with durable_server(VERSION) as server:

        async def turn(path: Ours | Listening) -> None:
            async with opened(server, path) as (url, way):
                quiet = await watched(way, FEW, lambda: one_by_one(url, options.count(100, 30)))
                crowd = await watched(way, clients, lambda: at_rate(url, rate, options.choose(6, 2)))
            for measure, value in zip([*idle, *busy], (quiet.p50, quiet.p99, crowd.p50, crowd.p99), strict=True):
                measure.add(path.name, value)

        outcome = await in_turns(options, "database", PATHS, turn)
    return Result(
        name="database",
        title="From a statement to the clients",
        about=f"Single-row inserts on PostgreSQL {VERSION} with its own durability settings, on disk; latency from "
        "the statement to each client.",
        quick=options.quick,
        environment=facts,
        measures=[*idle, *busy],
        skipped=outcome.skipped,
        failed=outcome.failed,
    )


async def held_back(options: Options) -> Result:
    """Writers as fast as they go: what they reach, and how late a few clients are meanwhile."""
    facts, seconds, nobody = environment(), options.count(8, 2), Nobody()
    reached = {
        writers: Measure(title=f"{writers} writers: transactions/s", unit="/s", reference=nobody.name)
        for writers in (16, 64)
    }
    late = {
        writers: Measure(
            title=f"{writers} writers: latency at {FEW} clients, p50", unit="ms", reference=OURS.name, logarithmic=True
        )
        for writers in (16, 64)
    }
    with durable_server(VERSION) as server:

        async def turn(path: Ours | Listening | Nobody) -> None:
            for writers in (16, 64):
                tps, mark = await written(server, path, writers, seconds)
                reached[writers].add(path.name, tps)
                if mark is not None:
                    late[writers].add(path.name, mark.p50)

        outcome = await in_turns(options, "held-back", (nobody, *PATHS), turn)
    return Result(
        name="held-back",
        title="Writers as fast as they go",
        about=f"pgbench with single-row inserts on PostgreSQL {VERSION}; a fast path that lets clients wait is as "
        "little use as a prompt one that holds writers back, so both are told.",
        quick=options.quick,
        environment=facts,
        measures=[*reached.values(), *late.values()],
        skipped=outcome.skipped,
        failed=outcome.failed,
    )


async def written(
    server: Server, path: Ours | Listening | Nobody, writers: int, seconds: int
) -> tuple[float, Mark | None]:
    """Run pgbench once; return its transactions a second and what a few clients had."""
    if isinstance(path, Nobody):
        async with fresh_database(server, "installed") as url:
            await arrange(url, path.arrangement)
            return await asyncio.to_thread(pgbench, server, url, writers, seconds), None
    tps = 0.0

    async def write() -> int:
        nonlocal tps
        tps = await asyncio.to_thread(pgbench, server, url, writers, seconds)
        return await rows(url)

    async with opened(server, path) as (url, way):
        mark = await watched(way, FEW, write)
    return tps, mark


@contextlib.asynccontextmanager
async def opened(server: Server, path: Ours | Listening) -> AsyncIterator[tuple[str, Open]]:
    """Make a database whose table tells, and run what listens to it."""
    with TemporaryDirectory(prefix="wasla-bench-") as name:
        async with fresh_database(server, "installed") as url:
            await arrange(url, path.arrangement)
            async with path.running(url, Path(name)) as way:
                yield url, way


async def arrange(url: str, arrangement: str) -> None:
    """Make the table, and what makes it tell."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(TABLE)
        if arrangement:
            await connection.execute(arrangement)
    finally:
        await connection.close()


async def watched(way: Open, clients: int, work: object) -> Mark:
    """Let clients in, have something written, and return what they had when every row was at every client."""
    with TemporaryDirectory(prefix="wasla-bench-") as name:
        async with load(way.approach, way.port, clients, Path(name), core=None) as loading:
            await asyncio.sleep(1.5)
            await loading.mark()
            written_rows: int = await work()  # type: ignore[operator]
            return await everywhere(loading, written_rows, clients)


async def everywhere(loading: Load, written_rows: int, clients: int) -> Mark:
    """Wait until every row is at every client, and check."""
    await loading.have(written_rows * clients, PATIENCE)
    mark = await loading.mark()
    check(mark, written_rows * clients, written_rows)
    return mark


async def one_by_one(url: str, count: int) -> int:
    """Insert rows with pauses that let the listener fall asleep; return how many."""
    connection = await asyncpg.connect(url)
    try:
        for _ in range(count):
            await asyncio.sleep(random.uniform(0.1, 0.3))
            await connection.execute(INSERT)
    finally:
        await connection.close()
    return count


async def at_rate(url: str, rate: int, seconds: float) -> int:
    """Insert rows at a steady rate over a few connections; return how many."""
    total, began = int(rate * seconds), time.monotonic() + 0.1
    async with asyncpg.create_pool(url, min_size=WRITERS_AT_RATE, max_size=WRITERS_AT_RATE) as pool:

        async def write(first: int) -> None:
            async with pool.acquire() as connection:
                for number in range(first, total, WRITERS_AT_RATE):
                    await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
                    await connection.execute(INSERT)

        await asyncio.gather(*[write(first) for first in range(WRITERS_AT_RATE)])
    return total


async def rows(url: str) -> int:
    """Return how many rows the table has that were not there before, which is all: it was made for this."""
    connection = await asyncpg.connect(url)
    try:
        count: int = await connection.fetchval("SELECT count(*) FROM sold")
        return count
    finally:
        await connection.close()

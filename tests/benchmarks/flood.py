"""A million rows in one statement: do they arrive in order, how fast, and what memory does it take?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from tests.benchmarks.bulk import FILL, TABLE
from tests.benchmarks.environment import environment
from tests.benchmarks.load.generator import Load, load
from tests.benchmarks.measuring import check
from tests.benchmarks.peers.databases import OURS
from tests.benchmarks.results import Measure, Result
from tests.benchmarks.running import durable_server
from tests.benchmarks.turns import Options, in_turns
from tests.databases import fresh_database
from tests.servers import Server

VERSION = 18
PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Flood:
    """What one flood did; seconds, and the highest resident memory in bytes."""

    statement: float
    first: float
    all: float
    peaks: dict[str, int]


async def flood(options: Options) -> Result:
    """One statement, one client that checks every event's number."""
    count = options.count(1_000_000, 50_000)
    pace = Measure(
        title=f"{count:,} rows in one statement: events/s to a client, from the commit to the last", unit="/s"
    )
    first = Measure(title="From the commit to the first event", unit="s", drawn=False)
    statement = Measure(title="The statement", unit="s", drawn=False)
    memory = Measure(title="Highest resident memory", unit="MiB")
    facts = environment()
    with durable_server(VERSION) as server:

        async def turn(_: object) -> None:
            done = await flooded(server, count)
            pace.add(OURS.name, count / done.all)
            first.add(OURS.name, done.first)
            statement.add(OURS.name, done.statement)
            for name, peak in done.peaks.items():
                memory.add(f"{OURS.name}: {name}", peak / 2**20)

        outcome = await in_turns(options, "flood", [OURS], turn)
    return Result(
        name="flood",
        title="A flood",
        about=f"PostgreSQL {VERSION} with its own durability settings, on disk. Nothing is pinned.",
        quick=options.quick,
        environment=facts,
        measures=[pace, first, statement, memory],
        skipped=outcome.skipped,
        failed=outcome.failed,
    )


async def flooded(server: Server, count: int) -> Flood:
    """Run the statement and wait until the client has every row."""
    async with fresh_database(server, "installed") as url:
        writer = await asyncpg.connect(url)
        await writer.execute(TABLE)
        await writer.execute("SELECT wasla.watch('readings')")
        with TemporaryDirectory(prefix="wasla-bench-") as name:
            async with (
                OURS.running(url, Path(name)) as way,
                load(way.approach, way.port, 1, Path(name), core=None) as client,
            ):
                await client.mark()
                began = time.perf_counter()
                await writer.execute(FILL, count, timeout=PATIENCE)
                committed = time.perf_counter()
                first, last = await arrived(client, count)
                peaks = way.peak_memory()
        await writer.close()
    return Flood(committed - began, first - committed, last - committed, peaks)


async def arrived(client: Load, count: int) -> tuple[float, float]:
    """Return when the first and the last event were there, and check that each was, in order."""
    await client.have(1, PATIENCE)
    first = time.perf_counter()
    await client.have(count, PATIENCE)
    last = time.perf_counter()
    check(await client.mark(), count, count)
    return first, last

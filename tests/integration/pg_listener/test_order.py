"""Many writers at once, batches too small for them, leaders that are killed: the stream is what was committed."""

from __future__ import annotations

import asyncio
import itertools
import random

import asyncpg

from tests.integration.pg_listener.bench import Bench, data

WRITERS = 8
TRANSACTIONS = 25
ROWS = 5
LEADERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1463898956 "
    "AND objid = 2 AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


async def _write(url: str, seed: int) -> int:
    """Raise versions of shared rows in transactions of several statements; return how many rows were changed."""
    rng = random.Random(seed)
    connection = await asyncpg.connect(url)
    changed = 0
    for _ in range(TRANSACTIONS):
        rows = sorted(rng.sample(range(ROWS), rng.randint(1, 3)))  # in order, so that writers never deadlock
        transaction = connection.transaction()
        await transaction.start()
        for row in rows:
            await connection.execute("UPDATE shelves SET version = version + 1 WHERE id = $1", row)
            if rng.random() < 0.3:
                await _change_and_think_again(connection, row)
        if rng.random() < 0.2:
            await transaction.rollback()
            continue
        await transaction.commit()
        changed += len(rows)
    await connection.close()
    return changed


async def _change_and_think_again(connection: asyncpg.Connection, row: int) -> None:
    savepoint = connection.transaction()
    await savepoint.start()
    await connection.execute("UPDATE shelves SET version = version + 1000 WHERE id = $1", row)
    await savepoint.rollback()


async def test_every_version_of_every_row_arrives_in_order(bench: Bench, installed_database_url: str) -> None:
    administrator = await asyncpg.connect(installed_database_url)
    await administrator.execute("CREATE TABLE shelves (id int PRIMARY KEY, version int NOT NULL)")
    await administrator.execute("SELECT wasla.watch('shelves')")
    await administrator.execute("INSERT INTO shelves SELECT n, 0 FROM generate_series(0, $1::int - 1) n", ROWS)
    lines = [line for _, line in [await bench.listener(installed_database_url, batch_max_events=7) for _ in range(2)]]
    reader = await bench.reader(*lines)
    await reader.until(lambda: all(beat.database_up and beat.top_seq >= ROWS for beat in reader.beats.values()))
    position = {line: max(0, ROWS - len(reader.events(line))) for line in lines}

    writers = [asyncio.create_task(_write(installed_database_url, seed)) for seed in range(WRITERS)]
    while not all(writer.done() for writer in writers):
        await administrator.execute(LEADERS)
        await asyncio.wait(writers, timeout=0.2)
    changed = sum(writer.result() for writer in writers)
    for line in lines:
        events = await reader.until_events(changed + ROWS - position[line], line)
        updates = [event for event in events if event.event_type == "UPDATE"]
        assert len(updates) == changed
        seqs = [event.seq for event in events]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        _check(list(map(data, updates)))
    await administrator.close()


def _check(events: list[dict[str, object]]) -> None:
    versions: dict[str, int] = {}
    for event in events:
        row: dict[str, int] = event["data"]  # type: ignore[assignment]
        assert row["version"] == versions.get(str(event["id"]), 0) + 1, "a version was skipped, repeated or overtaken"
        versions[str(event["id"])] = row["version"]
    for _, group in itertools.groupby(events, key=lambda event: event["tx"]["id"]):  # type: ignore[index]
        places = [event["tx"] for event in group]
        size = places[0]["size"]  # type: ignore[index]
        assert [place["index"] for place in places] == list(range(size)), "a transaction is not in one piece"  # type: ignore[index]

"""The log keeps what it should, by age and by count, and drops whole partitions from its old end."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from shared.queries import query
from tests.integration.sql.sequencer import Event, Sequencer, assert_well_formed

SPAN = 250_000
"""Events a partition."""
FOR_EVER = timedelta(days=10_000)
ALL_OF_THEM = 1 << 40


async def jump_to(connection: asyncpg.Connection, seq: int) -> None:
    """Let the next event be ``seq + 1``, as if there had been so many."""
    await connection.execute("UPDATE wasla.position SET seq = $1", seq)


async def maintain(
    sequencer: Sequencer, max_age: timedelta = FOR_EVER, max_rows: int = ALL_OF_THEM
) -> tuple[list[str], list[str]]:
    row = await sequencer.connection.fetchrow(query("maintain_log"), max_age, max_rows)
    return row["dropped"], row["deferred"]


async def over_three_partitions(writer: asyncpg.Connection, sequencer: Sequencer) -> list[Event]:
    """Put two events at the end of each of three partitions."""
    events: list[Event] = []
    for number in range(1, 4):
        await jump_to(writer, number * SPAN - 3)
        await writer.execute("INSERT INTO items VALUES ($1), ($1 + 100)", number)
        events += await sequencer.drain()
    await jump_to(writer, 3 * SPAN + 5)
    return events


async def test_a_batch_may_cross_into_the_next_partition(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await jump_to(writer, SPAN - 3)
    await writer.execute("INSERT INTO items SELECT n FROM generate_series(1, 6) AS n")
    events = await sequencer.drain()
    assert [event.seq for event in events] == list(range(SPAN - 2, SPAN + 4))
    assert_well_formed(events)
    assert await sequencer.log(SPAN - 3) == events
    partitions = await writer.fetch("SELECT DISTINCT tableoid::regclass::text FROM wasla.event_log")
    assert len(partitions) == 2


async def test_partitions_are_made_ahead(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await maintain(sequencer)
    await jump_to(writer, SPAN - 3)
    before = await writer.fetchval("SELECT count(*) FROM pg_inherits WHERE inhparent = 'wasla.event_log'::regclass")
    await writer.execute("INSERT INTO items SELECT n FROM generate_series(1, 6) AS n")
    await sequencer.drain()
    after = await writer.fetchval("SELECT count(*) FROM pg_inherits WHERE inhparent = 'wasla.event_log'::regclass")
    assert before == after >= 2


async def test_partitions_are_made_later_while_a_setup_is_at_work(
    writer: asyncpg.Connection, sequencer: Sequencer
) -> None:
    partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'wasla.event_log'::regclass"
    before = await writer.fetchval(partitions)
    async with writer.transaction():
        await writer.execute("LOCK TABLE ONLY wasla.event_log IN SHARE UPDATE EXCLUSIVE MODE")
        assert await maintain(sequencer) == ([], [])
        assert await writer.fetchval(partitions) == before
    await maintain(sequencer)
    assert await writer.fetchval(partitions) > before


async def test_nothing_young_is_dropped(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    events = await over_three_partitions(writer, sequencer)
    assert await maintain(sequencer) == ([], [])
    assert await sequencer.log() == events


async def test_retention_by_age(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    """Age is counted from the sequencing: a long transaction captured long ago is young when it arrives."""
    events = await over_three_partitions(writer, sequencer)
    await writer.execute("UPDATE wasla.event_log SET captured_at = '-infinity'")
    assert await maintain(sequencer, max_age=timedelta(hours=1)) == ([], [])
    await writer.execute(
        "UPDATE wasla.event_log SET sequenced_at = now() - interval '2 hours' WHERE seq < $1", 2 * SPAN
    )
    dropped, deferred = await maintain(sequencer, max_age=timedelta(hours=1))
    assert (len(dropped), deferred) == (2, [])
    assert [event.seq for event in await sequencer.log()] == [event.seq for event in events[4:]]
    assert (await writer.fetchrow(query("log_position")))["oldest_seq"] == events[4].seq


async def test_retention_by_count(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    events = await over_three_partitions(writer, sequencer)
    assert await maintain(sequencer, max_rows=3 * SPAN) == ([], [])
    dropped, _ = await maintain(sequencer, max_rows=SPAN)
    assert len(dropped) == 2
    assert [event.seq for event in await sequencer.log()] == [event.seq for event in events[4:]]


async def test_a_reader_in_the_way_defers_the_drop(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    events = await over_three_partitions(writer, sequencer)
    async with writer.transaction():
        await writer.fetch("SELECT count(*) FROM wasla.event_log")
        dropped, deferred = await maintain(sequencer, max_rows=1)
        assert (dropped, len(deferred)) == ([], 1)
    assert await sequencer.log() == events
    dropped, deferred = await maintain(sequencer, max_rows=1)
    assert (len(dropped), deferred) == (3, [])
    assert (await writer.fetchrow(query("log_position")))["oldest_seq"] == 3 * SPAN + 6


async def test_sequencing_goes_on_after_everything_was_dropped(
    writer: asyncpg.Connection, sequencer: Sequencer
) -> None:
    await over_three_partitions(writer, sequencer)
    await maintain(sequencer, max_rows=0, max_age=timedelta(0))
    await writer.execute("INSERT INTO items VALUES (1000)")
    [event] = await sequencer.drain()
    assert event.seq == 3 * SPAN + 6


@pytest.mark.parametrize("postgres_version", [18])
async def test_the_log_tells_what_it_holds(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await sequencer.drain()
    position = await writer.fetchrow(query("log_position"))
    assert (position["seq"], position["oldest_seq"]) == (0, 1)

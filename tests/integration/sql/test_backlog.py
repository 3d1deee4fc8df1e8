"""More than a batch is worked off in order, bounded in rows and bytes, before anything newer."""

from __future__ import annotations

import asyncpg
import pytest

from tests.integration.sql.sequencer import Event, Sequencer, assert_well_formed


async def batches(sequencer: Sequencer, max_rows: int, max_bytes: int = 1 << 30) -> list[list[Event]]:
    """Drain until nothing is left; each batch but the last must say that there is more."""
    found: list[list[Event]] = []
    while batch := await sequencer.drain(max_rows, max_bytes):
        found.append(batch)
        if not sequencer.status.has_more:
            break
    assert await sequencer.drain(max_rows, max_bytes) == []
    return found


def joined(found: list[list[Event]]) -> list[Event]:
    return [event for batch in found for event in batch]


async def test_a_big_statement_in_small_batches(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("INSERT INTO items SELECT n FROM generate_series(1, 1050) AS n")
    found = await batches(sequencer, 100)
    assert [len(batch) for batch in found] == [100] * 10 + [50]
    events = joined(found)
    assert [event.row_id for event in events] == [str(n) for n in range(1, 1051)]
    assert_well_formed(events)
    assert await writer.fetchval("SELECT count(*) FROM wasla.backlog") == 0


async def test_what_comes_meanwhile_waits_its_turn(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("INSERT INTO items VALUES (1), (2), (3)")
    await writer.execute("INSERT INTO items VALUES (4), (5)")
    first = await sequencer.drain(2)
    await writer.execute("INSERT INTO items VALUES (6)")
    events = first + await sequencer.drain_all(2)
    assert [event.row_id for event in events] == ["1", "2", "3", "4", "5", "6"]
    assert [(e.tx_index, e.tx_size) for e in events] == [(0, 3), (1, 3), (2, 3), (0, 2), (1, 2), (0, 1)]
    assert_well_formed(events)


@pytest.mark.parametrize("max_rows", [1, 2, 3, 4, 5, 7])
async def test_batches_cut_anywhere_give_the_same_log(
    writer: asyncpg.Connection, sequencer: Sequencer, max_rows: int
) -> None:
    await writer.execute("CREATE SEQUENCE numbers")
    for size in (1, 4, 2, 1, 5, 3):
        await writer.execute("INSERT INTO items SELECT nextval('numbers') FROM generate_series(1, $1)", size)
        await writer.execute("DELETE FROM items WHERE id % 2 = 0")
    stored = await writer.fetch("SELECT coalesce(new_row, old_row) ->> 'id' AS row_id FROM wasla.outbox ORDER BY id")
    events = joined(await batches(sequencer, max_rows))
    assert [event.row_id for event in events] == [row["row_id"] for row in stored]
    assert_well_formed(events)
    assert await sequencer.log() == events


async def test_bytes_bound_a_batch_too(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute(
        "INSERT INTO items SELECT n, (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 320), "
        "(SELECT n) AS again) FROM generate_series(1, 20) AS n"
    )
    found = await batches(sequencer, 1000, 50_000)
    assert max(len(batch) for batch in found) <= 5
    assert_well_formed(joined(found))
    assert len(joined(found)) == 20


async def test_a_row_larger_than_the_bound_passes_alone(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("INSERT INTO items VALUES (1, 'small'), (2, repeat('x', 500000)), (3, 'small')")
    events = joined(await batches(sequencer, 1000, 1000))
    assert [event.row_id for event in events] == ["1", "2", "3"]


async def test_thousands_of_small_transactions(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("""
        DO $$ BEGIN FOR n IN 1..5000 LOOP INSERT INTO items VALUES (n); COMMIT; END LOOP; END $$
    """)
    found = await batches(sequencer, 700)
    assert len(found) == 8
    events = joined(found)
    assert [event.row_id for event in events] == [str(n) for n in range(1, 5001)]
    assert {event.tx_size for event in events} == {1}
    assert_well_formed(events)


async def test_the_plan_survives_the_sequencer(
    writer: asyncpg.Connection, sequencer: Sequencer, installed_database_url: str
) -> None:
    """A call that was rolled back, as by a crash, is taken up where the last complete one ended."""
    await writer.execute("INSERT INTO items SELECT n FROM generate_series(1, 10) AS n")
    events = await sequencer.drain(3)
    transaction = sequencer.connection.transaction(isolation="repeatable_read")
    await transaction.start()
    await sequencer.drain(3)
    await transaction.rollback()
    events += await sequencer.drain_all(3)
    assert [event.row_id for event in events] == [str(n) for n in range(1, 11)]
    assert_well_formed(events)


async def test_a_plan_for_rows_that_are_gone_is_dropped(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("INSERT INTO items SELECT n FROM generate_series(1, 10) AS n")
    await sequencer.drain(3)
    await writer.execute("TRUNCATE wasla.outbox")
    await writer.execute("INSERT INTO items VALUES (11)")
    assert await sequencer.drain(3) == []
    assert sequencer.status.has_more
    assert [event.row_id for event in await sequencer.drain(3)] == ["11"]


async def test_an_empty_call_writes_nothing(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("INSERT INTO items VALUES (1)")
    await sequencer.drain()
    async with sequencer.connection.transaction(isolation="repeatable_read"):
        assert await sequencer.drain() == []
        assert await sequencer.connection.fetchval("SELECT pg_current_xact_id_if_assigned() IS NULL")


async def test_reading_the_log_is_bounded(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("INSERT INTO items SELECT n, repeat('x', 1000) FROM generate_series(1, 20) AS n")
    events = await sequencer.drain_all()
    assert await sequencer.log(after_seq=events[4].seq) == events[5:]
    assert [e.seq for e in await sequencer.log(events[4].seq, max_rows=3)] == [e.seq for e in events[5:8]]
    assert [e.seq for e in await sequencer.log(events[4].seq, max_bytes=10)] == [events[5].seq]
    assert 0 < len(await sequencer.log(events[4].seq, max_bytes=5000)) < 6


async def test_a_mark_follows_all_that_was_committed_before_it(
    writer: asyncpg.Connection, sequencer: Sequencer
) -> None:
    """Who loads a table at the mark sees what has happened by then; an older change told later would undo it there."""
    for n in range(5):
        await writer.execute("INSERT INTO items VALUES ($1)", n)
    await writer.execute("INSERT INTO wasla.capture_failure (table_name, reason) VALUES ('items', 'a test')")
    found = await sequencer.drain(2)
    assert [event.event_type for event in found] == ["INSERT"] * 2
    await writer.execute("INSERT INTO items VALUES (5)")  # while what was found first is worked off
    await writer.execute("INSERT INTO wasla.capture_failure (table_name, reason) VALUES ('items', 'another')")
    while sequencer.status.has_more:
        found += await sequencer.drain(2)
    assert [event.event_type for event in found] == ["INSERT"] * 5 + ["CAPTURE_FAILED", "INSERT", "CAPTURE_FAILED"]


async def test_so_does_the_mark_of_a_report(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    for n in range(3):
        await writer.execute("INSERT INTO items VALUES ($1)", n)
    found = await sequencer.report("items", max_rows=2)
    assert sequencer.status.has_more
    while sequencer.status.has_more:
        found += await sequencer.report("items", max_rows=2)
    assert [event.event_type for event in found] == ["INSERT"] * 3 + ["CAPTURE_FAILED"]


async def test_a_mark_does_not_wait_for_the_end_of_a_flood(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    for n in range(3):
        await writer.execute("INSERT INTO items VALUES ($1)", n)
    await writer.execute("INSERT INTO wasla.capture_failure (table_name, reason) VALUES ('items', 'a test')")
    found: list[Event] = []
    for n in range(3, 10):
        found += await sequencer.drain(2)
        await writer.execute("INSERT INTO items VALUES ($1), ($1 + 100), ($1 + 200)", n)
    assert [event.event_type for event in found[:4]] == ["INSERT", "INSERT", "INSERT", "CAPTURE_FAILED"]
    assert [event.event_type for event in found].count("CAPTURE_FAILED") == 1

"""A row that cannot be numbered as it is becomes a mark in its place; one that is too large goes without its data."""

from __future__ import annotations

import asyncpg
import pytest

from tests.integration.sql.sequencer import MIB, Sequencer, assert_well_formed

POISON = "UPDATE wasla.outbox SET new_row = '[1]' WHERE new_row ->> 'id' = $1"
"""An update's rows are compared as objects; this is none."""


async def updated(writer: asyncpg.Connection, sequencer: Sequencer, rows: int) -> None:
    """Leave one large update in the outbox."""
    await writer.execute("INSERT INTO items SELECT n FROM generate_series(1, $1::int) AS n", rows)
    await sequencer.drain_all()
    await writer.execute("UPDATE items SET label = 'new'")


async def test_the_first_row_alone_is_marked(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await updated(writer, sequencer, 5)
    await writer.execute(POISON, "1")
    with pytest.raises(asyncpg.InvalidParameterValueError):
        await sequencer.drain()
    [mark] = await sequencer.mark_first()
    assert (mark.event_type, mark.table, mark.channel) == ("CAPTURE_FAILED", "items", "items_events")
    assert (mark.row_id, mark.data, mark.changed, mark.old, mark.origin) == (None,) * 5
    assert sequencer.status.has_more
    events = [mark, *await sequencer.drain_all()]
    assert [event.row_id for event in events] == [None, "2", "3", "4", "5"]
    assert_well_formed(events)
    assert (await sequencer.log(mark.seq - 1)) == events


async def test_inside_a_backlog_the_mark_takes_the_rows_place(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await updated(writer, sequencer, 9)
    await writer.execute(POISON, "6")
    events = await sequencer.drain(3) + await sequencer.drain(2)
    with pytest.raises(asyncpg.InvalidParameterValueError):
        await sequencer.drain(1)
    events += await sequencer.mark_first()
    events += await sequencer.drain_all()
    assert [event.row_id for event in events] == ["1", "2", "3", "4", "5", None, "7", "8", "9"]
    assert_well_formed(events)
    assert await writer.fetchval("SELECT count(*) FROM wasla.backlog") == 0
    assert await writer.fetchval("SELECT count(*) FROM wasla.outbox") == 0


async def test_a_mark_where_there_is_nothing_is_none(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    assert await sequencer.mark_first() == []


@pytest.mark.parametrize("max_rows", [1, 10])
async def test_a_row_beyond_the_limit_goes_without_its_data(
    writer: asyncpg.Connection, sequencer: Sequencer, max_rows: int
) -> None:
    sequencer.row_max_bytes = 100_000
    await writer.execute("INSERT INTO items VALUES (1, 'small')")
    await writer.execute("INSERT INTO items VALUES (2, repeat('x', 200000))")
    await writer.execute("UPDATE items SET amount = 1")
    await writer.execute("UPDATE items SET label = 'short' WHERE id = 2")
    await writer.execute("DELETE FROM items")
    events = await sequencer.drain_all(max_rows)
    assert [(e.event_type, e.row_id, e.data is None, e.old is None, e.changed) for e in events] == [
        ("INSERT", "1", False, True, None),
        ("INSERT", "2", True, True, None),
        ("UPDATE", "1", False, False, ["amount"]),
        ("UPDATE", "2", True, True, ["amount"]),
        ("UPDATE", "2", True, True, ["label"]),
        ("DELETE", "1", False, True, None),
        ("DELETE", "2", False, True, None),
    ]
    assert await sequencer.log() == events


async def test_a_row_without_a_text_is_announced(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    """A control character takes a byte in a row and six in JSON: past 1 GB there is no such text."""
    await writer.execute("INSERT INTO items VALUES (1, repeat(chr(1), 180 * 1024 * 1024)), (2, 'small')")
    events = await sequencer.drain_all(max_bytes=MIB)
    assert [(event.row_id, event.data is None) for event in events] == [("1", True), ("2", False)]
    assert await sequencer.log() == events


async def test_only_reports_of_watched_tables_count(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    [mark] = await sequencer.report("no_such_table", "items", "items")
    assert (mark.event_type, mark.table, mark.internal) == ("CAPTURE_FAILED", "items", False)
    assert await sequencer.report("no_such_table") == []


async def test_the_watched_table_makes_an_event_internal_not_its_channel(
    writer: asyncpg.Connection, sequencer: Sequencer
) -> None:
    await writer.execute("INSERT INTO items VALUES (1)")
    await writer.execute("UPDATE wasla.outbox SET arguments[1] = 'wasla_probe'")
    await writer.execute("INSERT INTO wasla.probe (machine, nonce) VALUES ('here', 'n1')")
    events = await sequencer.drain()
    assert [(event.table, event.channel, event.internal) for event in events] == [
        ("items", "wasla_probe", False),
        ("wasla.probe", "wasla_probe", True),
    ]
    assert await sequencer.log() == events

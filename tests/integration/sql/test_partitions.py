"""Partitioned tables are reported under their root's name, however they are written."""

from __future__ import annotations

import asyncpg
import pytest

from services.setup import watch
from tests.integration.sql.sequencer import Sequencer, replay

TABLES = """
    CREATE TABLE journeys (id int, region text, seats int, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
    CREATE TABLE journeys_north PARTITION OF journeys FOR VALUES IN ('north');
    CREATE TABLE journeys_south (seats int, region text NOT NULL, id int NOT NULL);
    ALTER TABLE journeys ATTACH PARTITION journeys_south FOR VALUES IN ('south');
"""


@pytest.fixture
async def journeys(writer: asyncpg.Connection) -> asyncpg.Connection:
    """A writer beside a watched table with two partitions, whose columns differ in order."""
    await writer.execute(TABLES)
    await watch(writer, "journeys")
    return writer


async def rows(connection: asyncpg.Connection) -> dict[tuple[object, ...], dict[str, object]]:
    return {(row["id"], row["region"]): dict(row) for row in await connection.fetch("TABLE journeys")}


async def test_writes_through_the_root(journeys: asyncpg.Connection, sequencer: Sequencer) -> None:
    await journeys.execute("INSERT INTO journeys VALUES (1, 'north', 8), (2, 'south', 8)")
    await journeys.execute("UPDATE journeys SET seats = 7")
    await journeys.execute("DELETE FROM journeys WHERE id = 1")
    events = await sequencer.drain()
    assert [event.event_type for event in events] == ["INSERT", "INSERT", "UPDATE", "UPDATE", "DELETE"]
    assert {(event.table, event.channel) for event in events} == {("journeys", "journeys_events")}
    assert replay(events, "journeys", ("id", "region")) == await rows(journeys)


async def test_writes_named_at_a_partition(journeys: asyncpg.Connection, sequencer: Sequencer) -> None:
    await journeys.execute("INSERT INTO journeys_south (id, region, seats) VALUES (1, 'south', 8), (2, 'south', 8)")
    await journeys.execute("UPDATE journeys_south SET seats = 7 WHERE id = 1")
    await journeys.execute("DELETE FROM journeys_south WHERE id = 2")
    events = await sequencer.drain()
    assert {event.table for event in events} == {"journeys"}
    assert [event.row_id for event in events] == ['[1, "south"]', '[2, "south"]', '[1, "south"]', '[2, "south"]']
    assert replay(events, "journeys", ("id", "region")) == await rows(journeys)


async def test_a_row_that_moves_between_partitions(journeys: asyncpg.Connection, sequencer: Sequencer) -> None:
    await journeys.execute("INSERT INTO journeys SELECT n, 'north', 8 FROM generate_series(1, 10) AS n")
    await journeys.execute("UPDATE journeys SET region = 'south', seats = id WHERE id % 3 = 0")
    await journeys.execute("UPDATE journeys SET seats = seats + 1")
    events = await sequencer.drain()
    assert replay(events, "journeys", ("id", "region")) == await rows(journeys)


async def test_a_merge_over_partitions(journeys: asyncpg.Connection, sequencer: Sequencer) -> None:
    await journeys.execute("INSERT INTO journeys SELECT n, 'north', 8 FROM generate_series(1, 10) AS n")
    await journeys.execute("""
        MERGE INTO journeys USING generate_series(6, 15) AS source (id) ON journeys.id = source.id
        WHEN MATCHED AND source.id = 6 THEN DELETE
        WHEN MATCHED THEN UPDATE SET seats = source.id
        WHEN NOT MATCHED THEN INSERT VALUES (source.id, 'south', 1)
    """)
    events = await sequencer.drain()
    assert replay(events, "journeys", ("id", "region")) == await rows(journeys)


async def test_truncating_the_root_is_a_truncate(journeys: asyncpg.Connection, sequencer: Sequencer) -> None:
    await journeys.execute("INSERT INTO journeys VALUES (1, 'north', 8)")
    await journeys.execute("TRUNCATE journeys")
    events = await sequencer.drain_all()
    assert [event.event_type for event in events] == ["INSERT", "TRUNCATE"]
    assert replay(events, "journeys", ("id", "region")) == {}


async def test_truncating_the_root_without_an_outbox_is_told_all_the_same(
    journeys: asyncpg.Connection, sequencer: Sequencer
) -> None:
    await journeys.execute("DROP TABLE wasla.outbox")
    await journeys.execute("TRUNCATE journeys_north")
    events = await sequencer.drain_all()
    assert [(event.event_type, event.table) for event in events] == [("CAPTURE_FAILED", "journeys")]


async def test_truncating_one_partition_tells_readers_to_reload(
    journeys: asyncpg.Connection, sequencer: Sequencer
) -> None:
    await journeys.execute("INSERT INTO journeys VALUES (1, 'north', 8), (2, 'south', 8)")
    await journeys.execute("TRUNCATE journeys_north")
    events = await sequencer.drain_all()
    assert [(event.event_type, event.table) for event in events] == [
        ("INSERT", "journeys"),
        ("INSERT", "journeys"),
        ("CAPTURE_FAILED", "journeys"),
    ]


async def test_watching_again_picks_up_new_partitions(journeys: asyncpg.Connection, sequencer: Sequencer) -> None:
    await journeys.execute("CREATE TABLE journeys_east PARTITION OF journeys FOR VALUES IN ('east')")
    await watch(journeys, "journeys")
    await journeys.execute("INSERT INTO journeys_east VALUES (1, 'east', 8)")
    [event] = await sequencer.drain()
    assert (event.table, event.row_id) == ("journeys", '[1, "east"]')


async def test_partitions_of_partitions(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("""
        CREATE TABLE trips (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE trips_low PARTITION OF trips FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
        CREATE TABLE trips_lowest PARTITION OF trips_low FOR VALUES FROM (0) TO (5);
    """)
    await watch(writer, "trips")
    await writer.execute("INSERT INTO trips VALUES (1)")
    await writer.execute("INSERT INTO trips_low VALUES (2)")
    await writer.execute("INSERT INTO trips_lowest VALUES (3)")
    events = await sequencer.drain()
    assert [(event.table, event.row_id) for event in events] == [("trips", "1"), ("trips", "2"), ("trips", "3")]

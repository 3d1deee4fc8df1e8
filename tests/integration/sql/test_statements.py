"""Every statement that changes rows becomes events, one a row, with what changed."""

from __future__ import annotations

import time

import asyncpg

from tests.integration.sql.sequencer import Sequencer


async def test_an_insert_carries_the_new_row(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("INSERT INTO items VALUES (1, 'tea', 2.50)")
    [event] = await sequencer.drain()
    assert (event.table, event.channel, event.event_type, event.row_id) == ("items", "items_events", "INSERT", "1")
    assert event.data == {"id": 1, "label": "tea", "amount": 2.50}
    assert (event.changed, event.old, event.business_event) == (None, None, None)
    assert (event.tx_index, event.tx_size, event.origin) == (0, 1, "counter-1")


async def test_times_are_the_databases(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    clock = "SELECT extract(epoch FROM clock_timestamp())::float8"
    before = await writer.fetchval(clock)
    await writer.execute("INSERT INTO items VALUES (1)")
    [event] = await sequencer.drain()
    after = await writer.fetchval(clock)
    assert before <= event.captured_at <= event.sequenced_at <= after
    assert abs(time.time() - after) < 60


async def test_a_session_without_a_name_has_no_origin(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("SET application_name = ''; INSERT INTO items VALUES (1)")
    [event] = await sequencer.drain()
    assert event.origin is None


async def test_an_update_names_what_changed_in_column_order(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("INSERT INTO items VALUES (1, 'tea', 2)")
    await sequencer.drain()
    await writer.execute("UPDATE items SET amount = NULL, label = 'mint tea', id = 1")
    [event] = await sequencer.drain()
    assert (event.event_type, event.row_id) == ("UPDATE", "1")
    assert event.data == {"id": 1, "label": "mint tea", "amount": None}
    assert set(event.changed or []) == {"label", "amount"}
    assert event.old == {"label": "tea", "amount": 2}


async def test_an_update_that_changes_nothing_says_so(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("INSERT INTO items VALUES (1, 'tea', 2)")
    await sequencer.drain()
    await writer.execute("UPDATE items SET label = label")
    [event] = await sequencer.drain()
    assert (event.event_type, event.changed, event.old, event.business_event) == ("UPDATE", [], {}, None)


async def test_an_update_of_the_key_knows_the_old_one(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("INSERT INTO items SELECT n, 'item ' || n FROM generate_series(1, 20) AS n")
    await sequencer.drain()
    await writer.execute("UPDATE items SET id = id + 100, amount = id")
    events = await sequencer.drain()
    assert len(events) == 20
    for event in events:
        assert event.data is not None
        assert event.old is not None
        assert event.data["id"] == event.old["id"] + 100
        assert event.data["label"] == f"item {event.old['id']}"
        assert event.row_id == str(event.data["id"])


async def test_a_delete_carries_the_old_row(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("INSERT INTO items VALUES (1, 'tea', 2)")
    await sequencer.drain()
    await writer.execute("DELETE FROM items")
    [event] = await sequencer.drain()
    assert (event.event_type, event.row_id, event.changed, event.old) == ("DELETE", "1", None, None)
    assert event.data == {"id": 1, "label": "tea", "amount": 2}


async def test_a_truncate_is_one_event_without_a_row(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("INSERT INTO items VALUES (1), (2)")
    await writer.execute("TRUNCATE items")
    events = await sequencer.drain()
    assert [(event.event_type, event.row_id) for event in events] == [
        ("INSERT", "1"),
        ("INSERT", "2"),
        ("TRUNCATE", None),
    ]
    assert (events[-1].data, events[-1].changed, events[-1].old) == (None, None, None)


async def test_statements_without_rows_are_silent(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("UPDATE items SET label = 'x'; DELETE FROM items; INSERT INTO items SELECT 1 WHERE false")
    assert await sequencer.drain() == []


async def test_copy_arrives_in_its_order(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.copy_records_to_table("items", records=[(n, f"item {n}", None) for n in range(50)])
    events = await sequencer.drain()
    assert [event.row_id for event in events] == [str(n) for n in range(50)]
    assert [event.tx_index for event in events] == list(range(50))
    assert {event.tx_size for event in events} == {50}


async def test_an_upsert_is_inserts_and_updates(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("INSERT INTO items VALUES (1, 'tea')")
    await sequencer.drain()
    await writer.execute(
        "INSERT INTO items VALUES (1, 'coffee'), (2, 'juice') ON CONFLICT (id) DO UPDATE SET label = excluded.label"
    )
    events = await sequencer.drain()
    assert sorted((event.event_type, event.row_id) for event in events) == [("INSERT", "2"), ("UPDATE", "1")]
    [update] = [event for event in events if event.event_type == "UPDATE"]
    assert update.old == {"label": "tea"}


async def test_an_upsert_that_does_nothing_is_silent(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("INSERT INTO items VALUES (1, 'tea')")
    await sequencer.drain()
    await writer.execute("INSERT INTO items VALUES (1, 'coffee') ON CONFLICT DO NOTHING")
    assert await sequencer.drain() == []


async def test_a_merge_is_all_three(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("INSERT INTO items SELECT n, 'old', n FROM generate_series(1, 20) AS n")
    await sequencer.drain()
    await writer.execute("""
        MERGE INTO items USING generate_series(11, 30) AS source (id) ON items.id = source.id
        WHEN MATCHED AND source.id > 15 THEN DELETE
        WHEN MATCHED THEN UPDATE SET label = 'new ' || source.id
        WHEN NOT MATCHED THEN INSERT VALUES (source.id, 'merged')
    """)
    events = await sequencer.drain()
    by_type = {kind: [e for e in events if e.event_type == kind] for kind in ("INSERT", "UPDATE", "DELETE")}
    assert {int(e.row_id or 0) for e in by_type["INSERT"]} == set(range(21, 31))
    assert {int(e.row_id or 0) for e in by_type["DELETE"]} == set(range(16, 21))
    assert {int(e.row_id or 0): (e.data or {})["label"] for e in by_type["UPDATE"]} == {
        n: f"new {n}" for n in range(11, 16)
    }
    assert all(e.old == {"label": "old"} for e in by_type["UPDATE"])


async def test_cascades_are_captured_on_every_watched_table(clerk: asyncpg.Connection, station: Sequencer) -> None:
    await clerk.execute(
        "INSERT INTO bookings (id, queue_id, seats_booked) VALUES ('b1', 'queue-1', 2), ('b2', 'queue-2', 1)"
    )
    await station.drain()
    await clerk.execute("DELETE FROM vehicle_queue WHERE id = 'queue-1'")
    events = await station.drain()
    assert {(e.table, e.event_type, e.row_id) for e in events} == {
        ("vehicle_queue", "DELETE", "queue-1"),
        ("bookings", "UPDATE", "b1"),
    }
    [noise] = [e for e in events if e.table == "bookings"]
    assert (noise.changed, noise.old) == (["queue_id"], {"queue_id": "queue-1"})
    assert len({e.tx_id for e in events}) == 1

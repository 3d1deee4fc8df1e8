"""Rows of every shape: their keys, their names, their types, their size."""

from __future__ import annotations

import json

import asyncpg
import pytest

from services.setup import watch
from shared.queries import query
from tests.integration.sql.sequencer import MIB, Sequencer


async def test_a_composite_key_is_a_json_array_in_key_order(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("CREATE TABLE seats (seat int, vehicle text, taken bool, PRIMARY KEY (vehicle, seat))")
    await watch(writer, "seats")
    await writer.execute("""INSERT INTO seats VALUES (3, '12 "TUN" 34', true)""")
    await writer.execute("UPDATE seats SET seat = 4; DELETE FROM seats")
    events = await sequencer.drain()
    assert [json.loads(event.row_id or "") for event in events] == [
        ['12 "TUN" 34', 3],
        ['12 "TUN" 34', 4],
        ['12 "TUN" 34', 4],
    ]


async def test_names_that_need_quotes(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("""CREATE SCHEMA "Dépôt" """)
    await writer.execute("""
        CREATE TABLE "Dépôt"."Day's ""List" ("the Key" text PRIMARY KEY, "queueType" text, "select" int, "a%b$1" int)
    """)
    await watch(writer, '''"Dépôt"."Day's ""List"''', channel="liste du jour")
    await writer.execute("""INSERT INTO "Dépôt"."Day's ""List" VALUES ('k''1', 'REGULAR', 1, 2)""")
    await writer.execute("""UPDATE "Dépôt"."Day's ""List" SET "queueType" = 'OVERNIGHT' """)
    insert, update = await sequencer.drain()
    assert insert.table == """Dépôt.Day's "List"""
    assert insert.channel == "liste du jour"
    assert insert.row_id == "k'1"
    assert insert.data == {"the Key": "k'1", "queueType": "REGULAR", "select": 1, "a%b$1": 2}
    assert (update.changed, update.old) == (["queueType"], {"queueType": "REGULAR"})


async def test_the_camel_case_column_of_the_queue(clerk: asyncpg.Connection, station: Sequencer) -> None:
    await clerk.execute("""UPDATE vehicle_queue SET "queueType" = 'OVERNIGHT' WHERE id = 'queue-1'""")
    [event] = await station.drain()
    assert event.data is not None
    assert (event.changed, event.data["queueType"]) == (["queueType"], "OVERNIGHT")


async def test_stored_generated_columns_have_their_values(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute(
        "CREATE TABLE sums (id int PRIMARY KEY, a int, doubled int GENERATED ALWAYS AS (a * 2) STORED)"
    )
    await watch(writer, "sums")
    await writer.execute("INSERT INTO sums VALUES (1, 5); UPDATE sums SET a = 6")
    insert, update = await sequencer.drain()
    assert insert.data == {"id": 1, "a": 5, "doubled": 10}
    assert update.data == {"id": 1, "a": 6, "doubled": 12}
    assert update.old == {"a": 5, "doubled": 10}


@pytest.mark.parametrize("postgres_version", [18])
async def test_virtual_generated_columns_are_left_out(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    """A trigger sees them as null, which would be a lie."""
    await writer.execute(
        "CREATE TABLE sums (id int PRIMARY KEY, a int, doubled int GENERATED ALWAYS AS (a * 2) VIRTUAL)"
    )
    await watch(writer, "sums")
    await writer.execute("INSERT INTO sums VALUES (1, 5); UPDATE sums SET a = 6; DELETE FROM sums")
    insert, update, delete = await sequencer.drain()
    assert insert.data == {"id": 1, "a": 5}
    assert update.data == delete.data == {"id": 1, "a": 6}
    assert (update.changed, update.old) == (["a"], {"a": 5})
    [columns] = [row["columns"] for row in await writer.fetch(query("catalog")) if row["table_name"] == "sums"]
    assert set(json.loads(columns)) == {"id", "a"}


async def test_values_of_many_types(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("CREATE TYPE mood AS ENUM ('calm', 'busy')")
    await writer.execute("""
        CREATE TABLE kinds (id uuid PRIMARY KEY, big numeric, huge bigint, flag bool, at timestamp, tags text[],
                            doc jsonb, plain json, raw bytea, mood mood, span interval, nothing text)
    """)
    await watch(writer, "kinds")
    await writer.execute("""
        INSERT INTO kinds VALUES ('6ff50e4f-0a0f-4f0e-9d6c-9f1e7f6b9a10', 12345678901234567890.123, 9223372036854775807,
            true, '2025-03-01 06:50:00', '{a,"b c"}', '{"k": [1, null]}', '{"b":1, "a":2}', '\\x00ff', 'busy',
            '2 hours', NULL)
    """)
    text = await sequencer.connection.fetchval("SELECT new_row::text FROM wasla.outbox")
    assert "12345678901234567890.123" in text
    [event] = await sequencer.drain()
    assert event.row_id == "6ff50e4f-0a0f-4f0e-9d6c-9f1e7f6b9a10"
    assert event.data is not None
    assert event.data["huge"] == 9223372036854775807
    assert event.data["at"] == "2025-03-01T06:50:00"
    assert event.data["tags"] == ["a", "b c"]
    assert event.data["doc"] == {"k": [1, None]}
    assert event.data["raw"] == "\\x00ff"
    assert (event.data["mood"], event.data["nothing"]) == ("busy", None)


async def test_columns_named_like_what_the_capture_uses(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    names = (
        "t",
        "r",
        "n",
        "o",
        "place",
        "new_row",
        "old_row",
        "stamp",
        "stamps",
        "setting",
        "captured",
        "wasla_new",
        "row",
    )
    columns = ", ".join(f'"{name}" text' for name in names)
    await writer.execute(f"CREATE TABLE named (id int PRIMARY KEY, {columns})")
    await watch(writer, "named")
    await writer.execute("INSERT INTO named (id, t) VALUES (1, 'first')")
    await writer.execute("UPDATE named SET t = 'second', r = 'third'")
    await writer.execute("DELETE FROM named")
    insert, update, delete = await sequencer.drain()
    assert set(insert.data or {}) == {"id", *names}
    assert (update.old, (update.data or {})["r"]) == ({"t": "first", "r": None}, "third")
    assert (delete.data or {})["t"] == "second"


async def test_a_row_reads_the_same_whatever_the_writers_settings(
    writer: asyncpg.Connection, sequencer: Sequencer
) -> None:
    await writer.execute("CREATE TABLE facts (id int PRIMARY KEY, f float8, raw bytea, span interval, at timestamptz)")
    await watch(writer, "facts")
    values = "0.1::float8 + 0.2, '\\xdead', '1 month 2 days 3 hours', '2025-03-01 06:50:00+00'"
    await writer.execute(f"INSERT INTO facts VALUES (1, {values})")
    await writer.execute(
        "SET extra_float_digits = -5; SET bytea_output = escape; "
        "SET intervalstyle = iso_8601; SET timezone = 'Africa/Tunis'"
    )
    await writer.execute(f"INSERT INTO facts VALUES (2, {values})")
    plain, altered = [{**(event.data or {}), "id": None} for event in await sequencer.drain()]
    assert plain == altered
    assert plain["f"] == 0.30000000000000004


async def test_a_writers_settings_are_left_as_they_were(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    read = "SELECT name, setting FROM pg_settings WHERE name IN ('TimeZone', 'IntervalStyle', 'lock_timeout')"
    await writer.execute("SET intervalstyle = iso_8601")
    async with writer.transaction():
        await writer.execute("SET LOCAL timezone = 'Africa/Tunis'")
        within = await writer.fetch(read)
        await writer.execute("INSERT INTO items VALUES (1)")
        assert await writer.fetch(read) == within
        await writer.execute("SET timezone = 'Asia/Tokyo'")
    assert await writer.fetchval("SHOW timezone") == "Asia/Tokyo"
    assert await writer.fetchval("SHOW intervalstyle") == "iso_8601"
    assert len(await sequencer.drain()) == 1


@pytest.mark.parametrize("size", [9_000, 3 * MIB], ids=["9kB", "3MiB"])
async def test_large_rows_pass_whole(writer: asyncpg.Connection, sequencer: Sequencer, size: int) -> None:
    await writer.execute("INSERT INTO items VALUES (1, repeat('é', $1))", size // 2)
    await writer.execute("UPDATE items SET label = label || '.', amount = 1")
    insert, update = await sequencer.drain()
    assert (insert.data or {})["label"] == "é" * (size // 2)
    assert (update.old or {})["label"] == "é" * (size // 2)
    assert update.changed in (["label", "amount"], ["amount", "label"])


async def test_a_key_added_by_a_unique_index_will_do(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("CREATE TABLE plates (plate text NOT NULL, note text); CREATE UNIQUE INDEX ON plates (plate)")
    await watch(writer, "plates")
    await writer.execute("INSERT INTO plates VALUES ('123 TUN 4', 'x')")
    [event] = await sequencer.drain()
    assert event.row_id == "123 TUN 4"


async def test_columns_added_and_renamed_later_are_captured(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("INSERT INTO items VALUES (1, 'tea')")
    await writer.execute("ALTER TABLE items ADD COLUMN note text DEFAULT 'n'; ALTER TABLE items DROP COLUMN amount")
    await writer.execute("ALTER TABLE items RENAME COLUMN label TO title")
    await writer.execute("UPDATE items SET title = 'mint', note = NULL")
    _, update = await sequencer.drain()
    assert update.data == {"id": 1, "title": "mint", "note": None}
    assert update.old == {"title": "tea", "note": "n"}

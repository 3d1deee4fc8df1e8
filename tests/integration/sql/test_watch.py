"""Watching: what may be watched, under which names, again and again, and how it ends."""

from __future__ import annotations

import json

import asyncpg
import pytest

from services.setup import unwatch, watch
from shared.errors import DatabaseRefused
from shared.queries import query
from tests.integration.sql.sequencer import Sequencer

UNTRIGGERED = "SELECT relation::text, trigger_name, problem FROM wasla.untriggered"


async def catalog(connection: asyncpg.Connection) -> dict[str, asyncpg.Record]:
    return {row["table_name"]: row for row in await connection.fetch(query("catalog"))}


async def triggers(connection: asyncpg.Connection, table: str) -> list[str]:
    return [
        row["tgname"]
        for row in await connection.fetch(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = $1::text::regclass AND NOT tgisinternal ORDER BY 1", table
        )
    ]


async def make_the_unwatchable(connection: asyncpg.Connection) -> None:
    await connection.execute("""
        CREATE TABLE keyless (id int, note text UNIQUE);
        CREATE TABLE partial_key (id int NOT NULL, note text);
        CREATE UNIQUE INDEX ON partial_key (id) WHERE note IS NULL;
        CREATE UNIQUE INDEX ON partial_key ((id + 1));
        CREATE VIEW seen AS SELECT * FROM items;
        CREATE MATERIALIZED VIEW kept AS SELECT * FROM items;
        CREATE TEMP TABLE passing (id int PRIMARY KEY);
        CREATE SEQUENCE numbers;
        CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE ancestor (id int PRIMARY KEY);
        CREATE TABLE descendant (PRIMARY KEY (id)) INHERITS (ancestor);
        CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (0) TO (10);
    """)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("keyless", "keyless has no key: add a primary key"),
        ("partial_key", "partial_key has no key"),
        ("seen", r"expected a table, but public\.seen is not one"),
        ("kept", r"expected a table, but public\.kept is not one"),
        ("numbers", r"expected a table, but public\.numbers is not one"),
        ("passing", "passing is temporary"),
        ("pg_class", "pg_class belongs to PostgreSQL"),
        ("parted_low", "parted_low is a partition"),
        ("wasla.outbox", "belongs to Wasla itself"),
        ("wasla.event_log", "belongs to Wasla itself"),
        ("ancestor", "is part of a table inheritance"),
        ("descendant", "is part of a table inheritance"),
        ("nowhere", 'relation "nowhere" does not exist'),
        ("no.such.thing.at.all", "improper relation name"),
    ],
)
async def test_what_cannot_be_watched_is_refused(writer: asyncpg.Connection, table: str, sentence: str) -> None:
    await make_the_unwatchable(writer)
    with pytest.raises(DatabaseRefused, match=f"{table} is not watched: .*{sentence}.*nothing was changed"):
        await watch(writer, table)
    assert set(await catalog(writer)) == {"items", "wasla.probe"}


@pytest.mark.parametrize("channel", ["", "x" * 64, "é" * 32])
async def test_a_channel_that_notify_would_refuse(writer: asyncpg.Connection, channel: str) -> None:
    with pytest.raises(DatabaseRefused, match="expected a channel name of 1 to 63 bytes"):
        await watch(writer, "items", channel=channel)


@pytest.mark.parametrize("channel", ["wasla_probe", "wasla_wake", "wasla_anything"])
async def test_the_channels_of_wasla_itself(writer: asyncpg.Connection, channel: str) -> None:
    with pytest.raises(DatabaseRefused, match=f"are for Wasla itself, got {channel}: choose another name"):
        await watch(writer, "items", channel=channel)


async def test_two_tables_of_one_name(writer: asyncpg.Connection) -> None:
    await writer.execute(
        'CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY); CREATE TABLE "s.t" (id int PRIMARY KEY)'
    )
    await watch(writer, "s.t")
    with pytest.raises(DatabaseRefused, match="would carry the name of another watched table"):
        await watch(writer, '"s.t"')


async def test_a_detached_partition_is_unwatched_with_its_table(writer: asyncpg.Connection) -> None:
    await writer.execute("""
        CREATE TABLE years (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE first_year PARTITION OF years FOR VALUES FROM (0) TO (10);
    """)
    await watch(writer, "years")
    await writer.execute("ALTER TABLE years DETACH PARTITION first_year")
    assert await triggers(writer, "first_year")
    await unwatch(writer, "years")
    assert await triggers(writer, "first_year") == []


@pytest.mark.parametrize("capture", ["no_such_function", "sequence", "notify_change()"])
async def test_an_unknown_capture_function(writer: asyncpg.Connection, capture: str) -> None:
    with pytest.raises(DatabaseRefused, match="expected a capture function of wasla"):
        await watch(writer, "items", capture=capture)


async def test_watching_again_changes_channel_and_capture(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await watch(writer, "items", channel="stock", capture="notify_booking_change")
    await watch(writer, "items", channel="stock", capture="notify_booking_change")
    await writer.execute("INSERT INTO items VALUES (1)")
    [event] = await sequencer.drain()
    assert (event.channel, event.business_event) == ("stock", "BOOKING_CREATED")
    assert (await catalog(writer))["items"]["channel"] == "stock"


async def test_unwatching_leaves_the_table_as_it_was(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await unwatch(writer, "items")
    await unwatch(writer, "items")
    await writer.execute("INSERT INTO items VALUES (1)")
    assert await sequencer.drain() == []
    assert await triggers(writer, "items") == []
    assert set(await catalog(writer)) == {"wasla.probe"}


async def test_unwatching_a_partitioned_table(writer: asyncpg.Connection) -> None:
    await make_the_unwatchable(writer)
    await watch(writer, "parted")
    assert len(await triggers(writer, "parted_low")) == 5
    await unwatch(writer, "parted")
    assert await triggers(writer, "parted") == await triggers(writer, "parted_low") == []


async def test_a_table_that_was_dropped_can_be_unwatched_by_name(writer: asyncpg.Connection) -> None:
    await writer.execute("DROP TABLE items")
    await unwatch(writer, "items")
    assert await writer.fetchval("SELECT count(*) FROM wasla.watched WHERE NOT internal") == 0


async def test_a_table_dropped_and_made_anew_can_be_watched(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("DROP TABLE items; CREATE TABLE items (other int PRIMARY KEY)")
    await watch(writer, "items")
    await writer.execute("INSERT INTO items VALUES (5)")
    [event] = await sequencer.drain()
    assert (event.row_id, event.data) == ("5", {"other": 5})


async def test_the_default_channel_and_the_name_outside_public(writer: asyncpg.Connection) -> None:
    await writer.execute("CREATE SCHEMA audit; CREATE TABLE audit.entries (id int PRIMARY KEY)")
    await watch(writer, "audit.entries")
    assert (await catalog(writer))["audit.entries"]["channel"] == "entries_events"


async def test_a_users_own_triggers_stay(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("""
        CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN NEW.label := upper(NEW.label); RETURN NEW; END $$;
        CREATE TRIGGER shout BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION shout();
    """)
    await unwatch(writer, "items")
    await watch(writer, "items")
    await writer.execute("INSERT INTO items VALUES (1, 'tea')")
    [event] = await sequencer.drain()
    assert (event.data or {})["label"] == "TEA"
    await unwatch(writer, "items")
    assert await triggers(writer, "items") == ["shout"]


async def test_the_catalogue_knows_the_kinds_of_columns(writer: asyncpg.Connection) -> None:
    await writer.execute("""
        CREATE DOMAIN price AS numeric(10, 3);
        CREATE TABLE kinds (id bigint PRIMARY KEY, p price, f float8, t text, b bool, j jsonb, a int[], d date, u uuid);
    """)
    await watch(writer, "kinds")
    row = (await catalog(writer))["kinds"]
    assert json.loads(row["columns"]) == {
        "id": "number",
        "p": "number",
        "f": "number",
        "t": "string",
        "b": "boolean",
        "j": "json",
        "a": "json",
        "d": "string",
        "u": "string",
    }
    assert (row["internal"], row["key_columns"]) == (False, ["id"])


async def test_missing_and_disabled_triggers_are_listed(writer: asyncpg.Connection) -> None:
    await make_the_unwatchable(writer)
    await watch(writer, "parted")
    assert await writer.fetch(UNTRIGGERED) == []
    await writer.execute("CREATE TABLE parted_high PARTITION OF parted FOR VALUES FROM (10) TO (20)")
    await writer.execute("ALTER TABLE items DISABLE TRIGGER wasla_insert; DROP TRIGGER wasla_stamp ON items")
    found = {(r["relation"], r["trigger_name"], r["problem"]) for r in await writer.fetch(UNTRIGGERED)}
    assert found == {
        ("items", "wasla_insert", "disabled"),
        ("items", "wasla_stamp", "missing"),
        *(("parted_high", f"wasla_{name}", "missing") for name in ("stamp", "insert", "update", "delete", "truncate")),
    }


async def test_without_the_schema_one_is_told_to_install(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE TABLE items (id int PRIMARY KEY)")
    with pytest.raises(DatabaseRefused, match="run wasla setup first"):
        await watch(connection, "items")
    with pytest.raises(DatabaseRefused, match="run wasla setup first"):
        await unwatch(connection, "items")
    await connection.close()


async def test_a_busy_table_is_not_waited_for_for_ever(
    writer: asyncpg.Connection, installed_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.setup.transactions.LOCK_TIMEOUT", 0.1)
    other = await asyncpg.connect(installed_database_url)
    async with writer.transaction():
        await writer.execute("INSERT INTO items VALUES (1)")
        with pytest.raises(DatabaseRefused, match=r"a lock was not to be had within 0\.1 s"):
            await unwatch(other, "items")
    monkeypatch.undo()
    await unwatch(other, "items")
    await other.close()

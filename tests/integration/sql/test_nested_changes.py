"""Rows that a statement changes through triggers and foreign keys: replaying the events rebuilds the table.

A statement trigger fires after everything that the statement's row triggers did, and after cascades. Recorded in that
order, an insert that renumbers its neighbours would come after the renumbering.
"""

from __future__ import annotations

import random

import asyncpg

from services.setup import watch
from tests.integration.sql.sequencer import Event, Sequencer, assert_well_formed, replay

TRIALS = 60

QUEUE = """
    CREATE TABLE lane (id int PRIMARY KEY, place int NOT NULL, note text);
    CREATE FUNCTION make_room() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            UPDATE lane SET place = place + 1 WHERE place >= NEW.place AND id <> NEW.id;
        ELSIF TG_OP = 'DELETE' THEN
            UPDATE lane SET place = place - 1 WHERE place > OLD.place;
        ELSIF NEW.note = 'last' AND OLD.note IS DISTINCT FROM 'last' THEN
            UPDATE lane SET place = (SELECT max(place) + 1 FROM lane) WHERE id = NEW.id;
        ELSIF NEW.note = 'gone' THEN
            DELETE FROM lane WHERE id = NEW.id;
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER make_room AFTER INSERT OR UPDATE OR DELETE ON lane FOR EACH ROW EXECUTE FUNCTION make_room();
"""

FAMILY = """
    CREATE TABLE trip (id int PRIMARY KEY, parent int REFERENCES trip ON DELETE CASCADE, note text);
    CREATE TABLE seat (id int PRIMARY KEY, trip int REFERENCES trip ON DELETE SET NULL ON UPDATE CASCADE, note text);
    CREATE FUNCTION mark_free() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.trip IS NULL AND OLD.trip IS NOT NULL THEN
            UPDATE seat SET note = 'freed' WHERE id = NEW.id;
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER mark_free AFTER UPDATE ON seat FOR EACH ROW EXECUTE FUNCTION mark_free();
"""


def lane_statement(chance: random.Random) -> str:
    """Return a statement that makes the lane's trigger renumber."""
    key, place = chance.randint(1, 12), chance.randint(1, 6)
    return chance.choice(
        [
            f"INSERT INTO lane VALUES ({key}, {place}) ON CONFLICT DO NOTHING",
            f"INSERT INTO lane VALUES ({key}, {place}), ({key + 20}, 1) ON CONFLICT (id) DO UPDATE SET note = 'again'",
            f"DELETE FROM lane WHERE id = {key}",
            f"DELETE FROM lane WHERE place < {place}",
            f"UPDATE lane SET note = 'last' WHERE id % 5 = {place}",
            f"UPDATE lane SET note = 'gone' WHERE id = {key}",
            f"UPDATE lane SET note = 'n{place}', place = place + 1 WHERE id > {key}",
        ]
    )


def family_statement(chance: random.Random) -> str:
    """Return a statement that cascades within a table and to another."""
    key, other = chance.randint(1, 9), chance.randint(1, 9)
    return chance.choice(
        [
            f"INSERT INTO trip VALUES ({key}, (SELECT max(id) FROM trip WHERE id < {key})) ON CONFLICT DO NOTHING",
            f"INSERT INTO seat VALUES ({key}, (SELECT min(id) FROM trip WHERE id >= {other})) ON CONFLICT DO NOTHING",
            f"UPDATE seat SET note = 'n{other}' WHERE id >= {key}",
            f"UPDATE seat SET trip = (SELECT min(id) FROM trip) WHERE id = {key}",
            f"UPDATE trip SET note = 'n{other}' WHERE id = {key}",
            f"UPDATE trip SET id = id + 100 WHERE id = {key} AND NOT EXISTS (SELECT FROM trip WHERE parent = {key})",
            f"DELETE FROM trip WHERE id = {key}",
            f"DELETE FROM trip WHERE id % 4 = {other % 4}",
            f"DELETE FROM seat WHERE id = {key}",
        ]
    )


async def table(connection: asyncpg.Connection, name: str) -> dict[tuple[object, ...], dict[str, object]]:
    return {(row["id"],): dict(row) for row in await connection.fetch(f"TABLE {name}")}


async def in_transactions(connection: asyncpg.Connection, chance: random.Random, statements: list[str]) -> None:
    """Run the statements in transactions of one to four, some with a savepoint that is rolled back."""
    while statements:
        async with connection.transaction():
            for _ in range(min(len(statements), chance.randint(1, 4))):
                statement = statements.pop()
                if chance.random() < 0.2:
                    await connection.execute(f"SAVEPOINT s; {statement}; ROLLBACK TO s")
                await connection.execute(statement)


async def test_a_trigger_that_renumbers_its_own_table(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute(QUEUE)
    await watch(writer, "lane")
    seen: list[Event] = []
    for seed in range(TRIALS):
        chance = random.Random(seed)
        await in_transactions(writer, chance, [lane_statement(chance) for _ in range(12)])
        seen += await sequencer.drain_all()
        assert replay(seen, "lane", ["id"]) == await table(writer, "lane"), f"seed {seed}"
    assert_well_formed(seen)


async def test_cascades_within_a_table_and_to_another(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute(FAMILY)
    await watch(writer, "trip")
    await watch(writer, "seat")
    seen: list[Event] = []
    for seed in range(TRIALS):
        chance = random.Random(seed)
        await in_transactions(writer, chance, [family_statement(chance) for _ in range(12)])
        seen += await sequencer.drain_all()
        for name in ("trip", "seat"):
            assert replay(seen, name, ["id"]) == await table(writer, name), f"seed {seed}, {name}"
    assert_well_formed(seen)


async def test_a_cascade_comes_after_what_the_transaction_did_before(
    clerk: asyncpg.Connection, station: Sequencer
) -> None:
    """A cascaded update has no statement of its own, and must not inherit the number of an earlier one."""
    async with clerk.transaction():
        await clerk.execute("INSERT INTO bookings (id, queue_id) VALUES ('b1', 'queue-1')")
        await clerk.execute("UPDATE bookings SET seats_booked = 2 WHERE id = 'b1'")
        await clerk.execute("INSERT INTO bookings (id, queue_id) VALUES ('b2', 'queue-1')")
        await clerk.execute("DELETE FROM vehicle_queue WHERE id = 'queue-1'")
    events = await station.drain()
    assert [(e.event_type, e.row_id) for e in events if e.table == "bookings"] == [
        ("INSERT", "b1"),
        ("UPDATE", "b1"),
        ("INSERT", "b2"),
        ("UPDATE", "b1"),
        ("UPDATE", "b2"),
    ]


async def test_a_row_trigger_elsewhere_that_changes_a_watched_table(
    clerk: asyncpg.Connection, station: Sequencer
) -> None:
    """The queue's seats follow its bookings: cause first, effect second."""
    await clerk.execute("""
        CREATE FUNCTION take_seats() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE vehicle_queue SET available_seats = available_seats - NEW.seats_booked WHERE id = NEW.queue_id;
            RETURN NULL;
        END $$;
        CREATE TRIGGER take_seats AFTER INSERT ON bookings FOR EACH ROW EXECUTE FUNCTION take_seats();
    """)
    await clerk.execute("INSERT INTO bookings (queue_id) VALUES ('queue-1'), ('queue-2'), ('queue-1')")
    events = await station.drain()
    assert [e.table for e in events] == ["bookings"] * 3 + ["vehicle_queue"] * 3
    assert [(e.data or {})["available_seats"] for e in events if e.row_id == "queue-1"] == [7, 6]


async def test_changes_inside_a_statement_of_an_unlogged_table(
    writer: asyncpg.Connection, sequencer: Sequencer
) -> None:
    """Nothing is written to the WAL between the outer statement's begin and the inner one's."""
    await writer.execute(QUEUE.replace("CREATE TABLE", "CREATE UNLOGGED TABLE"))
    await watch(writer, "lane")
    await writer.execute("INSERT INTO lane VALUES (1, 1)")
    await writer.execute("INSERT INTO lane VALUES (2, 1)")
    events = await sequencer.drain()
    assert [(event.event_type, event.row_id) for event in events] == [
        ("INSERT", "1"),
        ("INSERT", "2"),
        ("UPDATE", "1"),
    ]


async def test_two_changes_of_one_row_in_one_statement(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    """Neither reads the other's result, so they run one after the other: the last one first."""
    await writer.execute("INSERT INTO items VALUES (1)")
    await writer.execute("WITH b AS (INSERT INTO items VALUES (1)), a AS (DELETE FROM items) SELECT 1")
    assert await writer.fetchval("SELECT count(*) FROM items") == 1
    events = await sequencer.drain()
    assert [event.event_type for event in events] == ["INSERT", "DELETE", "INSERT"]


async def test_a_function_that_cascades_inside_a_statement(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("""
        CREATE TABLE line (id int PRIMARY KEY);
        CREATE TABLE stop (id int PRIMARY KEY, line int REFERENCES line ON DELETE CASCADE);
        CREATE FUNCTION closed(line int) RETURNS int LANGUAGE plpgsql AS $$
        BEGIN
            DELETE FROM line WHERE id = 1 AND closed.line = 2;
            RETURN closed.line;
        END $$;
        INSERT INTO line VALUES (1), (2);
    """)
    for table in ("line", "stop"):
        await watch(writer, table)
    await writer.execute("INSERT INTO stop SELECT 10 + n, closed(n) FROM generate_series(1, 2) AS n")
    assert [row["id"] for row in await writer.fetch("SELECT id FROM stop")] == [12]
    events = await sequencer.drain()
    assert [(event.event_type, event.row_id) for event in events if event.table == "stop"] == [
        ("INSERT", "11"),
        ("INSERT", "12"),
        ("DELETE", "11"),
    ]

"""Whatever is done to the schema ``wasla``, the sale commits, soon, and clients are told to reload."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.setup import watch
from tests.integration.sql.sequencer import Sequencer, leading

MAX_WAIT = 20.0
"""Seconds; a sale waits for locks about half a second in all. The rest is room for a slow machine."""

SALE = "INSERT INTO items VALUES (1, 'tea', 2)"


class Shop:
    """A session that sells, and what the server warned it of."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.warnings: list[str] = []
        connection.add_log_listener(lambda _, message: self.warnings.append(str(message.message)))

    async def sell(self, statement: str = SALE) -> None:
        """Sell, and check that it was stored soon and that there was a warning."""
        await self.connection.execute(statement, timeout=MAX_WAIT)
        assert any("was not captured" in warning for warning in self.warnings)

    async def stock(self) -> int:
        count: int = await self.connection.fetchval("SELECT count(*) FROM items")
        return count


@pytest.fixture
async def shop(writer: asyncpg.Connection) -> Shop:
    return Shop(writer)


@pytest.fixture
async def bell(installed_database_url: str) -> AsyncIterator[asyncio.Queue[str]]:
    """The payloads of the doorbell, while nobody has hung the sign."""
    rung: asyncio.Queue[str] = asyncio.Queue()
    connection = await asyncpg.connect(installed_database_url)
    await connection.add_listener("wasla_wake", lambda *arguments: rung.put_nowait(arguments[3]))
    yield rung
    await connection.close()


async def heard(bell: asyncio.Queue[str], payload: str) -> None:
    """Wait until the bell brings this payload."""
    async with asyncio.timeout(MAX_WAIT):
        while await bell.get() != payload:
            pass


@pytest.fixture
async def saboteur(installed_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(installed_database_url)
    yield connection
    await connection.close()


async def assert_marked(sequencer: Sequencer, *, before: tuple[str, ...] = ()) -> None:
    events = await sequencer.drain_all()
    assert [event.event_type for event in events] == [*before, "CAPTURE_FAILED"]
    assert (events[-1].table, events[-1].channel, events[-1].data) == ("items", "items_events", None)


async def test_the_outbox_locked_away(
    shop: Shop, sequencer: Sequencer, saboteur: asyncpg.Connection, bell: asyncio.Queue[str]
) -> None:
    async with saboteur.transaction():
        await saboteur.execute("LOCK TABLE wasla.outbox IN ACCESS EXCLUSIVE MODE")
        await shop.sell()
    await heard(bell, "")
    await assert_marked(sequencer)
    assert await shop.stock() == 1


async def test_the_outbox_and_the_marks_locked_away(
    shop: Shop, sequencer: Sequencer, saboteur: asyncpg.Connection, bell: asyncio.Queue[str]
) -> None:
    async with saboteur.transaction():
        await saboteur.execute("LOCK TABLE wasla.outbox, wasla.capture_failure IN ACCESS EXCLUSIVE MODE")
        await shop.sell()
    await heard(bell, "capture_failed:items")
    [mark] = await sequencer.report("items")
    assert (mark.event_type, mark.table) == ("CAPTURE_FAILED", "items")


async def test_a_value_that_jsonb_cannot_hold(shop: Shop, sequencer: Sequencer, bell: asyncio.Queue[str]) -> None:
    await shop.connection.execute("ALTER TABLE items ADD doc json")
    await shop.sell("""INSERT INTO items (id, doc) VALUES (1, '"\\u0000"')""")
    await heard(bell, "")
    await assert_marked(sequencer)
    await shop.connection.execute("INSERT INTO items (id) VALUES (2)")
    assert [event.row_id for event in await sequencer.drain()] == ["2"]


async def test_a_cast_to_json_that_raises(shop: Shop, sequencer: Sequencer) -> None:
    await shop.connection.execute("""
        CREATE TYPE mood AS ENUM ('calm', 'busy');
        CREATE FUNCTION refuse(mood) RETURNS json LANGUAGE plpgsql AS $$ BEGIN RAISE 'no json for you'; END $$;
        CREATE CAST (mood AS json) WITH FUNCTION refuse(mood);
        ALTER TABLE items ADD mood mood;
    """)
    await shop.sell("INSERT INTO items (id, mood) VALUES (1, 'busy')")
    assert await shop.stock() == 1
    await assert_marked(sequencer)


async def test_the_outbox_dropped(
    shop: Shop, sequencer: Sequencer, saboteur: asyncpg.Connection, bell: asyncio.Queue[str]
) -> None:
    await saboteur.execute("DROP TABLE wasla.outbox")
    await shop.sell()
    await heard(bell, "")
    await assert_marked(sequencer)
    assert sequencer.status.outbox_missing


async def test_the_outbox_and_the_marks_dropped(
    shop: Shop, sequencer: Sequencer, saboteur: asyncpg.Connection, bell: asyncio.Queue[str]
) -> None:
    await saboteur.execute("DROP TABLE wasla.outbox, wasla.capture_failure")
    await shop.sell()
    await heard(bell, "capture_failed:items")
    [mark] = await sequencer.report("items")
    assert mark.event_type == "CAPTURE_FAILED"


async def stamps_setting(shop: Shop) -> str:
    """Return the name of the setting in which the stamps of an INSERT are kept."""
    relation: int = await shop.connection.fetchval("SELECT 'items'::regclass::oid::int")
    return f"wasla.stamps_{relation}INSERT1"


async def test_a_type_of_the_sessions_own_named_text(shop: Shop, sequencer: Sequencer) -> None:
    await shop.connection.execute("CREATE TEMP TABLE text (a int)")
    await shop.connection.execute("INSERT INTO items VALUES (1)")
    assert [event.event_type for event in await sequencer.drain()] == ["INSERT"]


async def test_a_session_that_meddles_with_the_stamps(shop: Shop, sequencer: Sequencer) -> None:
    await shop.connection.execute(f"SET {await stamps_setting(shop)} = 'nonsense'")
    await shop.connection.execute("INSERT INTO items VALUES (1)")
    assert [event.event_type for event in await sequencer.drain()] == ["INSERT"]


async def test_a_session_that_forges_a_stamp(shop: Shop, sequencer: Sequencer, saboteur: asyncpg.Connection) -> None:
    await saboteur.execute("ALTER TABLE items DISABLE TRIGGER wasla_stamp")
    await shop.connection.execute(f"SET {await stamps_setting(shop)} = 'nonsense'")
    await shop.sell()
    await assert_marked(sequencer)


async def test_a_column_of_the_outbox_gone(shop: Shop, sequencer: Sequencer, saboteur: asyncpg.Connection) -> None:
    await shop.connection.execute("INSERT INTO items VALUES (0)")
    await saboteur.execute("ALTER TABLE wasla.outbox DROP COLUMN arguments")
    await shop.sell()
    assert await shop.stock() == 2


async def test_a_later_failure_keeps_what_was_captured_before(
    shop: Shop, sequencer: Sequencer, saboteur: asyncpg.Connection
) -> None:
    await saboteur.execute("ALTER TABLE wasla.outbox ADD CHECK (new_row ->> 'id' <> '1')")
    async with shop.connection.transaction():
        await shop.connection.execute("INSERT INTO items VALUES (7)")
        await shop.sell()
    await assert_marked(sequencer, before=("INSERT",))


async def test_many_failures_make_one_mark_a_table(
    shop: Shop, sequencer: Sequencer, saboteur: asyncpg.Connection
) -> None:
    await saboteur.execute("DROP TABLE wasla.outbox")
    for number in range(5):
        await shop.sell(f"INSERT INTO items VALUES ({number})")
    await assert_marked(sequencer)
    assert await sequencer.drain_all() == []


async def test_a_mark_of_a_rolled_back_sale_is_gone_with_it(
    shop: Shop, sequencer: Sequencer, saboteur: asyncpg.Connection
) -> None:
    await saboteur.execute("DROP TABLE wasla.outbox")
    transaction = shop.connection.transaction()
    await transaction.start()
    await shop.sell()
    await transaction.rollback()
    assert await sequencer.drain_all() == []


async def test_an_owner_without_rights(installed_database_url: str) -> None:
    """The capture functions' owner loses its rights on the tables they write."""
    admin = await asyncpg.connect(installed_database_url)
    await admin.execute("CREATE TABLE items (id int PRIMARY KEY, label text, amount numeric)")
    await watch(admin, "items")
    await admin.execute("CREATE ROLE powerless")
    try:
        await admin.execute("GRANT USAGE, CREATE ON SCHEMA wasla TO powerless")
        await admin.execute("ALTER FUNCTION wasla.notify_change() OWNER TO powerless")
        shop = Shop(admin)
        rung: asyncio.Queue[str] = asyncio.Queue()
        await admin.add_listener("wasla_wake", lambda *arguments: rung.put_nowait(arguments[3]))
        await shop.sell()
        await heard(rung, "capture_failed:items")
        await admin.execute("GRANT INSERT ON wasla.capture_failure TO powerless")
        await shop.sell("INSERT INTO items VALUES (2)")
        async with leading(installed_database_url) as sequencer:
            await assert_marked(sequencer)
    finally:
        await admin.execute("DROP OWNED BY powerless CASCADE; DROP ROLE powerless")
        await admin.close()


async def test_cancelling_stays_the_users(shop: Shop, saboteur: asyncpg.Connection) -> None:
    """A statement_timeout shorter than our wait for a lock ends the statement: it looks like any other cancel."""
    async with saboteur.transaction():
        await saboteur.execute("LOCK TABLE wasla.outbox IN ACCESS EXCLUSIVE MODE")
        await shop.connection.execute("SET statement_timeout = '200ms'")
        with pytest.raises(asyncpg.QueryCanceledError):
            await shop.connection.execute(SALE)
    await shop.connection.execute("RESET statement_timeout")
    assert await shop.stock() == 0


async def test_a_truncate_is_guarded_too(shop: Shop, sequencer: Sequencer, saboteur: asyncpg.Connection) -> None:
    await shop.connection.execute(SALE)
    await sequencer.drain()
    await saboteur.execute("DROP TABLE wasla.outbox")
    await shop.sell("TRUNCATE items")
    await assert_marked(sequencer)


async def test_a_sale_of_many_statements_waits_once(
    shop: Shop, sequencer: Sequencer, saboteur: asyncpg.Connection
) -> None:
    """With a wait for each statement, these would take more than half a minute."""
    async with saboteur.transaction():
        await saboteur.execute("LOCK TABLE wasla.outbox, wasla.capture_failure IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(MAX_WAIT), shop.connection.transaction():
            for number in range(100):
                await shop.connection.execute(f"INSERT INTO items VALUES ({number}, 'tea', 2)")
    assert await shop.stock() == 100


async def test_a_sale_with_a_short_statement_timeout_commits(shop: Shop, saboteur: asyncpg.Connection) -> None:
    await shop.connection.execute("SET statement_timeout = '1800ms'")
    async with saboteur.transaction():
        await saboteur.execute("LOCK TABLE wasla.outbox, wasla.capture_failure IN ACCESS EXCLUSIVE MODE")
        await shop.sell()
    assert await shop.stock() == 1


async def test_a_cast_to_json_with_a_failing_assertion(shop: Shop, sequencer: Sequencer) -> None:
    """OTHERS leaves out assert_failure, so it has to be named."""
    await shop.connection.execute(
        "CREATE TYPE mood AS ENUM ('calm'); "
        "CREATE FUNCTION mood_to_json(mood) RETURNS json LANGUAGE plpgsql AS 'BEGIN ASSERT false, ''nope''; END'; "
        "CREATE CAST (mood AS json) WITH FUNCTION mood_to_json; ALTER TABLE items ADD COLUMN felt mood"
    )
    await shop.sell("INSERT INTO items VALUES (1, 'tea', 2, 'calm')")
    await assert_marked(sequencer)


async def test_a_cancelled_sale_leaves_no_lock_behind(shop: Shop) -> None:
    """The look at the doorbell's sign takes a lock of the session, which no rollback gives back."""
    await shop.connection.execute("SET statement_timeout = '1ms'")
    for number in range(300):
        with contextlib.suppress(asyncpg.QueryCanceledError):
            await shop.connection.execute(f"INSERT INTO items VALUES ({number}, 'tea', 2)")
    is_limited = True
    while is_limited:  # this statement, too
        with contextlib.suppress(asyncpg.QueryCanceledError):
            await shop.connection.execute("SET statement_timeout = 0")
            is_limited = False
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    assert await shop.connection.fetchval(held) == 0

"""An application's role sells, runs the self-test, and can neither read nor write what is ours."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.setup import install, install_station, remove
from tests.integration.sql.sequencer import Sequencer, leading
from tests.servers import Server


@pytest.fixture
async def cashier(station_database_url: str, clerk: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """A role that may sell and nothing else, and owns nothing."""
    await clerk.execute("CREATE ROLE cashier LOGIN")
    await clerk.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO cashier")
    connection = await asyncpg.connect(station_database_url, user="cashier")
    yield connection
    await connection.close()
    await clerk.execute("DROP OWNED BY cashier; DROP ROLE cashier")


async def test_it_sells_and_the_event_arrives(cashier: asyncpg.Connection, station: Sequencer) -> None:
    warnings: list[object] = []
    cashier.add_log_listener(lambda _, message: warnings.append(message))
    await cashier.execute("INSERT INTO bookings (id, queue_id) VALUES ('b1', 'queue-1')")
    await cashier.execute("UPDATE bookings SET seats_booked = 2")
    await cashier.execute("DELETE FROM vehicle_queue WHERE id = 'queue-1'")
    events = await station.drain()
    assert len(events) == 4
    assert warnings == []


async def test_it_runs_the_self_test(cashier: asyncpg.Connection, station: Sequencer) -> None:
    assert len(await cashier.fetch("SELECT * FROM test_notifications()")) == 4
    assert len(await station.drain()) == 4


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM wasla.outbox",
        "SELECT * FROM wasla.event_log",
        "SELECT * FROM wasla.position",
        "INSERT INTO wasla.outbox (stamp, event_type, capture, arguments) VALUES ('0/1', 'INSERT', 'x', '{bookings}')",
        "INSERT INTO wasla.capture_failure (table_name, reason) VALUES ('bookings', '')",
        "DELETE FROM wasla.event_log",
        "SELECT * FROM wasla.sequence(1, 1, false, '{}')",
        "SELECT wasla.watch('bookings')",
        "SELECT wasla.maintain_log('1 s', 1)",
        "SELECT * FROM wasla.revocation",
        "SELECT wasla.revoke('user', 'amine')",
        "SELECT wasla.unrevoke('user', 'amine')",
        "CREATE TRIGGER mine AFTER INSERT ON bookings EXECUTE FUNCTION wasla.notify_change()",
    ],
)
async def test_the_rest_is_refused(cashier: asyncpg.Connection, station: Sequencer, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await cashier.execute(statement)


@pytest.fixture
async def landlord_url(postgres_server: Server) -> AsyncIterator[str]:
    """A database whose owner is no superuser."""
    admin = await asyncpg.connect(postgres_server.url("postgres"))
    await admin.execute("CREATE ROLE landlord LOGIN")
    await admin.execute("CREATE DATABASE rented OWNER landlord")
    yield postgres_server.url("rented", user="landlord")
    await admin.execute("DROP DATABASE rented WITH (FORCE)")
    await admin.execute("DROP ROLE landlord")
    await admin.close()


async def test_the_owner_of_a_database_needs_no_superuser(landlord_url: str) -> None:
    connection = await asyncpg.connect(landlord_url)
    await install(connection)
    await install_station(connection)
    await connection.execute("INSERT INTO bookings DEFAULT VALUES")
    async with leading(landlord_url) as sequencer:
        assert len(await sequencer.drain()) == 1
        await connection.execute("DROP TABLE wasla.outbox")
        await connection.execute("INSERT INTO bookings DEFAULT VALUES")
        assert [event.event_type for event in await sequencer.drain()] == ["CAPTURE_FAILED"]
        await sequencer.connection.fetch("SELECT * FROM wasla.maintain_log('1 day', 1000)")
    await remove(connection)
    await connection.close()


async def test_a_search_path_full_of_traps_changes_nothing(
    clerk: asyncpg.Connection, cashier: asyncpg.Connection, station: Sequencer
) -> None:
    """Functions of the caller's that shadow PostgreSQL's are not run with the owner's rights."""
    await clerk.execute("CREATE SCHEMA traps AUTHORIZATION cashier")
    await cashier.execute("""
        CREATE FUNCTION traps.to_jsonb(anyelement) RETURNS jsonb LANGUAGE sql AS $$ SELECT '"trapped"'::jsonb $$;
        CREATE FUNCTION traps.pg_trigger_depth() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
        SET search_path = traps, pg_catalog, public;
    """)
    await cashier.execute("INSERT INTO bookings (id) VALUES ('b1')")
    [event] = await station.drain()
    assert (event.row_id, (event.data or {})["id"]) == ("b1", "b1")

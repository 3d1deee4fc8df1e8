"""The demo station: the printed INSERT works, the tables are watched, a second install disturbs nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.setup import install, install_station
from shared.errors import DatabaseRefused
from shared.queries import query

PRINTED = """
    INSERT INTO bookings (destination_id, vehicle_license_plate, seats_booked, total_amount)
    VALUES ('test-dest', 'TEST123', 2, 10.0);
"""
CHANNELS = {
    "bookings": "booking_events",
    "vehicle_queue": "vehicle_events",
    "day_passes": "day_passes_events",
    "exit_passes": "exit_passes_events",
}


@pytest.fixture
async def station(station_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(station_database_url)
    yield connection
    await connection.close()


async def test_the_printed_insert_works_as_printed(station: asyncpg.Connection) -> None:
    await station.execute(PRINTED)
    row = await station.fetchrow("TABLE bookings")
    assert (row["booking_status"], row["payment_status"], row["seats_booked"]) == ("ACTIVE", "PAID", 2)
    assert row["id"]
    assert row["verification_code"]
    meaning = "SELECT wasla.business_event(capture, event_type, old_row, new_row) FROM wasla.outbox"
    assert await station.fetchval(meaning) == "BOOKING_CREATED"


async def test_every_column_of_a_booking_has_a_default(station: asyncpg.Connection) -> None:
    await station.execute("INSERT INTO bookings DEFAULT VALUES")


async def test_the_tables_are_watched_on_their_channels(station: asyncpg.Connection) -> None:
    rows = await station.fetch(query("catalog"))
    assert {row["table_name"]: row["channel"] for row in rows if not row["internal"]} == CHANNELS


async def test_there_are_the_five_destinations(station: asyncpg.Connection) -> None:
    rows = await station.fetch("SELECT station_name FROM routes ORDER BY 1")
    assert [row["station_name"] for row in rows] == ["JEMMAL", "KSAR HELLAL", "MOKNIN", "SAHLINE", "TEBOULBA"]


async def test_installing_again_changes_no_row(station: asyncpg.Connection) -> None:
    await station.execute(PRINTED)
    await station.execute("DELETE FROM vehicle_queue WHERE id = 'queue-2'")
    outbox = await station.fetch("SELECT id FROM wasla.outbox")
    queue = await station.fetch("TABLE vehicle_queue")
    await install_station(station)
    assert await station.fetch("TABLE vehicle_queue") == queue
    assert await station.fetchval("SELECT count(*) FROM bookings") == 1
    assert await station.fetch("SELECT id FROM wasla.outbox") == outbox


async def test_tables_of_these_names_stay_as_they_are(database_url: str) -> None:
    """Where the application's own tables are, they are watched and not touched."""
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "CREATE TABLE day_passes (id text PRIMARY KEY, vehicle_id text, license_plate text, extra int)"
    )
    await connection.execute("INSERT INTO day_passes VALUES ('d1')")
    await install(connection)
    await install_station(connection)
    assert await connection.fetchval("SELECT count(*) FROM day_passes") == 1
    await connection.close()


async def test_without_the_schema_it_makes_nothing(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    with pytest.raises(DatabaseRefused, match="run wasla setup first"):
        await install_station(connection)
    assert await connection.fetchval("SELECT to_regclass('bookings') IS NULL")
    await connection.close()

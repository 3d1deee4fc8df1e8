"""What the staff call it: bookings made and cancelled, vehicles that enter, change and leave."""

from __future__ import annotations

import asyncpg
import pytest

from services.setup import watch
from tests.integration.sql.sequencer import Sequencer

BOOKING = "INSERT INTO bookings (id, queue_id, seats_booked, total_amount) VALUES ('b1', 'queue-1', 3, 6.0)"


async def named(station: Sequencer, table: str) -> list[str | None]:
    """Sequence, and return the business events of a table in order."""
    return [event.business_event for event in await station.drain() if event.table == table]


async def test_a_booking_is_created(clerk: asyncpg.Connection, station: Sequencer) -> None:
    await clerk.execute(BOOKING)
    assert await named(station, "bookings") == ["BOOKING_CREATED"]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM bookings",
        "UPDATE bookings SET booking_status = 'CANCELLED', cancelled_at = localtimestamp",
        "UPDATE bookings SET payment_status = 'CANCELLED'",
        "UPDATE bookings SET seats_booked = 2, refund_amount = 2.0",
    ],
    ids=["deleted", "booking cancelled", "payment cancelled", "seat refunded"],
)
async def test_each_shape_of_a_cancellation(clerk: asyncpg.Connection, station: Sequencer, statement: str) -> None:
    await clerk.execute(BOOKING)
    await station.drain()
    await clerk.execute(statement)
    assert await named(station, "bookings") == ["BOOKING_CANCELLED"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE bookings SET booking_status = 'COMPLETED'",
        "UPDATE bookings SET seats_booked = 2",
        "UPDATE bookings SET seats_booked = 4, refund_amount = 2.0",
        "UPDATE bookings SET refund_amount = 2.0",
        "UPDATE bookings SET seats_booked = seats_booked",
        "UPDATE bookings SET queue_id = 'queue-2'",
        "UPDATE bookings SET queue_id = NULL",
    ],
)
async def test_other_updates_cancel_nothing(clerk: asyncpg.Connection, station: Sequencer, statement: str) -> None:
    await clerk.execute(BOOKING)
    await station.drain()
    await clerk.execute(statement)
    assert await named(station, "bookings") == [None]


async def test_a_cancelled_booking_is_not_cancelled_again(clerk: asyncpg.Connection, station: Sequencer) -> None:
    await clerk.execute(BOOKING)
    await clerk.execute("UPDATE bookings SET booking_status = 'CANCELLED'")
    await station.drain()
    await clerk.execute("UPDATE bookings SET cancellation_reason = 'le passager est parti'")
    assert await named(station, "bookings") == [None]


async def test_a_second_refund_is_a_cancellation_again(clerk: asyncpg.Connection, station: Sequencer) -> None:
    await clerk.execute(BOOKING)
    await clerk.execute("UPDATE bookings SET seats_booked = 2, refund_amount = 2.0")
    await station.drain()
    await clerk.execute("UPDATE bookings SET seats_booked = 1, refund_amount = 4.0")
    assert await named(station, "bookings") == ["BOOKING_CANCELLED"]


@pytest.mark.parametrize(
    ("statement", "event"),
    [
        (
            "INSERT INTO vehicle_queue (vehicle_id, destination_id) VALUES ('vehicle-4', 'station-sahline')",
            "VEHICLE_ENTERED",
        ),
        ("UPDATE vehicle_queue SET status = 'LOADING' WHERE id = 'queue-1'", "VEHICLE_UPDATED"),
        ("UPDATE vehicle_queue SET status = status WHERE id = 'queue-1'", None),
        ("DELETE FROM vehicle_queue WHERE id = 'queue-1'", "VEHICLE_EXITED"),
    ],
)
async def test_vehicles(clerk: asyncpg.Connection, station: Sequencer, statement: str, event: str | None) -> None:
    await clerk.execute(statement)
    assert await named(station, "vehicle_queue") == [event]


async def test_a_departure_cancels_no_booking(clerk: asyncpg.Connection, station: Sequencer) -> None:
    """One vehicle filled by eight single bookings leaves: 30 row changes, one exit, no cancellation."""
    await clerk.execute(
        "INSERT INTO vehicle_queue (id, vehicle_id, destination_id) VALUES ('full', 'vehicle-5', 'station-jemmal')"
    )
    await clerk.execute("UPDATE vehicle_queue SET status = 'LOADING' WHERE id = 'full'")
    for _ in range(8):
        async with clerk.transaction():
            await clerk.execute("UPDATE vehicle_queue SET available_seats = available_seats - 1 WHERE id = 'full'")
            await clerk.execute("INSERT INTO bookings (queue_id, seats_booked, total_amount) VALUES ('full', 1, 1.95)")
    async with clerk.transaction():
        await clerk.execute("UPDATE vehicle_queue SET status = 'READY' WHERE id = 'full'")
        await clerk.execute(
            "INSERT INTO exit_passes (queue_id, license_plate, destination_id) VALUES ('full', '1', 'station-jemmal')"
        )
    await station.drain()
    await clerk.execute("DELETE FROM vehicle_queue WHERE id = 'full'")
    events = await station.drain()
    assert len(events) == 10
    assert [event.business_event for event in events if event.business_event] == ["VEHICLE_EXITED"]


@pytest.mark.parametrize("capture", ["notify_booking_change", "notify_vehicle_queue_change"])
async def test_the_specialised_functions_need_no_column(
    clerk: asyncpg.Connection, station: Sequencer, capture: str
) -> None:
    """Columns that a table lacks are no error: the event just carries no business event that depends on them."""
    await clerk.execute("CREATE TABLE odd (id int PRIMARY KEY, x int)")
    await watch(clerk, "odd", capture=capture)
    await clerk.execute("INSERT INTO odd VALUES (1, 1); UPDATE odd SET x = 2; DELETE FROM odd")
    events = await station.drain_all()
    assert [event.event_type for event in events] == ["INSERT", "UPDATE", "DELETE"]


async def test_values_that_are_no_numbers_do_not_break_the_refund_rule(
    clerk: asyncpg.Connection, station: Sequencer
) -> None:
    await clerk.execute("CREATE TABLE odd (id int PRIMARY KEY, seats_booked text, refund_amount text)")
    await watch(clerk, "odd", capture="notify_booking_change")
    await clerk.execute(
        "INSERT INTO odd VALUES (1, 'three', '-'); UPDATE odd SET seats_booked = 'two', refund_amount = '1'"
    )
    events = await station.drain_all()
    assert [event.event_type for event in events] == ["INSERT", "UPDATE"]


async def test_the_generic_function_names_no_business_event(clerk: asyncpg.Connection, station: Sequencer) -> None:
    await clerk.execute("INSERT INTO day_passes (license_plate) VALUES ('1 TUN 1')")
    assert await named(station, "day_passes") == [None]

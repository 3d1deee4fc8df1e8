"""Every act of the desk: what it writes, what it tells, and when it is refused."""

from __future__ import annotations

from decimal import Decimal

import asyncpg
import pytest

from services.station.arrivals import arrive
from services.station.cancellations import cancel, cancel_latest
from services.station.days import CHANGES_PER_DEPARTURE, SEATS
from services.station.departures import depart, remove
from services.station.desk import Desk
from services.station.refusals import Reason, Refused
from services.station.sales import sell
from services.station.transfers import transfer
from tests.integration.station.conftest import captured, rows

JEMMAL, MOKNIN, SAHLINE = "station-jemmal", "station-moknin", "station-sahline"


async def refused(act) -> Refused:
    with pytest.raises(Refused) as caught:
        await act
    return caught.value


async def queue_row(desk: Desk, queue_id: str) -> tuple[str, int]:
    row = await desk.connection.fetchrow("SELECT status, available_seats FROM vehicle_queue WHERE id = $1", queue_id)
    return row["status"], row["available_seats"]


async def test_a_vehicle_without_a_pass_buys_one_as_it_arrives(desk: Desk) -> None:
    done = await arrive(desk, "222 TUN 1", SAHLINE)
    assert await captured(desk, done.tx_id) == [
        ("INSERT", "day_passes", None),
        ("INSERT", "vehicle_queue", "VEHICLE_ENTERED"),
    ]
    assert done.changes == 2
    bought = [row for row in await rows(desk, "day_passes") if row["license_plate"] == "222 TUN 1"]
    assert [row["price"] for row in bought] == [Decimal("2.000")]
    assert await queue_row(desk, done.queue_id) == ("WAITING", SEATS)
    price = await desk.connection.fetchval("SELECT base_price FROM vehicle_queue WHERE id = $1", done.queue_id)
    assert price == Decimal("2.400")


async def test_a_pass_lasts_the_day(desk: Desk) -> None:
    first = await arrive(desk, "222 TUN 1", SAHLINE)
    await sell(desk, SAHLINE, SEATS)
    await depart(desk, first.queue_id)
    again = await arrive(desk, "222 TUN 1", SAHLINE)
    assert (await captured(desk, again.tx_id), again.changes) == ([("INSERT", "vehicle_queue", "VEHICLE_ENTERED")], 1)
    await remove(desk, again.queue_id)
    await desk.connection.execute("UPDATE day_passes SET is_expired = true")
    assert (await arrive(desk, "222 TUN 1", SAHLINE)).changes == 2


async def test_a_vehicle_waits_in_one_queue(desk: Desk) -> None:
    assert (await refused(arrive(desk, "123 TUN 4567", MOKNIN))).reason is Reason.ALREADY_QUEUED
    assert (await refused(arrive(desk, "1 TUN 1", "nowhere"))).reason is Reason.NO_ROUTE
    assert len(await rows(desk, "vehicle_queue")) == 3


async def test_the_first_seat_turns_waiting_to_loading(desk: Desk) -> None:
    done = await sell(desk, JEMMAL, 2)
    assert await captured(desk, done.tx_id) == [
        ("INSERT", "bookings", "BOOKING_CREATED"),
        ("UPDATE", "vehicle_queue", "VEHICLE_UPDATED"),
        ("UPDATE", "vehicle_queue", "VEHICLE_UPDATED"),
    ]
    assert (done.license_plate, done.changes, done.status, done.free_seats) == ("123 TUN 4567", 3, "LOADING", 6)
    assert done.amount == 2 * (Decimal("1.750") + Decimal("0.200"))
    assert await queue_row(desk, done.queue_id) == ("LOADING", 6)
    (booking,) = await rows(desk, "bookings")
    assert (booking["seats_booked"], booking["total_amount"]) == (2, Decimal("3.900"))
    assert booking["vehicle_license_plate"] == "123 TUN 4567"


async def test_the_last_seat_comes_with_the_exit_pass_in_one_transaction(desk: Desk) -> None:
    await sell(desk, MOKNIN, 7)
    done = await sell(desk, MOKNIN, 1)
    assert await captured(desk, done.tx_id) == [
        ("INSERT", "bookings", "BOOKING_CREATED"),
        ("UPDATE", "vehicle_queue", "VEHICLE_UPDATED"),
        ("UPDATE", "vehicle_queue", "VEHICLE_UPDATED"),
        ("INSERT", "exit_passes", None),
    ]
    assert (done.status, done.changes) == ("READY", 4)
    assert [row["queue_id"] for row in await rows(desk, "exit_passes")] == [done.queue_id]


async def test_seats_go_to_the_first_vehicle_that_can_hold_them(desk: Desk) -> None:
    await sell(desk, JEMMAL, 7)
    assert (await sell(desk, JEMMAL, 2)).license_plate == "145 TUN 2210"
    assert (await sell(desk, JEMMAL, 1)).license_plate == "123 TUN 4567"


async def test_a_vehicle_filled_one_by_one_is_thirty_changes(desk: Desk) -> None:
    changes = 0
    arrived = await arrive(desk, "222 TUN 1", SAHLINE)
    changes += arrived.changes - 1  # the day pass is bought once a day
    for _ in range(SEATS):
        changes += (await sell(desk, SAHLINE, 1)).changes
    left = await depart(desk, arrived.queue_id)
    assert changes + left.changes == CHANGES_PER_DEPARTURE
    told = await captured(desk, left.tx_id)
    assert told == [
        ("DELETE", "vehicle_queue", "VEHICLE_EXITED"),
        *[("UPDATE", "bookings", None)] * SEATS,
        ("UPDATE", "exit_passes", None),
    ]
    assert left.changes == len(told)
    assert await desk.connection.fetchval("SELECT count(*) FROM wasla.outbox") == CHANGES_PER_DEPARTURE + 1


async def test_leaving_with_free_seats_makes_the_exit_pass_then(desk: Desk) -> None:
    sold = await sell(desk, MOKNIN, 3)
    left = await depart(desk, sold.queue_id)
    told = await captured(desk, left.tx_id)
    assert [what[:2] for what in told] == [
        ("INSERT", "exit_passes"),
        ("DELETE", "vehicle_queue"),
        ("UPDATE", "bookings"),
        ("UPDATE", "exit_passes"),
    ]
    assert (left.changes, left.seats, left.status) == (4, 3, "DEPARTED")
    assert (await refused(depart(desk, sold.queue_id))).reason is Reason.VEHICLE_GONE
    assert (await refused(depart(desk, "queue-1"))).reason is Reason.VEHICLE_EMPTY


async def test_what_cannot_be_sold_is_refused_with_what_is_left(desk: Desk) -> None:
    await sell(desk, MOKNIN, 7)
    never_there = await refused(sell(desk, MOKNIN, 2))
    assert (never_there.reason, never_there.free_seats) == (Reason.NOT_ENOUGH_SEATS, 1)
    elsewhere = await refused(sell(desk, MOKNIN, 2, seen_free=2))
    assert elsewhere.sentence.fr == "déjà vendu à l'autre guichet : il reste 1 place"
    assert elsewhere.sentence.en == "already sold at the other counter: 1 seat is left"
    assert len(await rows(desk, "bookings")) == 1


async def test_one_vehicle_can_be_insisted_on(desk: Desk) -> None:
    assert (await sell(desk, JEMMAL, 8, queue_id="queue-2")).license_plate == "145 TUN 2210"
    full = await refused(sell(desk, JEMMAL, 1, queue_id="queue-2", seen_free=1))
    assert full.sentence.fr == "déjà vendu à l'autre guichet : il ne reste aucune place"


async def test_a_whole_sale_is_given_back(desk: Desk) -> None:
    sold = await sell(desk, JEMMAL, 2)
    done = await cancel(desk, sold.booking_id or "")
    assert await captured(desk, done.tx_id) == [
        ("UPDATE", "bookings", "BOOKING_CANCELLED"),
        ("UPDATE", "vehicle_queue", "VEHICLE_UPDATED"),
        ("UPDATE", "vehicle_queue", "VEHICLE_UPDATED"),
    ]
    assert (done.changes, done.amount, done.free_seats) == (3, -sold.amount, 8)
    assert await queue_row(desk, sold.queue_id) == ("WAITING", 8)
    (booking,) = await rows(desk, "bookings")
    assert (booking["booking_status"], booking["payment_status"]) == ("CANCELLED", "CANCELLED")
    assert booking["refund_amount"] == booking["total_amount"]
    assert (await refused(cancel(desk, sold.booking_id or ""))).reason is Reason.BOOKING_GONE


async def test_one_seat_of_a_sale_is_given_back(desk: Desk) -> None:
    sold = await sell(desk, JEMMAL, 3)
    done = await cancel(desk, sold.booking_id or "", one_seat=True)
    assert (await captured(desk, done.tx_id))[0] == ("UPDATE", "bookings", "BOOKING_CANCELLED")
    assert (done.changes, done.amount, done.seats) == (2, Decimal("-1.950"), 1)
    (booking,) = await rows(desk, "bookings")
    assert (booking["booking_status"], booking["seats_booked"]) == ("ACTIVE", 2)
    again = await cancel(desk, sold.booking_id or "", one_seat=True)
    assert (again.amount, await queue_row(desk, sold.queue_id)) == (Decimal("-1.950"), ("LOADING", 7))
    last = await cancel(desk, sold.booking_id or "", one_seat=True)
    assert (last.amount, await queue_row(desk, sold.queue_id)) == (Decimal("-1.950"), ("WAITING", 8))


async def test_the_latest_sale_is_given_back(desk: Desk) -> None:
    await sell(desk, JEMMAL, 1)
    second = await sell(desk, JEMMAL, 2)
    assert (await cancel_latest(desk, "queue-1")).booking_id == second.booking_id


async def test_a_full_vehicle_gives_nothing_back(desk: Desk) -> None:
    sold = await sell(desk, JEMMAL, 8)
    assert (await refused(cancel(desk, sold.booking_id or ""))).reason is Reason.VEHICLE_LEAVES
    await depart(desk, sold.queue_id)
    assert (await refused(cancel(desk, sold.booking_id or ""))).reason is Reason.BOOKING_GONE


@pytest.mark.parametrize("seats", [3, 8])
async def test_a_vehicle_taken_out_refunds_everybody_and_does_not_leave(desk: Desk, seats: int) -> None:
    sold = await sell(desk, MOKNIN, seats)
    await_told = await remove(desk, sold.queue_id)
    told = await captured(desk, await_told.tx_id)
    assert ("UPDATE", "bookings", "BOOKING_CANCELLED") in told
    assert ("DELETE", "vehicle_queue", "VEHICLE_EXITED") in told
    assert await_told.changes == len(told)
    assert await_told.amount == -sold.amount
    (booking,) = await rows(desk, "bookings")
    assert (booking["booking_status"], booking["refund_amount"]) == ("REFUNDED", booking["total_amount"])
    assert await rows(desk, "exit_passes") == []


async def test_a_sale_goes_over_to_another_vehicle(desk: Desk) -> None:
    sold = await sell(desk, JEMMAL, 2)
    done = await transfer(desk, sold.booking_id or "", "queue-2")
    assert done.changes == len(await captured(desk, done.tx_id))
    assert await queue_row(desk, "queue-1") == ("WAITING", 8)
    assert await queue_row(desk, "queue-2") == ("LOADING", 6)
    await sell(desk, JEMMAL, 7, queue_id="queue-1")
    lacks_room = await refused(transfer(desk, sold.booking_id or "", "queue-1"))
    assert (lacks_room.reason, lacks_room.free_seats) == (Reason.NO_ROOM, 1)
    assert (await refused(transfer(desk, sold.booking_id or "", "queue-3"))).reason is Reason.NO_ROOM


async def test_a_refused_act_changes_nothing(desk: Desk) -> None:
    await refused(sell(desk, MOKNIN, 8, queue_id="gone"))
    assert await desk.connection.fetchval("SELECT count(*) FROM wasla.outbox") == 0
    await desk.connection.execute("ALTER TABLE exit_passes ADD CHECK (license_plate = '')")
    with pytest.raises(asyncpg.CheckViolationError):
        await sell(desk, MOKNIN, 8)
    assert await rows(desk, "bookings") == []
    assert await queue_row(desk, "queue-3") == ("WAITING", 8)

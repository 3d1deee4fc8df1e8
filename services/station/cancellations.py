"""A sale is given back, whole or one seat of it, against a refund, as long as the vehicle still loads."""

from __future__ import annotations

from typing import Any

from services.station.desk import Desk, Done, done
from services.station.refusals import Reason, Refused

REASON = "annulé au guichet"


async def cancel(desk: Desk, booking_id: str, *, one_seat: bool = False) -> Done:
    """Give back a booking, or ``one_seat`` of it; raise Refused when it does not stand any more."""
    async with desk.act() as tx_id:
        queue_id = await desk.fetch_value("station/place_of_booking", booking_id)
        if queue_id is None:
            raise Refused(Reason.BOOKING_GONE)
        vehicle = await _still_loading(desk, queue_id)
        return await _give_back(desk, tx_id, vehicle, await lock_booking(desk, booking_id, queue_id), one_seat=one_seat)


async def cancel_latest(desk: Desk, queue_id: str) -> Done:
    """Give back the latest booking of a vehicle; raise Refused when there is none."""
    async with desk.act() as tx_id:
        vehicle = await _still_loading(desk, queue_id)
        booking_id = await desk.fetch_value("station/latest_booking", queue_id)
        if booking_id is None:
            raise Refused(Reason.BOOKING_GONE)
        return await _give_back(desk, tx_id, vehicle, await lock_booking(desk, booking_id, queue_id), one_seat=False)


async def lock_booking(desk: Desk, booking_id: str, queue_id: str) -> Any:
    """Return a booking that stands in a vehicle, locked; raise Refused otherwise."""
    booking = await desk.fetch_row("station/lock_booking", booking_id)
    if booking is None or booking["queue_id"] != queue_id or booking["booking_status"] != "ACTIVE":
        raise Refused(Reason.BOOKING_GONE)
    return booking


async def _still_loading(desk: Desk, queue_id: str) -> Any:
    vehicle = await desk.fetch_row("station/lock_queued", queue_id)
    if vehicle is None:
        raise Refused(Reason.BOOKING_GONE)
    if vehicle["status"] == "READY":
        raise Refused(Reason.VEHICLE_LEAVES)
    return vehicle


async def _give_back(desk: Desk, tx_id: str, vehicle: Any, booking: Any, *, one_seat: bool) -> Done:
    paid = booking["total_amount"] - booking["refund_amount"]
    if one_seat and booking["seats_booked"] > 1:
        seats, refund = 1, paid / booking["seats_booked"]
        await desk.execute("station/cancel_seat", booking["id"], refund, desk.at)
    else:
        seats, refund = booking["seats_booked"], paid
        await desk.execute("station/cancel_booking", booking["id"], REASON, refund, desk.at)
    free = await desk.fetch_value("station/change_seats", vehicle["id"], seats)
    changes, status = 2, vehicle["status"]
    if free == vehicle["total_seats"]:
        changes, status = 3, "WAITING"
        await desk.execute("station/change_status", vehicle["id"], status)
    facts = {"free_seats": free, "status": status, "seats": seats, "amount": -refund, "booking_id": booking["id"]}
    return done(tx_id, vehicle, changes=changes, **facts)

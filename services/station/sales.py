"""Seats are sold: in the first vehicle that can hold them, locked for the length of the transaction.

The first booking turns a vehicle from WAITING to LOADING, the last seat to READY with an exit pass in the same
transaction. Two desks that want the last seat wait for each other in the database: one has it, the other is told.
"""

from __future__ import annotations

from typing import Any

from services.station.desk import Desk, Done, done
from services.station.prices import amount
from services.station.refusals import Reason, Refused


async def sell(
    desk: Desk, destination_id: str, seats: int, *, queue_id: str | None = None, seen_free: int | None = None
) -> Done:
    """Sell *seats* together; raise Refused when no vehicle can hold them.

    ``queue_id`` insists on one vehicle. ``seen_free`` is how many seats the clerk's screen showed as free: a refusal
    tells apart what was sold meanwhile and what was never there.
    """
    async with desk.act() as tx_id:
        vehicle = await desk.fetch_row("station/find_vehicle", destination_id, seats, queue_id)
        if vehicle is None:
            free = await desk.fetch_value("station/most_free_seats", destination_id, queue_id)
            was_there = seen_free is not None and seen_free >= seats
            raise Refused(Reason.SOLD_ELSEWHERE if was_there else Reason.NOT_ENOUGH_SEATS, free_seats=free)
        return await _book(desk, tx_id, vehicle, seats)


async def _book(desk: Desk, tx_id: str, vehicle: Any, seats: int) -> Done:
    paid = amount(seats, vehicle["base_price"])
    booking = await desk.fetch_row(
        "station/book", vehicle["id"], vehicle["destination_id"], vehicle["license_plate"], seats, paid, desk.at
    )
    free = await desk.fetch_value("station/change_seats", vehicle["id"], -seats)
    changes, status = 2, vehicle["status"]
    if status == "WAITING":
        changes, status = changes + 1, "LOADING"
        await desk.execute("station/change_status", vehicle["id"], status)
    if free == 0:
        changes, status = changes + 2, "READY"
        await desk.execute("station/change_status", vehicle["id"], status)
        await make_exit_pass(desk, vehicle)
    facts = {"free_seats": free, "status": status, "seats": seats, "amount": paid, "booking_id": booking["id"]}
    return done(tx_id, vehicle, changes=changes, **facts)


async def make_exit_pass(desk: Desk, vehicle: Any) -> None:
    """Write the pass that a vehicle leaves with."""
    destination = vehicle["destination_id"], vehicle["destination_name"]
    await desk.execute(
        "station/make_exit_pass", vehicle["id"], vehicle["vehicle_id"], vehicle["license_plate"], *destination, desk.at
    )

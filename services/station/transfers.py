"""A booking goes over to another vehicle of the same destination, which fills as if it had been sold there."""

from __future__ import annotations

from services.station.cancellations import lock_booking
from services.station.desk import Desk, Done, done
from services.station.refusals import Reason, Refused
from services.station.sales import make_exit_pass


async def transfer(desk: Desk, booking_id: str, to_queue_id: str) -> Done:
    """Move a booking; raise Refused when either vehicle has gone or leaves, or the other lacks room."""
    async with desk.act() as tx_id:
        from_queue_id = await desk.fetch_value("station/place_of_booking", booking_id)
        if from_queue_id is None or from_queue_id == to_queue_id:
            raise Refused(Reason.BOOKING_GONE)
        # In the order of their keys, like everybody who locks two of them.
        vehicles = {key: await desk.lock_vehicle(key) for key in sorted((from_queue_id, to_queue_id))}
        former, other = vehicles[from_queue_id], vehicles[to_queue_id]
        if "READY" in (former["status"], other["status"]):
            raise Refused(Reason.VEHICLE_LEAVES)
        booking = await lock_booking(desk, booking_id, from_queue_id)
        seats = booking["seats_booked"]
        if other["available_seats"] < seats or other["destination_id"] != former["destination_id"]:
            raise Refused(Reason.NO_ROOM, free_seats=other["available_seats"])
        await desk.execute("station/move_booking", booking_id, to_queue_id, other["license_plate"])
        changes = 3
        if await desk.fetch_value("station/change_seats", from_queue_id, seats) == former["total_seats"]:
            changes += 1
            await desk.execute("station/change_status", from_queue_id, "WAITING")
        free, status = await desk.fetch_value("station/change_seats", to_queue_id, -seats), other["status"]
        if status == "WAITING":
            changes, status = changes + 1, "LOADING"
            await desk.execute("station/change_status", to_queue_id, status)
        if free == 0:
            changes, status = changes + 2, "READY"
            await desk.execute("station/change_status", to_queue_id, status)
            await make_exit_pass(desk, other)
        return done(tx_id, other, changes=changes, free_seats=free, status=status, seats=seats, booking_id=booking_id)

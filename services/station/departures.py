"""A vehicle goes: the queue's row is deleted, and what belonged to it lets go of it (ON DELETE SET NULL).

A full vehicle holds its exit pass since its last seat was sold; one that leaves with free seats gets it as it leaves.
One that is taken out (a breakdown) gets none, and everybody on board gets the money back.
"""

from __future__ import annotations

from services.station.desk import Desk, Done, done
from services.station.refusals import Reason, Refused
from services.station.sales import make_exit_pass

REASON = "voiture retirée"
DEPARTS_AFTER = 0.3
"""Seconds between the last seat and the departure."""


async def depart(desk: Desk, queue_id: str) -> Done:
    """Let a vehicle leave; raise Refused when it has gone, or nobody is on board."""
    async with desk.act() as tx_id:
        vehicle = await desk.lock_vehicle(queue_id)
        if vehicle["available_seats"] == vehicle["total_seats"]:
            raise Refused(Reason.VEHICLE_EMPTY)
        changes = 1
        if not await desk.fetch_value("station/has_exit_pass", queue_id):
            await make_exit_pass(desk, vehicle)
            changes += 1
        changes += await desk.fetch_value("station/rows_that_let_go", queue_id)
        await desk.execute("station/leave_queue", queue_id)
        seats = vehicle["total_seats"] - vehicle["available_seats"]
        facts = {"status": "DEPARTED", "free_seats": vehicle["available_seats"], "seats": seats}
        return done(tx_id, vehicle, changes=changes, **facts)


async def remove(desk: Desk, queue_id: str) -> Done:
    """Take a vehicle out of the queue and refund its bookings; raise Refused when it has gone."""
    async with desk.act() as tx_id:
        vehicle = await desk.lock_vehicle(queue_id)
        voided = await desk.fetch_value("station/void_exit_pass", queue_id)
        refunded = await desk.fetch_all("station/refund_bookings", queue_id, REASON)
        let_go = await desk.fetch_value("station/rows_that_let_go", queue_id)
        await desk.execute("station/leave_queue", queue_id)
        changes = 1 + (voided is not None) + len(refunded) + let_go
        return done(tx_id, vehicle, changes=changes, status="REMOVED", amount=-sum(row["refunded"] for row in refunded))

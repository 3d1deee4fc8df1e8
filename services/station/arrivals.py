"""A vehicle arrives: it enters the queue of its destination, with a day pass bought when it has none for the day."""

from __future__ import annotations

from services.station.desk import Desk, Done
from services.station.refusals import Reason, Refused


async def arrive(desk: Desk, license_plate: str, destination_id: str) -> Done:
    """Let a vehicle in; raise Refused when there is no such route, or the vehicle waits already."""
    async with desk.act() as tx_id:
        route = await desk.fetch_row("station/lock_route", destination_id)
        if route is None:
            raise Refused(Reason.NO_ROUTE, what=destination_id)
        vehicle = await desk.fetch_row("station/know_vehicle", license_plate)
        waiting_for = await desk.fetch_value("station/where_queued", vehicle["id"])
        if waiting_for is not None:
            raise Refused(Reason.ALREADY_QUEUED, what=waiting_for)
        day_pass = await desk.fetch_value("station/buy_day_pass", vehicle["id"], license_plate, desk.at)
        name, price = route["station_name"], route["base_price"]
        queue_id = await desk.fetch_value(
            "station/enter_queue", vehicle["id"], vehicle["capacity"], destination_id, name, price, desk.at
        )
    return Done(
        tx_id=tx_id,
        changes=1 if day_pass is None else 2,
        queue_id=queue_id,
        license_plate=license_plate,
        destination_id=destination_id,
        destination_name=name,
        status="WAITING",
        free_seats=vehicle["capacity"],
    )

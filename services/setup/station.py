"""The station's demo tables: seats, queue, day passes and exit passes of a louage station, watched."""

from __future__ import annotations

from typing import NamedTuple

import asyncpg

from services.setup import scripts
from services.setup.installation import run
from services.setup.transactions import changing
from services.setup.watching import DEFAULT_CAPTURE, watch


class _Watched(NamedTuple):
    table: str
    channel: str
    capture: str = DEFAULT_CAPTURE


WATCHED = (
    _Watched("public.bookings", "booking_events", "notify_booking_change"),
    _Watched("public.vehicle_queue", "vehicle_events", "notify_vehicle_queue_change"),
    _Watched("public.day_passes", "day_passes_events"),
    _Watched("public.exit_passes", "exit_passes_events"),
)


async def install_station(connection: asyncpg.Connection) -> None:
    """Make the demo tables where they are missing and watch them; tables that are there keep their rows."""
    async with changing(connection, "the station's demo tables were not made"):
        await run(connection, scripts.read_all(scripts.STATION_DIRECTORY))
        for table, channel, capture in WATCHED:
            await watch(connection, table, channel=channel, capture=capture)

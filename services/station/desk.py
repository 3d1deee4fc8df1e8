"""Where acts are done: one connection, one transaction an act, and the name its events carry.

An act either commits as a whole or raises and changes nothing: Refused for a reason the clerk reads, the driver's
errors otherwise. Rows are always locked in the same order, the vehicle before its bookings, so that two desks wait for
each other at most, and never for ever.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg
import msgspec

from services.station.refusals import Reason, Refused
from shared.queries import query


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What an act did to which vehicle.

    ``changes`` counts the watched rows it changed, each of which is an event with this ``tx_id``; ``free_seats`` and
    ``status`` are the vehicle's afterwards. ``amount`` is what changed hands, in dinars, negative for a refund.
    """

    tx_id: str
    changes: int
    queue_id: str
    license_plate: str
    destination_id: str
    destination_name: str
    status: str = ""
    free_seats: int = 0
    seats: int = 0
    amount: Decimal = Decimal(0)
    booking_id: str | None = None


class Desk:
    """``post`` is who works here, ``origin`` on every event; ``at`` is the local time of its acts, None for now."""

    def __init__(self, connection: asyncpg.Connection, post: str, *, at: datetime | None = None) -> None:
        self.connection = connection
        self.post = post
        self.at = at
        self.committing_at = 0.0
        """Monotonic seconds just before the last act's COMMIT was sent."""

    @asynccontextmanager
    async def act(self) -> AsyncIterator[str]:
        """One transaction; yields its number."""
        async with self.connection.transaction():
            begun = await self.fetch_row("station/begin_act", self.post)
            yield begun["tx_id"]
            self.committing_at = time.monotonic()

    async def fetch_row(self, name: str, *arguments: object) -> Any:
        """Return the first row of a named query, or None."""
        return await self.connection.fetchrow(query(name), *arguments)

    async def fetch_value(self, name: str, *arguments: object) -> Any:
        """Return the first value of a named query, or None."""
        return await self.connection.fetchval(query(name), *arguments)

    async def fetch_all(self, name: str, *arguments: object) -> list[Any]:
        """Return every row of a named query."""
        rows: list[Any] = await self.connection.fetch(query(name), *arguments)
        return rows

    async def execute(self, name: str, *arguments: object) -> None:
        """Run a named statement."""
        await self.connection.execute(query(name), *arguments)

    async def lock_vehicle(self, queue_id: str | None) -> Any:
        """Return a vehicle in the queue, locked; raise Refused when it has gone."""
        vehicle = await self.fetch_row("station/lock_queued", queue_id)
        if vehicle is None:
            raise Refused(Reason.VEHICLE_GONE)
        return vehicle


def done(tx_id: str, vehicle: Any, *, changes: int, **facts: Any) -> Done:
    """Return what was done to *vehicle*, a row of the queue."""
    return Done(
        tx_id=tx_id,
        changes=changes,
        queue_id=vehicle["id"],
        license_plate=vehicle["license_plate"],
        destination_id=vehicle["destination_id"],
        destination_name=vehicle["destination_name"],
        **facts,
    )

"""A station to work at: its desk, and what its tables say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from services.station.desk import Desk

Desks = Callable[[str], Awaitable[Desk]]


@pytest.fixture
async def desks(station_database_url: str) -> AsyncIterator[Desks]:
    """Open another desk, with a connection of its own."""
    opened: list[asyncpg.Connection] = []

    async def open_desk(post: str) -> Desk:
        opened.append(await asyncpg.connect(station_database_url))
        return Desk(opened[-1], post)

    yield open_desk
    for connection in opened:
        await connection.close()


@pytest.fixture
async def desk(desks: Desks) -> Desk:
    return await desks("Guichet 1")


async def rows(desk: Desk, table: str) -> list[dict[str, Any]]:
    """Return every row of a table."""
    return [dict(row) for row in await desk.connection.fetch(f"SELECT * FROM {table}")]


async def captured(desk: Desk, tx_id: str) -> list[tuple[str, str, str | None]]:
    """Return what a transaction will tell: operation, table and business event, in its order."""
    found = await desk.connection.fetch(
        "SELECT event_type, arguments[0] AS table_name, origin, "
        "wasla.business_event(capture, event_type, old_row, new_row) AS business_event "
        "FROM wasla.outbox WHERE xid::text = $1 ORDER BY stamp, id",
        tx_id,
    )
    assert {row["origin"] for row in found} == {desk.post}
    return [(row["event_type"], row["table_name"], row["business_event"]) for row in found]

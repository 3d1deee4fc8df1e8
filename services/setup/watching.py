"""Puts capture on a table, and takes it off again; both may be repeated."""

from __future__ import annotations

import asyncpg

from services.setup.casts import foreign_casts
from services.setup.transactions import changing
from shared.errors import DatabaseRefused
from shared.queries import query

DEFAULT_CAPTURE = "notify_change"
"""The capture function that knows no business events."""


async def watch(
    connection: asyncpg.Connection, table: str, *, channel: str | None = None, capture: str = DEFAULT_CAPTURE
) -> None:
    """Watch a table, named as in SQL (``bookings``, ``audit.entries``); its events carry *channel*.

    Without a channel it is the table's name and ``_events``. A table without a key is refused, and
    one with a column that becomes JSON by a function of somebody whom the schema's owner does not trust.
    """
    advice = (
        "connect as a role that may act as the owner of schema wasla and that has the right TRIGGER on the table and "
        "on each of its partitions (GRANT TRIGGER ON ... TO ...)"
    )
    async with changing(connection, f"{table} is not watched", advice=advice):
        await connection.execute(query("watch"), table, channel, capture)
        for cast in await foreign_casts(connection, table):
            raise DatabaseRefused(f"{table} is not watched: {cast.sentence}; nothing was changed, {cast.advice}")


async def unwatch(connection: asyncpg.Connection, table: str) -> bool:
    """Stop watching a table and tell whether it was watched; one that was not, or is gone, is left as it is."""
    advice = "connect as the table's owner, who may also act as the owner of schema wasla"
    async with changing(connection, f"{table} is still watched", advice=advice):
        was_watched: bool = await connection.fetchval(query("unwatch"), table)
    return was_watched

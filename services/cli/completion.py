"""What the shell is offered while a command line is typed: names from the database, within a second or not at all.

A completion never fails and never says anything: whatever goes wrong, there are no names to offer.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from services.cli.database import connection, url_in_force
from services.cli.watched import watched_tables
from services.gateway.subscribing import KNOWN_EVENTS
from shared.queries import query

TIMEOUT = 1.0
"""Seconds that somebody who has pressed Tab waits for the database."""

CAPTURES = ("notify_change", "notify_booking_change", "notify_vehicle_queue_change")


def table_names(incomplete: str) -> list[str]:
    """Offer the watched tables."""
    return _beginning_with(incomplete, [watched.table for watched in _ask(watched_tables)])


def channel_names(incomplete: str) -> list[str]:
    """Offer the channels of the watched tables."""
    return _beginning_with(incomplete, sorted({watched.channel for watched in _ask(watched_tables)}))


def unwatched_names(incomplete: str) -> list[str]:
    """Offer the tables that could be watched and are not."""
    return _beginning_with(incomplete, _ask(_watchable))


def event_names(incomplete: str) -> list[str]:
    """Offer the event types and business events that a gateway accepts."""
    return _beginning_with(incomplete, KNOWN_EVENTS)


def capture_names(incomplete: str) -> list[str]:
    """Offer the capture functions."""
    return _beginning_with(incomplete, CAPTURES)


async def _watchable(database: Any) -> list[str]:
    return [row["table"] for row in await database.fetch(query("cli/watchable_tables"))]


def _ask(question: Callable[[Any], Awaitable[list[Any]]]) -> list[Any]:
    with contextlib.suppress(Exception):
        return asyncio.run(asyncio.wait_for(_asked(question), TIMEOUT))
    return []


async def _asked(question: Callable[[Any], Awaitable[list[Any]]]) -> list[Any]:
    async with connection(url_in_force()) as database:
        return await question(database)


def _beginning_with(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]

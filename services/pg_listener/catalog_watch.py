"""Keeping the catalogue current: read at the start, when somebody says it changed, and now and then all the same."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from services.pg_listener.archive import Archive
from services.pg_listener.feed import Feed
from services.pg_listener.signals import Signals
from shared.backoff import Backoff
from shared.errors import DatabaseError

log = structlog.get_logger(__name__)

REFRESH_INTERVAL: Final = 30.0
"""Seconds between looks that nobody asked for: where notifications do not arrive, nobody can ask."""


async def watch_catalog(archive: Archive, feed: Feed, signals: Signals) -> None:
    """Keep the feed's catalogue current, for ever. A database that is away is told of elsewhere."""
    backoff = Backoff(first=0.1, cap=2.0)
    while True:
        signals.catalog_stale.clear()
        try:
            if feed.watch(await archive.catalog()):
                log.info("catalogue read", tables=len(feed.catalog.tables), version=feed.catalog_version)
        except DatabaseError:
            await asyncio.sleep(backoff.next_delay())
            continue
        backoff.succeeded()
        await _pause(signals.catalog_stale)


async def _pause(stale: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(REFRESH_INTERVAL):
            await stale.wait()
    except TimeoutError:
        pass

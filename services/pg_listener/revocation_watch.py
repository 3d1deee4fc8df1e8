"""Keeping what is revoked current: read at the start, when somebody revokes, and now and then all the same."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

import structlog

from services.pg_listener.archive import Archive
from services.pg_listener.feed import Feed
from services.pg_listener.signals import Signals
from shared.backoff import Backoff
from shared.errors import DatabaseError, DatabaseRefused

log = structlog.get_logger(__name__)

REFRESH_INTERVAL: Final = 30.0
DEAF_INTERVAL: Final = 0.5
"""Seconds between looks where notifications do not arrive: a revocation is to be in force within a second."""


async def watch_revocations(archive: Archive, feed: Feed, signals: Signals) -> None:
    """Keep the feed's revocations current, for ever. A database that is away is told of elsewhere."""
    backoff = Backoff(first=0.1, cap=2.0)
    refused = False
    while True:
        signals.revocations_stale.clear()
        try:
            if feed.revoke(await archive.revocations()):
                found = feed.revocations
                log.info("revocations read", users=len(found.users), tokens=len(found.token_ids))
        except DatabaseError as error:
            if isinstance(error, DatabaseRefused) and not refused:
                log.warning("revocations cannot be read", reason=str(error))
            refused = isinstance(error, DatabaseRefused)
            await asyncio.sleep(backoff.next_delay())
            continue
        backoff.succeeded()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REFRESH_INTERVAL if signals.audible else DEAF_INTERVAL):
                await signals.revocations_stale.wait()

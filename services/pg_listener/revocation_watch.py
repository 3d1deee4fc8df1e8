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
REFUSED_PAUSE: Final = 30.0
"""Seconds until a database that refused is asked again: each refusal ends the session that gateways are served by."""

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
        except DatabaseRefused as error:
            if not refused:
                log.warning("revocations cannot be read", reason=str(error))
            refused = True
            await _until_stale(signals, REFUSED_PAUSE)
        except DatabaseError:
            refused = False
            await asyncio.sleep(backoff.next_delay())
        else:
            refused = False
            backoff.succeeded()
            await _until_stale(signals, REFRESH_INTERVAL if signals.audible else DEAF_INTERVAL)


async def _until_stale(signals: Signals, timeout: float) -> None:
    """Wait until something was revoked, or this is to be looked at all the same."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout):
            await signals.revocations_stale.wait()

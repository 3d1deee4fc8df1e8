"""Retention: partitions of the log made ahead of need, old ones dropped, in the sequencer's pauses."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import structlog

from services.pg_listener.settings import ListenerSettings
from shared.queries import query

log = structlog.get_logger(__name__)

_PATIENCE = 5
"""Intervals for which upkeep waits for an idle moment before it takes a busy one."""


class Upkeep:
    """Looks after the log over the leader's connection. Times are monotonic seconds."""

    def __init__(self, connection: asyncpg.Connection, settings: ListenerSettings, now: float) -> None:
        self._connection = connection
        self._settings = settings
        self._done_at = now - settings.maintain_interval

    def due(self, now: float, *, idle: bool) -> bool:
        """Tell whether a pause at ``now`` should be used."""
        interval = self._settings.maintain_interval
        return now >= self._done_at + (interval if idle else _PATIENCE * interval)

    async def run(self, now: float) -> None:
        """Do it; what somebody else holds locked is left for the next time."""
        self._done_at = now
        settings = self._settings
        done = await self._connection.fetchrow(
            query("maintain_log"),
            timedelta(seconds=settings.log_max_age),
            settings.log_max_events,
            timeout=settings.statement_timeout,
        )
        if done["dropped"] or done["deferred"]:
            log.info("log shortened", dropped=done["dropped"], deferred=done["deferred"])

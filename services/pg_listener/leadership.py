"""The sequencing session: standing by on it, leading on it, and opening it again for ever.

The leadership lock is held by the session that sequences. Whoever loses the session has lost the lock, and whoever
has the lock has the session: there is no moment at which a former leader could still write.
"""

from __future__ import annotations

import asyncio
import time

import asyncpg
import structlog

from services.pg_listener.feed import Feed
from services.pg_listener.metrics import ListenerMetrics
from services.pg_listener.sequencer import Sequencer
from services.pg_listener.sessions import SEQUENCING, session
from services.pg_listener.settings import ListenerSettings
from services.pg_listener.signals import Signals
from services.pg_listener.standby import Standby
from shared.backoff import Backoff
from shared.errors import DatabaseError, DatabaseUnreachable

log = structlog.get_logger(__name__)


class Leadership:
    """Stands by or leads, as long as the process lives."""

    def __init__(
        self,
        settings: ListenerSettings,
        feed: Feed,
        signals: Signals,
        metrics: ListenerMetrics,
    ) -> None:
        self._settings = settings
        self._feed = feed
        self._signals = signals
        self._standby = Standby(feed, signals, settings)
        self._metrics = metrics
        self._waiting = False

    async def run(self) -> None:
        """Connect, stand by, lead; when the session ends, again after a backoff."""
        backoff = Backoff(first=0.1, cap=2.0)
        while True:
            try:
                async with session(self._settings, "wasla pg-listener", SEQUENCING) as connection:
                    await self._use(connection, backoff)
            except DatabaseError as error:
                self._metrics.reconnects.labels("sequencing").inc()
                self._say_lost(error)
            finally:
                self._feed.leading = False
            await asyncio.sleep(backoff.next_delay())

    async def _use(self, connection: asyncpg.Connection, backoff: Backoff) -> None:
        await self._standby.catch_up(connection)
        backoff.succeeded()
        if self._feed.database.connected(time.time()):
            log.info("database up")
        await self._standby.follow_until_leader(connection)
        self._feed.leading = True
        log.info("leading", epoch=self._feed.recent.epoch, seq=self._feed.recent.top_seq)
        await Sequencer(connection, self._feed, self._signals, self._settings, self._metrics).lead()

    def _say_lost(self, error: DatabaseError) -> None:
        """Say it once; a database that starts when this process does is waited for, and told of if that takes long."""
        now = time.time()
        was_leading = self._feed.leading
        changed = self._feed.database.lost(str(error), now)
        if isinstance(error, DatabaseUnreachable) and self._feed.database.is_starting(now):
            self._waiting = True
            if changed:
                log.info("waiting for the database", reason=str(error))
        elif changed or self._waiting:
            self._waiting = False
            log.warning("database down", reason=str(error), was_leading=was_leading)

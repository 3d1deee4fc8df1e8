"""Following the log: what another listener sequenced is published here too.

A leader does this as well before it sequences, so that what it publishes continues what it has published before. A
log that ends before what was published from it was set back (a copy of the server's files put in place, a disk that
lost what it had confirmed): PostgreSQL gives that no other timeline, so whoever knows better begins another epoch.
"""

from __future__ import annotations

import time

import asyncpg
import structlog

from services.pg_listener.feed import Feed
from services.pg_listener.settings import ListenerSettings
from services.pg_listener.signals import Signals
from shared.queries import query

log = structlog.get_logger(__name__)


class Standby:
    """Publishes the log's events after the feed's top, over a connection it is given."""

    def __init__(self, feed: Feed, signals: Signals, settings: ListenerSettings) -> None:
        self._feed = feed
        self._signals = signals
        self._settings = settings
        self._furthest = 0
        self._set_back = False

    async def follow_until_leader(self, connection: asyncpg.Connection) -> None:
        """Follow the log until this session holds the leadership lock, then catch up for the last time."""
        while not await self._lead(connection):
            await self._signals.wait(self._settings.lead_retry_interval)
        await self.catch_up(connection)
        await self._end_lost_epoch(connection)

    async def catch_up(self, connection: asyncpg.Connection) -> None:
        """Publish everything that the log holds after the feed's top."""
        await self._follow_to(connection, await self._position(connection))

    async def _lead(self, connection: asyncpg.Connection) -> bool:
        """Look at the log, then try to become the leader; a server in recovery is followed, never sequenced."""
        self._signals.take_ring()
        position = await self._position(connection)
        await self._follow_to(connection, position)
        if position["in_recovery"]:
            return False
        is_leader: bool = await connection.fetchval(query("try_lead"), timeout=self._settings.statement_timeout)
        if not is_leader:
            await self._end_lost_epoch(connection)  # who leads may not have heard of what is gone
        return is_leader

    async def _position(self, connection: asyncpg.Connection) -> asyncpg.Record:
        return await connection.fetchrow(query("log_position"), timeout=self._settings.statement_timeout)

    async def _follow_to(self, connection: asyncpg.Connection, position: asyncpg.Record) -> None:
        recent = self._feed.recent
        epoch, seq = position["epoch"] or "", position["seq"]  # nobody has sequenced yet: no epoch
        self._compare(epoch, seq, in_recovery=position["in_recovery"])
        if epoch != recent.epoch or seq < recent.top_seq:
            self._begin_at(epoch, seq)
        while recent.top_seq < seq:
            await self._read_on(connection, seq)

    def _compare(self, epoch: str, seq: int, *, in_recovery: bool) -> None:
        """Note whether the log ends before what was known of the same epoch; a replica may still be on its way."""
        recent = self._feed.recent
        if epoch != recent.epoch:
            self._furthest, self._set_back = 0, False
            return
        self._furthest = max(self._furthest, recent.top_seq)
        if seq < self._furthest and not in_recovery:
            self._set_back = True

    async def _read_on(self, connection: asyncpg.Connection, target: int) -> None:
        settings, recent = self._settings, self._feed.recent
        read = await connection.fetch(
            query("read_log"),
            recent.top_seq,
            min(settings.batch_max_events, target - recent.top_seq),
            settings.batch_max_bytes,
            timeout=settings.statement_timeout,
        )
        # What came after the look at the position may be of another epoch already, where a replica was promoted.
        rows = [row for row in read if row["seq"] <= target]
        first = rows[0]["seq"] if rows else target + 1
        if first != recent.top_seq + 1:
            # Away for longer than the log is kept: gateways see the gap, and hear that it has expired.
            self._begin_at(recent.epoch, first - 1)
        if rows:
            self._feed.publish(rows, time.time())

    async def _end_lost_epoch(self, connection: asyncpg.Connection) -> None:
        """Where what was published is gone, have the next drain begin an epoch: its seqs will be given again."""
        if not self._set_back:
            return
        epoch = self._feed.recent.epoch
        await connection.fetchval(query("end_lost_epoch"), epoch, None, timeout=self._settings.statement_timeout)
        self._set_back = False
        log.warning("the log was set back, another epoch begins", epoch=epoch)

    def _begin_at(self, epoch: str, seq: int) -> None:
        recent = self._feed.recent
        log.info("position set", epoch=epoch, seq=seq, former_epoch=recent.epoch, former_seq=recent.top_seq)
        self._feed.begin_at(epoch, seq)

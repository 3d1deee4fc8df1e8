"""The listening session: it hears notifications, sets flags, and proves every two seconds that it hears.

A notification is a hint to look, so nothing is done here but to flag it. The session is never in a transaction (one
that is open holds back every listener of the server's queue, see NOTIFY in PostgreSQL's documentation), and a
pooler between may accept LISTEN and deliver nothing: only ``pg_listening_channels()`` on the same session tells.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Final

import asyncpg
import structlog

from services.pg_listener.database_status import DatabaseStatus
from services.pg_listener.metrics import ListenerMetrics
from services.pg_listener.sessions import session
from services.pg_listener.settings import ListenerSettings
from services.pg_listener.signals import Signals
from shared.backoff import Backoff
from shared.errors import DatabaseError, DatabaseUnreachable
from shared.queries import query

log = structlog.get_logger(__name__)

WAKE: Final = "wasla_wake"
LOG: Final = "wasla_log"
CHANNELS: Final = frozenset({WAKE, LOG})

QUIET_QUEUE: Final = 0.4
"""Part of the server's notification queue in use from which on rings are not relied on: past half, none is sent."""

_CATALOG = "catalog"
_REVOKED = "revoked"
_CAPTURE_FAILED = "capture_failed:"


class Deaf(DatabaseUnreachable):
    """LISTEN was accepted, but this session does not listen."""


class Wakeups:
    """Keeps a session listening, for ever."""

    def __init__(
        self, settings: ListenerSettings, signals: Signals, status: DatabaseStatus, metrics: ListenerMetrics
    ) -> None:
        self._settings = settings
        self._signals = signals
        self._status = status
        self._metrics = metrics
        self._lost = False
        self._connection: asyncpg.Connection | None = None

    async def run(self) -> None:
        """Listen; reconnect whenever the session ends or does not hear."""
        backoff = Backoff(first=0.1, cap=2.0)
        while True:
            try:
                async with session(self._settings, "wasla pg-listener wakeups") as connection:
                    await self._listen(connection, backoff)
            except DatabaseError as error:
                self._metrics.reconnects.labels("wakeups").inc()
                self._say_lost(error)
            finally:
                self._signals.hear(False)
            await asyncio.sleep(backoff.next_delay())

    async def _listen(self, connection: asyncpg.Connection, backoff: Backoff) -> None:
        self._connection = connection
        try:
            async with asyncio.timeout(self._settings.listen_check_interval):
                for channel in CHANNELS:
                    await connection.add_listener(channel, self._notified)
            await self._prove(connection)
            backoff.succeeded()
            self._listens()
            await self._keep_proving(connection)
        except TimeoutError:
            self._say_silent()
            raise

    async def _keep_proving(self, connection: asyncpg.Connection) -> None:
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.listen_check_interval):
                    await ended.wait()
            await self._prove(connection)

    async def _prove(self, connection: asyncpg.Connection) -> None:
        """Raise Deaf unless this very session listens to both channels."""
        limit = self._settings.listen_check_interval
        rows = await connection.fetch(query("listening_channels"), timeout=limit)
        usage = await connection.fetchval(query("notification_queue_usage"), timeout=limit)
        heard = {row[0] for row in rows}
        if not heard >= CHANNELS:
            raise Deaf(
                f"expected this session to listen to {sorted(CHANNELS)}, it listens to {sorted(heard)}; "
                "a transaction pooler stands between: give WASLA_DATABASE_URL the server's own address"
            )
        self._metrics.notification_queue_usage.set(usage)
        self._signals.hear(usage < QUIET_QUEUE)
        if self._status.answered(time.time()):
            log.info("database up")

    def _notified(self, _connection: object, _pid: int, channel: str, payload: str) -> None:
        if channel == WAKE and payload == _CATALOG:
            self._signals.catalog_stale.set()
        elif channel == WAKE and payload == _REVOKED:
            self._signals.revocations_stale.set()
        elif channel == WAKE and payload.startswith(_CAPTURE_FAILED):
            self._signals.capture_failed(payload.removeprefix(_CAPTURE_FAILED), time.monotonic())
        else:
            self._signals.ring()

    def _listens(self) -> None:
        """From now on nothing is missed; what came before is found by looking."""
        if self._lost:
            log.info("listening again")
        self._lost = False
        self._signals.ring()
        self._signals.catalog_stale.set()
        self._signals.revocations_stale.set()

    def _say_lost(self, error: DatabaseError) -> None:
        """Say it once, until this session listens again; not while the database is starting."""
        if isinstance(error, DatabaseUnreachable) and self._status.is_starting(time.time()):
            return
        if not self._lost:
            log.warning("notifications are not heard, polling instead", reason=str(error))
        self._lost = True

    def _say_silent(self) -> None:
        reason = "the database does not answer a trivial question in time; see its log and the network"
        if self._status.silent(reason, time.time()):
            log.warning("database down", reason=reason)

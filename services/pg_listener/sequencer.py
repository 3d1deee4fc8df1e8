"""Leading: drain the outbox when the doorbell says so, and publish what was numbered.

One statement is under way at a time. What it numbered is committed before it is published, and published before
the next statement begins. A statement whose end was not heard (the session broke) may have committed: the next
session catches up from the log before it sequences. A row that cannot be numbered, whatever the reason, becomes a
mark of its table: it stops nobody else's.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

import asyncpg
import structlog

from services.pg_listener.doorbell import Act, Doorbell, Pace, State, Wait
from services.pg_listener.drains import Drain, drain
from services.pg_listener.feed import Feed
from services.pg_listener.metrics import ListenerMetrics
from services.pg_listener.patience import while_at_work
from services.pg_listener.sessions import is_of_the_rows
from services.pg_listener.settings import ListenerSettings
from services.pg_listener.signals import Signals
from services.pg_listener.suspicion import Suspicion
from services.pg_listener.upkeep import Upkeep
from shared.queries import query

log = structlog.get_logger(__name__)

UNKNOWN_TOLD: Final = 100
"""Tables that are not watched of which a session says that their failed capture was reported."""


class Sequencer:
    """Sequences over a connection that holds the leadership lock, for as long as it lives; then it is done."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        feed: Feed,
        signals: Signals,
        settings: ListenerSettings,
        metrics: ListenerMetrics,
    ) -> None:
        self._connection = connection
        self._feed = feed
        self._signals = signals
        self._settings = settings
        self._metrics = metrics
        self._clock = asyncio.get_running_loop().time
        self._upkeep = Upkeep(connection, settings, self._clock())
        self._doorbell = Doorbell(_pace(settings), audible=False, now=self._clock())
        self._suspicion = Suspicion(settings.batch_max_events)
        self._shown: State | None = None
        self._complete_at = self._clock()
        self._outbox_missing = False
        self._reason = ""
        self._unknown: set[str] = set()

    async def lead(self) -> None:
        """Sequence until the session ends; raises what the driver raises. Cancelling publishes nothing by halves."""
        try:
            writers_ring = await self._writers_ring()
            while True:
                now = self._clock()
                self._doorbell.hear(writers_ring and self._signals.audible, now)
                if self._signals.take_ring():
                    self._doorbell.rang()
                await self._carry_out(self._doorbell.next(now), now)
                self._show_state()
        finally:
            self._metrics.doorbell(None)

    async def _writers_ring(self) -> bool:
        """Tell whether the bell can be waited for, and say once that it cannot."""
        ring: bool = await self._fetchval(query("writers_ring"))
        if not ring:
            log.info("writers do not ring where prepared transactions are allowed, polling instead")
        return ring

    async def _carry_out(self, act: Act | Wait, now: float) -> None:
        match act:
            case Act.DRAIN:
                await self._drain(now)
            case Act.TAKE:
                self._doorbell.took(held=await self._fetchval(query("hang_sign")))
            case Act.RELEASE:
                await self._fetchval(query("take_sign_down"))
                horizon = await self._fetchval(query("own_transaction_id"))
                self._doorbell.released(horizon, self._clock())
            case Wait():
                await self._pause(act, now)

    async def _drain(self, now: float) -> None:
        """Number and publish what there is; where there is more, PostgreSQL numbers it while this is encoded."""
        numbering = asyncio.create_task(self._number(now))
        try:
            while (drained := await numbering) is not None:
                status = drained.status
                if status.has_more:
                    numbering = asyncio.create_task(self._number(self._clock()))
                    await _begun(numbering)
                self._publish(drained)
                self._doorbell.drained(
                    found=bool(drained.rows), more=status.has_more, xmin=status.xmin, now=self._clock()
                )
                if not status.has_more:
                    return
        finally:
            numbering.cancel()

    async def _number(self, now: float) -> Drain | None:
        """Return a batch, numbered; None after a failure that one of its rows may have caused."""
        failed_tables = self._signals.failures(time.monotonic())
        self._doorbell.draining(now)
        try:
            drained = await self._sequence(failed_tables, complete=self._look_at_everything(now))
        except asyncpg.PostgresError as error:
            self._isolate(error)
            return None
        self._account(drained, failed_tables)
        return drained

    async def _sequence(self, failed_tables: list[str], *, complete: bool) -> Drain:
        statement = drain(
            self._connection,
            max_events=self._suspicion.limit,
            max_bytes=self._settings.batch_max_bytes,
            complete=complete,
            failed_tables=failed_tables,
            row_max_bytes=self._settings.row_max_bytes,
            mark=self._suspicion.mark,
        )
        return await while_at_work(self._connection, statement, self._settings)

    def _isolate(self, error: asyncpg.PostgresError) -> None:
        """Ask for less after a failure that a row may have caused, and at once; raise any other."""
        if not is_of_the_rows(error) or not self._suspicion.failed():
            raise error
        self._reason = str(error)
        self._doorbell.rang()

    def _account(self, drained: Drain, failed_tables: list[str]) -> None:
        """Note which row was marked and which reports are dealt with."""
        if self._suspicion.mark and drained.rows:
            self._metrics.marked_rows.inc()
            row = drained.rows[0]
            log.error("row not numbered, marked", table=row["table_name"], seq=row["seq"], reason=self._reason)
        self._suspicion.drained(len(drained.rows))
        if drained.status.has_more:
            return  # a mark comes after everything that was committed before it
        for table in failed_tables:
            self._signals.reported(table)
        self._tell_unknown(set(failed_tables) - {row["table_name"] for row in drained.rows})

    def _tell_unknown(self, tables: set[str]) -> None:
        """Say once, of a few, that a table was reported that is not watched: every role may ring."""
        for table in tables - self._unknown:
            if len(self._unknown) < UNKNOWN_TOLD:
                self._unknown.add(table)
                log.debug("failed capture reported of a table that is not watched", table=table)

    def _look_at_everything(self, now: float) -> bool:
        """Now and then, when idle: what is old in the outbox costs time while a long transaction keeps it there."""
        if self._doorbell.state is not State.IDLE or now < self._complete_at:
            return False
        self._complete_at = now + self._settings.full_poll_interval
        return True

    def _publish(self, drained: Drain) -> None:
        rows, status = drained.rows, drained.status
        if status.epoch != self._feed.recent.epoch:
            log.info("epoch set", epoch=status.epoch, former_epoch=self._feed.recent.epoch)
            self._feed.begin_at(status.epoch, status.seq - len(rows))
        if rows:
            self._metrics.sequenced(rows)
            self._feed.publish(rows, time.time())
        self._metrics.drained(rows, notifications_skipped=status.notifications_skipped)
        if status.outbox_missing != self._outbox_missing:
            self._outbox_missing = status.outbox_missing
            log.warning("outbox present again" if not status.outbox_missing else "outbox missing, run wasla setup")

    async def _pause(self, wait: Wait, now: float) -> None:
        """Use a pause for what can wait, else sleep; a ring ends the sleep where it may."""
        if self._upkeep.due(now, idle=wait.wakeable):
            await self._upkeep.run(now)
        elif wait.wakeable:
            await self._signals.wait(wait.until - now)
        else:
            await asyncio.sleep(wait.until - now)

    async def _fetchval(self, text: str) -> Any:
        return await self._connection.fetchval(text, timeout=self._settings.statement_timeout)

    def _show_state(self) -> None:
        if self._doorbell.state is not self._shown:
            self._shown = self._doorbell.state
            self._metrics.doorbell(self._shown)


async def _begun(task: asyncio.Task[Drain | None]) -> None:
    """Let a task send its statement: in one turn of the loop it starts, in the next what it waits for does."""
    for _ in range(2):
        if not task.done():
            await asyncio.sleep(0)


def _pace(settings: ListenerSettings) -> Pace:
    return Pace(
        busy=settings.poll_busy_interval,
        watchful=settings.poll_watchful_interval,
        release_after=settings.doorbell_release_after,
        safety=settings.safety_poll_interval,
    )

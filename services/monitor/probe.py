"""The round-trip probe: every few seconds a change of its own, from the database to a WebSocket.

The change is made even when no gateway let the probe in, so that the database's state is known all the same.
What is logged is the change from on time to late and back.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress

import structlog

from services.monitor.metrics import MonitorMetrics
from services.monitor.observations import Observations
from services.monitor.probe_database import NotInstalled, ProbeDatabase
from services.monitor.probe_stream import ProbeStream, StreamBroken, open_stream
from services.monitor.roundtrip import Hop
from shared.access.own_tools import Introduction
from shared.errors import DatabaseError

log = structlog.get_logger(__name__)

START_PATIENCE = 15.0
"""Seconds for which nobody is alarmed by what was never there: database and gateways start when the probe does."""

MAX_RETRY_INTERVAL = 1.0
"""Seconds from a failed round to the next, at most: the way back to on time is to be seen soon."""


class Prober:
    """Runs until cancelled. ``late_after`` bounds, in seconds, connecting, writing and receiving, each.

    The first round that arrives is what tells whoever started it all that it works, and where to look: at ``page``.
    """

    def __init__(
        self,
        seen: Observations,
        metrics: MonitorMetrics,
        database: ProbeDatabase,
        *,
        url: str,
        interval: float,
        late_after: float,
        introduce: Callable[[], Introduction] = Introduction,
        page: str | None = None,
        start_patience: float = START_PATIENCE,
    ) -> None:
        self._seen = seen
        self._state = seen.round_trip
        self._metrics = metrics
        self._database = database
        self._url = url
        self._interval = interval
        self._late_after = late_after
        self._introduce = introduce
        self._page = page
        self._has_been_ready = False
        self._alarmed_from = time.monotonic() + start_patience
        self._said = ""

    async def run(self) -> None:
        """Round after round."""
        try:
            while True:
                began_at = time.monotonic()
                is_on_time = await self.run_round()
                interval = self._interval if is_on_time else min(self._interval, MAX_RETRY_INTERVAL)
                await asyncio.sleep(max(0.0, began_at + interval - time.monotonic()))
        finally:
            self._database.close()

    async def run_round(self) -> bool:
        """Run one round; tell whether delivery is on time."""
        nonce = secrets.token_hex(16)
        self._state.begin(nonce, time.monotonic())
        async with AsyncExitStack() as stack:
            stream, refusal = await self._connect(stack)
            self._state.send(time.monotonic())
            sent_at = time.time()
            trouble = await self._write(nonce)
            reason = refusal or trouble
            if stream is not None and reason is None:
                reason = await self._receive(stream, nonce, sent_at)
        if reason is not None:
            self._metrics.count_failure(self._state.fail(reason).missing)
        return self._report()

    async def _connect(self, stack: AsyncExitStack) -> tuple[ProbeStream | None, str | None]:
        """Return a stream, or why there is none."""
        view = self._seen.websocket
        try:
            async with asyncio.timeout(self._late_after):
                stream = await stack.enter_async_context(open_stream(self._url, self._introduce))
        except StreamBroken as error:
            view.is_up, view.reason = False, str(error)
        except TimeoutError:
            view.is_up, view.reason = False, f"no gateway let the probe in within {self._late_after:g} s at {self._url}"
        else:
            view.is_up, view.reason = True, None
            self._state.reach(Hop.CONNECTED)
            return stream, None
        finally:
            view.looked_at = time.monotonic()
        return None, view.reason

    async def _write(self, nonce: str) -> str | None:
        """Make the change; return why it could not be made."""
        try:
            async with asyncio.timeout(self._late_after):
                await self._database.touch(nonce)
        except DatabaseError as error:
            return self._found_down(str(error), is_installed=not isinstance(error, NotInstalled))
        except TimeoutError:
            return self._found_down(f"it did not take the probe's change within {self._late_after:g} s")
        finally:
            self._seen.database.looked_at = time.monotonic()
        self._state.reach(Hop.CAPTURED)
        if self._seen.database.found_up(time.time()):
            log.info("database up")
        return None

    def _found_down(self, reason: str, *, is_installed: bool = True) -> str:
        if self._seen.database.found_down(reason, time.time(), is_installed=is_installed):
            log.log(self._level, "database down", reason=reason)
        return reason

    async def _receive(self, stream: ProbeStream, nonce: str, sent_at: float) -> str | None:
        """Wait for the event and note the round trip; return why it did not come."""
        try:
            async with asyncio.timeout(self._late_after):
                stamps = await stream.receive(nonce)
        except StreamBroken as error:
            return str(error)
        except TimeoutError:
            await self._find_where_it_stays(nonce, stream.seq)
            if self._state.awaited is Hop.CAPTURED:
                return "the change was committed, but no trigger of wasla.probe noted it; run wasla setup, enable them"
            return f"the change was committed, but did not arrive within {self._late_after:g} s"
        received_at, now = time.time(), time.monotonic()
        arrived = self._state.arrive(stamps, sent_at=sent_at, received_at=received_at, now=now)
        self._metrics.count_arrival(arrived)
        return None

    async def _find_where_it_stays(self, nonce: str, after_seq: int) -> None:
        """Tell a change that no trigger noted from one that nobody sequenced, and that from one not published."""
        if self._state.awaited is not Hop.SEQUENCED:
            return
        with suppress(DatabaseError, TimeoutError):  # then it stays unknown, and sequencing is what is named
            async with asyncio.timeout(self._late_after):
                found = await self._database.find(nonce, after_seq=after_seq)
                if found.is_sequenced:
                    self._state.reach(Hop.SEQUENCED)
                elif not found.is_captured:
                    self._state.miss(Hop.CAPTURED)

    @property
    def _level(self) -> int:
        """How loudly trouble is told: what never worked may still be starting."""
        is_starting = not self._has_been_ready and time.monotonic() < self._alarmed_from
        return logging.INFO if is_starting else logging.WARNING

    def _report(self) -> bool:
        """Say whether delivery is on time when that is news; return it."""
        lateness, level = self._state.lateness(time.monotonic()), self._level
        late = "not ready yet" if level == logging.INFO else "delivery late"
        news = "delivery on time" if lateness is None else late
        if news != self._said:
            self._said = news
            if lateness is None:
                self._say_on_time()
            else:
                log.log(level, news, missing_hop=lateness.missing.label, reason=lateness.reason)
        return lateness is None

    def _say_on_time(self) -> None:
        seconds = round(self._state.last.total, 4) if self._state.last else None
        if self._has_been_ready or seconds is None:
            log.info("delivery on time", seconds=seconds)
            return
        self._has_been_ready = True
        log.info("ready: a change arrives at a client", seconds=seconds, status_page=self._page)

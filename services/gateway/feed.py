"""The stream from the bus into the ring: what is heard is delivered, what is missing or in doubt is asked for.

Two tasks: :meth:`Feed.hear` receives, :meth:`Feed.repair` carries out the replays that the intake decides on. Neither
returns; cancelling them leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Sequence
from typing import NamedTuple

import structlog

from services.gateway.database_status import next_status
from services.gateway.entries import enter
from services.gateway.hub import Hub
from services.gateway.intake import Ask, Intake, Joined
from services.gateway.metrics import HopTimes
from shared.bus.contract import Heard, Line, Standing, Subscriber
from shared.bus.messages import (
    UNKNOWN_REVOCATIONS,
    Batch,
    Beat,
    Broadcast,
    Hello,
    ReplayReply,
    ReplayRequest,
    RosterAnswer,
    RosterQuery,
)
from shared.errors import BusError
from shared.events import Event

log = structlog.get_logger(__name__)

DELIVERED_TOGETHER = 500
"""Events read from which on no further batch is taken into a delivery: others have their turn on the loop, too."""

SETTLED_WITHIN = 0.5
"""Seconds that a doubt may keep the question for a gap waiting."""


class Doubt(NamedTuple):
    """A position of *epoch* that a reader has, and the leader at *line* may never have reached."""

    line: Line
    epoch: str
    position: int


class Feed:
    """``joined`` is set once the stream was joined and the first position is known; ``revocations_known`` likewise."""

    def __init__(
        self, bus: Subscriber, intake: Intake, hub: Hub, hops: HopTimes, request_ids: itertools.count[int]
    ) -> None:
        self.joined = asyncio.Event()
        self.catalog_changed = asyncio.Event()
        self.catalog_version: int | None = None
        self.revocations_changed = asyncio.Event()
        self.revocations_known = asyncio.Event()
        self.revocations_version: int | None = None
        self._bus = bus
        self._intake = intake
        self._hub = hub
        self._hops = hops
        self._request_ids = request_ids
        self._settings = hub.settings
        self._to_ask = asyncio.Event()
        self._doubt: Doubt | None = None

    async def hear(self) -> None:
        """Take what the listeners publish, for ever."""
        while True:
            line, message = await self._bus.receive()
            if not isinstance(message, Batch):
                self._on_other(line, message)
                continue
            if (behind := self._on_batches(line, message)) is not None:
                self._on_other(*behind)
            await asyncio.sleep(0)  # what waits is received at once: under load nobody else would ever have a turn

    async def repair(self) -> None:
        """Ask for what is missing, or in doubt, one request at a time, for ever."""
        while True:
            self._to_ask.clear()
            ask = self._intake.next_request(self._hub.monotonic())
            if ask is not None:
                await self._ask(ask)
                continue
            if self._doubt is not None:
                await self._settle(self._doubt)
                continue
            delay = self._intake.seconds_to_request(self._hub.monotonic())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._to_ask.wait()

    def best_line(self) -> Line | None:
        """Return the listener to ask for anything, or None when none beats."""
        return self._intake.best_line(self._hub.monotonic())

    def say_hello(self) -> None:
        """Make this gateway known to every listener. To be called once a second."""
        for line in self._bus.lines:
            self._bus.notify(line, Hello(self._hub.name))

    def look_at_database(self) -> None:
        """Tell clients when the database went up or down, also when every listener has fallen silent."""
        hub = self._hub
        status = next_status(hub.status, self._intake.lines.values(), hub.monotonic(), hub.clock())
        if status is not hub.status:
            log.info("database status", up=status.up)
            hub.show_status(status)

    def look_at_lines(self) -> None:
        """Say which lines ail that did not before, and which are well again."""
        for verdict in self._intake.book.changes(self._hub.monotonic()):
            if verdict.remark is None:
                log.info("line well again", line=verdict.line)
            else:
                log.warning("line in trouble", line=verdict.line, state=str(verdict.state), reason=verdict.remark)

    def remarks(self) -> list[str]:
        """Return what ails each line that ails."""
        verdicts = self._intake.book.judge(self._hub.monotonic())
        return [verdict.remark for verdict in verdicts if verdict.remark is not None]

    def _on_batches(self, line: Line, batch: Batch) -> tuple[Line, Heard] | None:
        """Deliver a batch, and with it those that came meanwhile; return what came after them, if that is no batch.

        What waits behind a delivery goes out in one write for each client instead of one for each batch. So the more
        there is to do, the less each event costs.
        """
        received_at = self._hub.clock()
        events = self._take(line, batch, received_at)
        read, heard = len(batch.events), None  # what came by another line already is no event, and is read all the same
        while read < DELIVERED_TOGETHER and (heard := self._bus.receive_waiting()) is not None:
            line, message = heard
            if not isinstance(message, Batch):
                break
            events += self._take(line, message, received_at)
            read, heard = read + len(message.events), None
        self._deliver(events, received_at)
        self._hops.written(self._hub.clock() - received_at)
        self._look_for_gap()
        return heard

    def _take(self, line: Line, batch: Batch, received_at: float) -> list[Event]:
        self._hops.received(line, len(batch.events), received_at - batch.published_at)
        return list(self._intake.on_batch(line, batch, self._hub.monotonic()))

    def _on_other(self, line: Line, message: Heard) -> None:
        match message:
            case Beat():
                self._on_beat(line, message)
            case Broadcast():
                self._hub.pass_on(message)
            case Standing():
                self._on_standing(line, message)
            case RosterQuery(query_id):
                self._bus.notify(line, RosterAnswer(query_id, self._hub.name, self._hub.roster()))

    def _on_beat(self, line: Line, beat: Beat) -> None:
        now = self._hub.monotonic()
        joined = self._intake.on_beat(line, beat, now)
        if joined is not None:
            self._join(joined)
        if beat.leading and beat.epoch == self._intake.epoch:
            self._look_for_doubt(line, beat, now)
        if beat.catalog_version != self.catalog_version:
            self.catalog_changed.set()
        if beat.revocations_version not in (UNKNOWN_REVOCATIONS, self.revocations_version):
            self.revocations_changed.set()
        self.look_at_database()
        self._look_for_gap()

    def _on_standing(self, line: Line, standing: Standing) -> None:
        joined = self._intake.on_standing(line, standing, self._hub.monotonic())
        if joined is not None:
            self._join(joined)
        self._look_for_gap()

    def _look_for_doubt(self, line: Line, beat: Beat, now: float) -> None:
        """A leader knows less than a reader does; or this beat has waited while the reader was at another gateway."""
        position = self._hub.delivery.doubted(beat.top_seq, monotonic=now)
        if position is not None:
            self._doubt = Doubt(line, beat.epoch, position)
            self._to_ask.set()

    async def _settle(self, doubt: Doubt) -> None:
        """Ask the leader for what follows a position; who leads no more does not answer that it knows of nothing.

        Only a leader that has not noticed yet that it was replaced may be wrong: then a client reloads without need.
        """
        self._doubt, asked_at = None, self._hub.monotonic()
        request = self._replay_after(doubt.epoch, doubt.position)
        with contextlib.suppress(BusError):  # the next beat brings the doubt again
            reply = await self._bus.request(doubt.line, request, timeout=SETTLED_WITHIN)
            if isinstance(reply, ReplayReply) and reply.epoch == doubt.epoch == self._intake.epoch:
                self._hub.delivery.reject_beyond(reply.top_seq, asked_at=asked_at, now=self._hub.clock())

    def _look_for_gap(self) -> None:
        if self._intake.wants_request:
            self._to_ask.set()

    async def _ask(self, ask: Ask) -> None:
        request = self._replay_after(ask.epoch, ask.after_seq)
        try:
            reply = await self._bus.request(ask.line, request, timeout=self._settings.replay_timeout)
        except BusError:
            reply = None
        now = self._hub.monotonic()
        if not isinstance(reply, ReplayReply):
            self._intake.on_failure(now)
            return
        taken = self._intake.on_reply(reply, now)
        if isinstance(taken, Joined):
            self._join(taken)
        else:
            self._deliver(taken, self._hub.clock())

    def _replay_after(self, epoch: str, seq: int) -> ReplayRequest:
        settings = self._settings
        return ReplayRequest(
            next(self._request_ids), epoch, seq, settings.replay_page_events, settings.replay_page_bytes
        )

    def _deliver(self, events: Sequence[Event], received_at: float) -> None:
        if events:
            epoch = self._intake.epoch
            self._hub.delivery.deliver([enter(event, epoch=epoch, received_at=received_at) for event in events])
            self._hub.attend()

    def _join(self, joined: Joined) -> None:
        log.info("joined the stream", epoch=joined.epoch, seq=joined.seq, reason=joined.reason)
        self._hub.delivery.reset(joined.epoch, joined.seq, joined.reason, self._hub.clock())
        self._hub.attend()
        self.joined.set()

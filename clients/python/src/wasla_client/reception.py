"""Receives what a session makes of a gateway's messages: for the streams, the listeners, and whoever asked a question.

It is what a driver works for. ``end`` is the first reason why there is no more to come; ``was_connected`` tells whether
a link ever stood. After :meth:`Reception.finish` streams and questions have that reason, too.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from wasla_client import events as handed
from wasla_client.audience import Audience
from wasla_client.driver import sends
from wasla_client.effects import (
    Answer,
    Effect,
    HandCustomEvent,
    HandEvent,
    Lost,
    Registered,
    StatusChanged,
    TellResync,
)
from wasla_client.effects import GaveUp as GaveUpEffect
from wasla_client.effects import Notice as NoticeEffect
from wasla_client.errors import ClientClosed, GaveUp, NotConnected, Rejected, sentence_for
from wasla_client.events import CustomEvent, Disconnected, Event, Notice, Problem, Status
from wasla_client.listeners import Listeners
from wasla_client.names import names_of_broadcast, names_of_change
from wasla_client.positions import Position
from wasla_client.questions import Questions
from wasla_client.session import Session

log = logging.getLogger("wasla_client")


class Reception:
    """See the module."""

    def __init__(self, session: Session, *, max_waiting: int, on_stream_closed: Callable[[str], None]) -> None:
        self.audience = Audience(max_waiting=max_waiting, on_closed=on_stream_closed)
        self.listeners = Listeners()
        self.questions = Questions()
        self.was_connected = False
        self.end: Exception | None = None
        self._session = session
        self._turned = asyncio.Event()

    def status(self, now: float | None) -> Status:
        """Return what is known of the link; *now* in the session's seconds, None before it has begun."""
        link, seen_at = self._session.status, self._session.last_event_at
        age = None if seen_at is None or now is None else now - seen_at
        at = None if age is None else datetime.fromtimestamp(time.time() - age, UTC)
        return Status(**link._asdict(), last_event_at=at, last_event_age=age)

    async def turn(self) -> None:
        """Wait until the status changes, or the end comes."""
        self._turned.clear()
        await self._turned.wait()

    def finish(self, error: Exception) -> None:
        """There is no more to come: the first reason stays."""
        self.end = self.end or error
        self.audience.end(StopAsyncIteration() if isinstance(error, ClientClosed) else error)
        self.questions.fail(error)
        self._turned.set()

    # --- what the driver asks -------------------------------------------------------------------------------------

    def take(self, effects: list[Effect], *, before: Position | None, size: int) -> None:
        """Hand on what one fact led to."""
        for effect in effects:
            match effect:
                case HandEvent(data, epoch):
                    self._tell_change(self.audience.hand(data, epoch, before, size))
                case TellResync(data):
                    self.listeners.tell("resync", self.audience.tell_resync(data, before, size))
                case HandCustomEvent(data):
                    self._tell_broadcast(handed.custom_event(data))
                case Answer(message_type, data):
                    self._answered(message_type, data)
                case NoticeEffect(data):
                    self._noticed(handed.notice(data))
                case _:
                    self._take_of_link(effect, effects)

    def is_full(self) -> bool:
        """Tell whether a stream's reader is behind."""
        return self.audience.is_full

    async def room(self) -> None:
        """Wait until every reader has caught up, or a question is asked."""
        await self.audience.room(unless=lambda: bool(self.questions))

    def token_failed(self, cause: Exception) -> None:
        """No token could be obtained: whoever listens to errors is told."""
        self.listeners.tell("error", Problem("token_failed", f"No token could be obtained: {cause!r}.", cause=cause))

    def fail(self, error: Exception) -> None:
        """A mistake of this package, or a listener's: everybody who waits is told."""
        log.error("the client failed", exc_info=error)
        self.finish(error)

    # --- what becomes of it ---------------------------------------------------------------------------------------

    def _answered(self, message_type: str, data: Mapping[str, Any]) -> None:
        stream = self.audience.find(data.get("id")) if message_type == "subscribed" else None
        if stream is not None:
            stream.begin()
        self.questions.answer(message_type, data)

    def _noticed(self, notice: Notice) -> None:
        stream = self.audience.find(notice.id) if notice.in_reply_to == "subscribe" else None
        if stream is not None:
            stream.end(Rejected(notice.code, notice.reason, notice.in_reply_to))
        elif not self.questions.reject(notice):
            log.warning("a gateway answered %s with %s: %s", notice.in_reply_to, notice.code, notice.reason)
        self.listeners.tell("notice", notice)
        self.listeners.tell("error", Problem(notice.code, notice.reason, notice.in_reply_to, notice.id))

    def _take_of_link(self, effect: Effect, effects: list[Effect]) -> None:
        match effect:
            case Registered(data):
                self._registered(data, effects)
            case Lost(url, code):
                self.listeners.tell("disconnected", Disconnected(url, code, sentence_for(code)))
            case GaveUpEffect(code):
                self._give_up(GaveUp(code))
            case StatusChanged(changes):
                self._status_changed(changes)
            case _:
                pass

    def _tell_change(self, event: Event | None) -> None:
        if event is not None:
            for name in names_of_change(event.event_type, event.table, event.channel):
                self.listeners.tell(name, event)

    def _tell_broadcast(self, event: CustomEvent) -> None:
        for name in ("custom_event", *names_of_broadcast(event.event_type)):
            self.listeners.tell(name, event)

    def _registered(self, data: Mapping[str, Any], effects: list[Effect]) -> None:
        self.was_connected = True
        log.info("connected to %s", self._session.status.url)
        late = sends(effects, "subscribe")
        for stream in self.audience:
            if stream.subscription["id"] not in late:
                stream.begin()
        self.listeners.tell("connected", handed.connected(data))

    def _status_changed(self, changes: Mapping[str, Any]) -> None:
        if changes.get("connected") is False:
            log.info("the link ended")
            self.questions.fail(NotConnected())
        self._turned.set()
        self.listeners.tell("status", self.status(asyncio.get_running_loop().time()))

    def _give_up(self, error: GaveUp) -> None:
        log.error("%s", error)
        self.finish(error)
        self.listeners.tell("gave_up", error)
        self.listeners.tell("error", Problem("gave_up", str(error), close_code=error.code))

"""The desk: beats four times a second, and answers to what gateways ask.

What memory can answer is answered at once; what needs the log or other gateways runs as a task of its own, so that
one slow answer never holds up the others. A request that cannot be carried out is told so, with a sentence.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from typing import Any, Final

import structlog

from services.pg_listener.archive import Archive
from services.pg_listener.encoding import encode_rows
from services.pg_listener.feed import UNKNOWN_CATALOG, Feed
from services.pg_listener.gathering import RosterDesk
from services.pg_listener.metrics import ListenerMetrics
from services.pg_listener.settings import ListenerSettings
from shared.bus.contract import Peer, Publisher
from shared.bus.messages import (
    UNKNOWN_REVOCATIONS,
    BroadcastRequest,
    CatalogReply,
    CatalogRequest,
    Done,
    Failed,
    FromGateway,
    Hello,
    ReplayRequest,
    RevocationsReply,
    RevocationsRequest,
    RosterAnswer,
    RosterRequest,
)
from shared.errors import DatabaseError
from shared.events import Event
from shared.protocol import is_json

log = structlog.get_logger(__name__)

MAX_OPEN_ANSWERS: Final = 200
"""Answers being worked on; a gateway has few requests open at a time."""


class Hub:
    """Serves one publisher end until cancelled."""

    def __init__(
        self,
        publisher: Publisher,
        feed: Feed,
        archive: Archive,
        settings: ListenerSettings,
        metrics: ListenerMetrics,
    ) -> None:
        self._publisher = publisher
        self._feed = feed
        self._archive = archive
        self._settings = settings
        self._metrics = metrics
        self._roster = RosterDesk(publisher)
        self._open: set[asyncio.Task[None]] = set()

    async def beat(self) -> None:
        """Beat for ever."""
        while True:
            self._feed.beat(time.time())
            self._metrics.show(self._feed.leading, self._feed.database.up, self._feed.recent.top_seq)
            await asyncio.sleep(self._settings.beat_interval)

    async def answer(self) -> None:
        """Answer for ever."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                peer, message = await self._publisher.receive()
                later = self._answer(peer, message)
                if later is None:
                    continue
                task = tasks.create_task(later)
                self._open.add(task)
                task.add_done_callback(self._open.discard)

    async def recall(self, epoch: str, after_seq: int) -> Sequence[Event]:
        """Return what follows a position, out of memory or the log, for a bus that stores it; empty where it fails."""
        settings = self._settings
        request = ReplayRequest(0, epoch, after_seq, settings.replay_max_events, settings.replay_max_bytes)
        if (reply := self._feed.recent.answer(request)) is not None:
            return reply.events
        try:
            found, rows = await self._archive.read(after_seq, request.max_events, request.max_bytes)
        except DatabaseError:
            return ()
        if found != epoch:
            return ()
        return encode_rows(rows, published_at=time.time(), row_max_bytes=settings.row_max_bytes)

    def _answer(self, peer: Peer, message: FromGateway) -> Coroutine[Any, Any, None] | None:
        """Answer at once, or return what is to run for it."""
        match message:
            case Hello(gateway=gateway):
                self._roster.heard(gateway)
            case RosterAnswer():
                self._roster.answered(message)
            case BroadcastRequest():
                self._publisher.reply(peer, self._broadcast(message))
            case CatalogRequest():
                self._publisher.reply(peer, self._catalog(message))
            case RevocationsRequest():
                self._publisher.reply(peer, self._revocations(message))
            case ReplayRequest():
                return self._replay(peer, message)
            case RosterRequest():
                return self._when_not_busy(peer, message.request_id, self._roster.gather(peer, message.request_id))
        return None

    def _broadcast(self, request: BroadcastRequest) -> Done | Failed:
        """Pass on what clients can read: a text frame that is no UTF-8 would end every browser's connection."""
        if not is_json(request.broadcast.data):
            return Failed(request.request_id, "expected the data of a broadcast to be JSON text, got something else")
        self._publisher.publish(request.broadcast)
        return Done(request.request_id)

    def _catalog(self, request: CatalogRequest) -> CatalogReply | Failed:
        feed = self._feed
        if feed.catalog_version == UNKNOWN_CATALOG:
            return Failed(request.request_id, "what is watched is not known yet: the database was not reached")
        return CatalogReply(request.request_id, feed.catalog_version, feed.catalog)

    def _revocations(self, request: RevocationsRequest) -> RevocationsReply | Failed:
        feed = self._feed
        if feed.revocations_version == UNKNOWN_REVOCATIONS:
            return Failed(request.request_id, "what is revoked is not known yet: the database was not reached")
        users, token_ids = feed.revocations
        return RevocationsReply(request.request_id, feed.revocations_version, dict(users), list(token_ids))

    def _replay(self, peer: Peer, request: ReplayRequest) -> Coroutine[Any, Any, None] | None:
        if not self._feed.recent.epoch:
            reason = "nothing is known of the log yet: the database was not reached"
            self._publisher.reply(peer, Failed(request.request_id, reason))
            return None
        recent = self._feed.recent
        if request.epoch == recent.epoch and request.after_seq > recent.top_seq and not self._feed.leading:
            reason = "the log is not known here as far as that: ask the listener that leads"
            self._publisher.reply(peer, Failed(request.request_id, reason))
            return None
        reply = recent.answer(self._bounded(request))
        if reply is None:
            return self._when_not_busy(peer, request.request_id, self._replay_from_log(peer, request))
        self._metrics.replays.labels("memory").inc()
        self._publisher.reply(peer, reply)
        return None

    async def _replay_from_log(self, peer: Peer, request: ReplayRequest) -> None:
        bounded = self._bounded(request)
        try:
            epoch, rows = await self._archive.read(bounded.after_seq, bounded.max_events, bounded.max_bytes)
        except DatabaseError as error:
            self._metrics.replays.labels("failed").inc()
            self._publisher.reply(peer, Failed(request.request_id, str(error)))
            return
        events = encode_rows(rows, published_at=time.time(), row_max_bytes=self._settings.row_max_bytes)
        reply = self._feed.recent.reply_from_log(request, epoch, events)
        self._metrics.replays.labels("expired" if reply.expired else "log").inc()
        self._publisher.reply(peer, reply)

    def _bounded(self, request: ReplayRequest) -> ReplayRequest:
        return ReplayRequest(
            request_id=request.request_id,
            epoch=request.epoch,
            after_seq=request.after_seq,
            max_events=max(1, min(request.max_events, self._settings.replay_max_events)),
            max_bytes=min(request.max_bytes, self._settings.replay_max_bytes),
        )

    def _when_not_busy(
        self, peer: Peer, request_id: int, answer: Coroutine[Any, Any, None]
    ) -> Coroutine[Any, Any, None] | None:
        if len(self._open) < MAX_OPEN_ANSWERS:
            return answer
        answer.close()
        self._publisher.reply(peer, Failed(request_id, "too many requests are being answered; ask again in a moment"))
        return None

"""The pg-listener, put together: three sessions of the database, one publisher, and the tasks between them.

Any task that fails ends the process and supervisord starts it again: the log holds what it needs to go on.
"""

from __future__ import annotations

import asyncio
import platform
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from services.lifecycle import process_name
from services.pg_listener.archive import Archive
from services.pg_listener.catalog_watch import watch_catalog
from services.pg_listener.feed import Feed
from services.pg_listener.hub import Hub
from services.pg_listener.leadership import Leadership
from services.pg_listener.metrics import ListenerMetrics, StreamFigures
from services.pg_listener.replay import RecentEvents
from services.pg_listener.revocation_watch import watch_revocations
from services.pg_listener.settings import ListenerSettings
from services.pg_listener.signals import Signals
from services.pg_listener.wakeups import Wakeups
from shared.bus.contract import Publisher
from shared.bus.heartbeats import HeartbeatSender, beat_heart
from shared.bus.jetstream.limits import StreamLimits
from shared.bus.opening import open_publisher
from shared.errors import DatabaseError

log = structlog.get_logger(__name__)


async def serve(settings: ListenerSettings, stop: asyncio.Event) -> None:
    """Sequence, or stand by, until ``stop`` is set."""
    async with opened(settings, f"{platform.node()}/{process_name('pg-listener')}") as listener:
        with HeartbeatSender(settings.heartbeat_address) as sender:
            await _until_stopped(listener, sender, stop)
    log.info("stopped")


@asynccontextmanager
async def opened(settings: ListenerSettings, name: str) -> AsyncIterator[Listener]:
    """Open the bus that is configured, where this listener is known by *name*, for the length of the block."""
    end = open_publisher(
        settings,
        bind=settings.bus_bind,
        name=name,
        high_water_mark=settings.bus_high_water_mark,
        limits=StreamLimits(settings.stream_replicas, settings.stream_max_age, settings.stream_max_bytes),
    )
    log.info("listening", bus=settings.bus, bind=end.bind, encrypted=end.is_encrypted)
    try:
        listener = Listener(settings, end.publisher)
        if end.zeromq is not None:
            listener.metrics.count_refused(end.zeromq.guests.refused)
        if end.nats is not None:
            listener.stream = end.nats.writer
            end.nats.writer.overtaken = listener.end_lost_epoch
            listener.metrics.show_stream(end.nats.writer)
        yield listener
    finally:
        await end.publisher.close()


class Listener:
    """The parts of one pg-listener, wired; ``stream`` is what writes the stream on NATS, where there is one."""

    def __init__(self, settings: ListenerSettings, publisher: Publisher) -> None:
        self.stream: StreamFigures | None = None
        self.metrics = ListenerMetrics()
        self.signals = Signals()
        self.feed = Feed(
            publisher.publish,
            RecentEvents(max_events=settings.replay_ring_max_events, max_bytes=settings.replay_ring_max_bytes),
            self.metrics,
            listener=secrets.token_hex(8),
            row_max_bytes=settings.row_max_bytes,
            now=time.time(),
        )
        self.archive = Archive(settings)
        self.hub = Hub(publisher, self.feed, self.archive, settings, self.metrics)
        publisher.recall_by(self.hub.recall)
        self.wakeups = Wakeups(settings, self.signals, self.feed.database, self.metrics)
        self.leadership = Leadership(settings, self.feed, self.signals, self.metrics)

    def start(self, tasks: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Start every part in the group; none of them ends by itself."""
        parts = (
            self.hub.beat(),
            self.hub.answer(),
            self.wakeups.run(),
            self.leadership.run(),
            watch_catalog(self.archive, self.feed, self.signals),
            watch_revocations(self.archive, self.feed, self.signals),
        )
        return [tasks.create_task(part) for part in parts]

    async def end_lost_epoch(self, epoch: str, seq: int | None) -> None:
        """A stream holds this seq of an epoch (None: another event than the log): was the log set back?"""
        try:
            ended = await self.archive.end_lost_epoch(epoch, seq)
        except DatabaseError:
            return  # asked again as long as it seems so
        if ended:
            log.warning("the log was set back, another epoch begins", epoch=epoch, stored_seq=seq)
            self.signals.ring()


async def _until_stopped(listener: Listener, sender: HeartbeatSender, stop: asyncio.Event) -> None:
    heartbeat = beat_heart(
        sender,
        process=process_name("pg-listener"),
        role="pg-listener",
        state=lambda: listener.feed.state,
        registry=listener.metrics.registry,
    )
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [*listener.start(tasks), tasks.create_task(heartbeat)]
            await stop.wait()
            for task in running:
                task.cancel()
    finally:
        listener.archive.close()

"""The pg-listener, put together: three sessions of the database, one publisher, and the tasks between them.

Any task that fails ends the process and supervisord starts it again: the log holds what it needs to go on.
"""

from __future__ import annotations

import asyncio
import secrets
import time

import structlog

from services.lifecycle import process_name
from services.pg_listener.archive import Archive
from services.pg_listener.catalog_watch import watch_catalog
from services.pg_listener.feed import Feed
from services.pg_listener.hub import Hub
from services.pg_listener.leadership import Leadership
from services.pg_listener.metrics import ListenerMetrics
from services.pg_listener.replay import RecentEvents
from services.pg_listener.revocation_watch import watch_revocations
from services.pg_listener.settings import ListenerSettings
from services.pg_listener.signals import Signals
from services.pg_listener.wakeups import Wakeups
from shared.bus.binding import bind_address
from shared.bus.contract import Publisher
from shared.bus.heartbeats import HeartbeatSender, beat_heart
from shared.bus.keys import bus_key
from shared.bus.zeromq import ZmqPublisher

log = structlog.get_logger(__name__)


async def serve(settings: ListenerSettings, stop: asyncio.Event) -> None:
    """Sequence, or stand by, until ``stop`` is set."""
    address, key = bind_address(settings.bus_bind, settings.bus_connect), bus_key(settings)
    publisher = ZmqPublisher(address.text, high_water_mark=settings.bus_high_water_mark, key=key)
    log.info("listening", bus=address.text, encrypted=key is not None)
    try:
        with HeartbeatSender(settings.heartbeat_address) as sender:
            listener = Listener(settings, publisher)
            listener.metrics.count_refused(publisher.guests.refused)
            await _until_stopped(listener, sender, stop)
    finally:
        await publisher.close()
    log.info("stopped")


class Listener:
    """The parts of one pg-listener, wired."""

    def __init__(self, settings: ListenerSettings, publisher: Publisher) -> None:
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

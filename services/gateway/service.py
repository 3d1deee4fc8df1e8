"""The gateway put together: which parts there are and which tasks run."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections.abc import Callable

import structlog
from prometheus_client import CollectorRegistry

from services.gateway.access.upkeep import keep_revocations
from services.gateway.catalogue import keep_catalog
from services.gateway.certificate_metrics import CertificateCollector
from services.gateway.deflation import Deflation
from services.gateway.delivery import Delivery
from services.gateway.feed import Feed
from services.gateway.figures import GatewayFigures
from services.gateway.history import History
from services.gateway.hub import Hub
from services.gateway.intake import Intake
from services.gateway.line_metrics import LineCollector
from services.gateway.metrics import FigureCollector, HopTimes
from services.gateway.pages import PageFetcher
from services.gateway.relay import Relay
from services.gateway.ring import Ring
from services.gateway.server import drain, listen
from services.gateway.settings import GatewaySettings
from services.lifecycle import on_hangup, process_name, reload_each
from shared.access.tls import certificate
from shared.bus.contract import Subscriber
from shared.bus.heartbeats import HeartbeatSender, beat_heart
from shared.bus.opening import open_subscriber

log = structlog.get_logger(__name__)

JOIN_PATIENCE = 2.0
"""Seconds to wait for the stream before the port is opened without it."""

STATUS_INTERVAL = 0.25
SWEEP_INTERVAL = 1.0
HELLO_INTERVAL = 1.0
HISTORY_PAGES = 16


class Gateway:
    """One gateway; :meth:`run` until ``stop`` is set. ``port`` is known once ``ready`` is set."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.settings = settings
        self.process = process_name("gateway")
        self.name = f"{socket.gethostname()}/{self.process}"
        self.ready = asyncio.Event()
        self.port = 0
        self.registry = CollectorRegistry()
        self.pages = PageFetcher(asyncio.Event())
        self.delivery = Delivery(
            Ring(max_events=settings.ring_max_events, max_bytes=settings.ring_max_bytes),
            History(max_pages=HISTORY_PAGES, page_events=settings.replay_page_events),
            Deflation(min_bytes=settings.compression_min),
        )
        self.hub = Hub(settings, self.name, self.delivery, want_pages=self.pages.wanted.set)
        self.intake = Intake(settings.ring_max_events, settings.ring_max_bytes)
        self.certificate = certificate(settings)
        self.tokens = self.hub.gatekeeper.tokens

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until told to stop, then drain."""
        settings = self.settings
        bus = open_subscriber(settings, identity=self.name.encode(), high_water_mark=settings.receive_high_water_mark)
        self.intake.shared_stream = bus.shared_stream
        # A stored stream is joined without any listener, who alone knows what is revoked.
        self.hub.gatekeeper.door.awaits_revocations = bus.shared_stream
        self.intake.book.expect(bus.lines, self.hub.monotonic())
        self.registry.register(FigureCollector(GatewayFigures(self.hub, self.intake, bus)))
        self.registry.register(LineCollector(self.intake))
        if self.certificate is not None:
            self.registry.register(CertificateCollector(self.certificate))
        try:
            if self.tokens is not None:
                await self.tokens.open()
            with HeartbeatSender(settings.heartbeat_address) as sender, on_hangup(self.reload):
                async with asyncio.TaskGroup() as tasks:
                    await self._serve(bus, sender, tasks, stop)
        finally:
            await bus.close()

    async def _serve(
        self, bus: Subscriber, sender: HeartbeatSender, tasks: asyncio.TaskGroup, stop: asyncio.Event
    ) -> None:
        request_ids = itertools.count(1)
        feed = Feed(bus, self.intake, self.hub, HopTimes(self.registry), request_ids)
        relay = self.hub.relay = Relay(
            bus,
            tasks,
            feed.best_line,
            timeout=self.settings.request_timeout,
            max_pending=self.settings.max_pending_requests,
            request_ids=request_ids,
        )
        background = [
            tasks.create_task(feed.hear()),
            tasks.create_task(feed.repair()),
            tasks.create_task(self.pages.run(bus, self.hub, feed.best_line, request_ids)),
            tasks.create_task(keep_catalog(bus, feed, self.hub, request_ids)),
            tasks.create_task(keep_revocations(bus, feed, self.hub, request_ids)),
            tasks.create_task(every(STATUS_INTERVAL, feed.look_at_database)),
            tasks.create_task(every(STATUS_INTERVAL, feed.look_at_lines)),
            tasks.create_task(every(HELLO_INTERVAL, feed.say_hello)),
            tasks.create_task(every(SWEEP_INTERVAL, self.hub.sweep)),
            tasks.create_task(every(self.settings.position_interval, self.hub.tell_positions)),
            tasks.create_task(
                beat_heart(
                    sender,
                    process=self.process,
                    role="gateway",
                    state=self._state,
                    registry=self.registry,
                    remarks=feed.remarks,
                )
            ),
        ]
        if self.tokens is not None:
            background.append(tasks.create_task(self.tokens.keep_keys(self.hub)))
        await self._until_stopped(feed, stop)
        relay.stop()
        for task in background:
            task.cancel()

    async def _until_stopped(self, feed: Feed, stop: asyncio.Event) -> None:
        """Open the port once the stream is joined, so that whoever reconnects can resume at once."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(JOIN_PATIENCE):
                await feed.joined.wait()
                if self.tokens is not None:
                    await feed.revocations_known.wait()
                    await self.tokens.tried.wait()
        feed.say_hello()  # whoever connects is on the list of clients from the first moment
        port = await listen(self.settings, self.hub, self.certificate)
        self.port = port.number
        self.ready.set()
        await stop.wait()
        await drain(port, self.hub)

    def reload(self) -> None:
        """Take the certificate, the keys and the policy as they are in their files now; whoever is connected stays.

        Raise ConfigurationError for what is wrong with the certificate or the others, which then stay as they were.
        """
        reload_each(*([] if self.certificate is None else [self.certificate.reload]), self._reload_gatekeeper)

    def _reload_gatekeeper(self) -> None:
        self.hub.gatekeeper.reload()
        self.hub.review_rights()

    def _state(self) -> str:
        if not self.hub.serving:
            return "draining"
        return "serving" if self.ready.is_set() else "starting"


async def every(interval: float, action: Callable[[], None]) -> None:
    """Call *action* every *interval* seconds, for ever; what it raises ends the process."""
    while True:
        await asyncio.sleep(interval)
        action()


async def serve(settings: GatewaySettings, stop: asyncio.Event) -> None:
    """Run one gateway until *stop* is set."""
    await Gateway(settings).run(stop)

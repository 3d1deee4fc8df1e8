"""The monitor, put together: its tasks, and the sockets they share.

Any task that fails ends the process, and supervisord starts it again; the state is made of what is heard, and is
complete again after seconds.
"""

from __future__ import annotations

import asyncio
import os
import platform
import time
from contextlib import AsyncExitStack

import structlog

from services.lifecycle import on_hangup, process_name, reload_each
from services.monitor.door import Door
from services.monitor.hearing import hear_heartbeats, hear_lines
from services.monitor.ledger import Ledger
from services.monitor.lines import Lines
from services.monitor.metrics import MonitorMetrics
from services.monitor.observations import DatabaseView, Observations, WebSocketView
from services.monitor.probe import Prober
from services.monitor.probe_database import ProbeDatabase
from services.monitor.restarts import Restarts
from services.monitor.roundtrip import RoundTrip
from services.monitor.sampler import keep_history
from services.monitor.settings import MonitorSettings
from services.monitor.supervision import Supervision
from services.monitor.supervisor import Supervisor
from services.monitor.web import serving
from shared.access.own_tools import introduction
from shared.access.tls import Certificate, certificate
from shared.bus.choice import parse_choice
from shared.bus.heartbeats import HeartbeatReceiver, HeartbeatSender, beat_heart
from shared.bus.opening import open_subscriber
from shared.database import database_url

log = structlog.get_logger(__name__)

_BUS_HIGH_WATER_MARK = 20
"""Published messages that wait here at most: the monitor may miss some, it must never be what costs memory."""


async def serve(settings: MonitorSettings, stop: asyncio.Event) -> None:
    """Watch until ``stop`` is set."""
    own = process_name("monitor")
    seen, metrics = observe(settings), MonitorMetrics()
    tls, entrance = certificate(settings), Door(settings, metrics.limits_reached)
    async with AsyncExitStack() as stack:
        receiver = HeartbeatReceiver(settings.heartbeat_address)
        stack.push_async_callback(receiver.close)
        subscriber = open_subscriber(settings, identity=b"monitor", high_water_mark=_BUS_HIGH_WATER_MARK)
        stack.push_async_callback(subscriber.close)
        seen.lines.expect(subscriber.lines, time.monotonic())
        sender = stack.enter_context(HeartbeatSender(settings.heartbeat_address))
        supervisor = await _supervisor(stack)
        port = serving(
            seen, host=settings.status_host, port=settings.status_port, door=entrance.middleware, certificate=tls
        )
        await stack.enter_async_context(port)
        stack.enter_context(on_hangup(lambda: _reload(tls, entrance)))
        log.info("serving", address=_page(settings))
        prober = _prober(settings, seen, metrics)
        supervision = Supervision(
            seen, _restarts(settings, own), metrics, supervisor=supervisor, interval=settings.check_interval
        )
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(hear_heartbeats(receiver, seen)),
                tasks.create_task(hear_lines(subscriber, seen)),
                tasks.create_task(supervision.run()),
                tasks.create_task(prober.run()),
                tasks.create_task(keep_history(seen)),
                tasks.create_task(
                    beat_heart(sender, process=own, role="monitor", state=lambda: "watching", registry=metrics.registry)
                ),
            ]
            await stop.wait()
            for task in running:
                task.cancel()
    log.info("stopped")


def _reload(tls: Certificate | None, entrance: Door) -> None:
    """Take the certificate and the key as they are in their files now, the one whatever is wrong with the other."""
    reload_each(*([] if tls is None else [tls.reload]), entrance.reload)


def observe(settings: MonitorSettings) -> Observations:
    """Return the empty books."""
    ledger = Ledger(
        late_after=settings.late_after,
        lost_after=settings.lost_after,
        forget_after=settings.forget_after,
        max_pause=2 * settings.check_interval,
    )
    trip = RoundTrip(interval=settings.probe_interval, late_after=settings.probe_late_after, now=time.monotonic())
    return Observations(
        platform.node(),
        ledger,
        Lines(),
        trip,
        DatabaseView(),
        WebSocketView(),
        gateway_url=settings.probe_url,
        probe_interval=settings.probe_interval,
        bus=parse_choice(settings.bus).names,
    )


async def _supervisor(stack: AsyncExitStack) -> Supervisor | None:
    """Return the supervisord that started this process, or None when it was started by hand."""
    url = os.environ.get("SUPERVISOR_SERVER_URL")
    if not url:
        log.info("not under supervisord: hung processes are reported, not restarted")
        return None
    return await stack.enter_async_context(Supervisor(url))


def _prober(settings: MonitorSettings, seen: Observations, metrics: MonitorMetrics) -> Prober:
    return Prober(
        seen,
        metrics,
        ProbeDatabase(lambda: database_url(settings), machine=seen.machine),
        url=settings.probe_url,
        interval=settings.probe_interval,
        late_after=settings.probe_late_after,
        introduce=lambda: introduction(settings),
        page=_page(settings),
    )


def _page(settings: MonitorSettings) -> str:
    scheme = "http" if settings.tls_cert is None else "https"
    return f"{scheme}://{settings.status_host}:{settings.status_port}"


def _restarts(settings: MonitorSettings, own: str) -> Restarts:
    return Restarts(
        own=own,
        groups=settings.beating_groups,
        restart_after=settings.restart_after,
        restart_grace=settings.restart_grace,
        min_interval=settings.restart_min_interval,
    )

"""Keeps the catalogue of watched tables that subscriptions are checked against."""

from __future__ import annotations

import asyncio
import itertools

import structlog

from services.gateway.feed import Feed
from services.gateway.hub import Hub
from services.gateway.rights.opening import tell_misfits
from shared.backoff import Backoff
from shared.bus.contract import Line, Subscriber
from shared.bus.messages import CatalogReply, CatalogRequest
from shared.errors import BusError

log = structlog.get_logger(__name__)


async def keep_catalog(bus: Subscriber, feed: Feed, hub: Hub, request_ids: itertools.count[int]) -> None:
    """Ask for the catalogue when a beat names a version that is not ours, for ever."""
    backoff = Backoff(first=0.1, cap=2.0)
    while True:
        await feed.catalog_changed.wait()
        reply = await _ask(bus, feed.best_line(), next(request_ids), hub.settings.request_timeout)
        if reply is None:
            await asyncio.sleep(backoff.next_delay())
            continue
        backoff.succeeded()
        feed.catalog_changed.clear()
        feed.catalog_version = reply.version
        hub.catalog = reply.catalog
        tell_misfits(hub.gatekeeper.policy, hub.catalog)
        log.info("catalogue in force", version=reply.version, tables=len(reply.catalog.tables))


async def _ask(bus: Subscriber, line: Line | None, request_id: int, timeout: float) -> CatalogReply | None:
    if line is None:
        return None
    try:
        reply = await bus.request(line, CatalogRequest(request_id), timeout=timeout)
    except BusError:
        return None
    return reply if isinstance(reply, CatalogReply) else None

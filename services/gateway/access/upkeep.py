"""Keeps current what was revoked."""

from __future__ import annotations

import asyncio
import itertools

import structlog

from services.gateway.access.revocations import Revocations
from services.gateway.feed import Feed
from services.gateway.hub import Hub
from shared.backoff import Backoff
from shared.bus.contract import Line, Subscriber
from shared.bus.messages import RevocationsReply, RevocationsRequest
from shared.errors import BusError

log = structlog.get_logger(__name__)


async def keep_revocations(bus: Subscriber, feed: Feed, hub: Hub, request_ids: itertools.count[int]) -> None:
    """Ask for what is revoked when a beat names a version that is not ours, and end whom it concerns; for ever."""
    backoff = Backoff(first=0.1, cap=2.0)
    while True:
        await feed.revocations_changed.wait()
        reply = await _ask(bus, feed.best_line(), next(request_ids), hub.settings.request_timeout)
        if reply is None:
            await asyncio.sleep(backoff.next_delay())
            continue
        backoff.succeeded()
        feed.revocations_changed.clear()
        feed.revocations_known.set()
        if reply.version == feed.revocations_version:
            continue  # another line has not heard of it yet
        feed.revocations_version = reply.version
        hub.gatekeeper.door.revocations = Revocations(reply.users, frozenset(reply.token_ids))
        hub.gatekeeper.door.awaits_revocations = False
        hub.end_what_is_revoked()
        log.info("revocations in force", users=len(reply.users), tokens=len(reply.token_ids))


async def _ask(bus: Subscriber, line: Line | None, request_id: int, timeout: float) -> RevocationsReply | None:
    if line is None:
        return None
    try:
        reply = await bus.request(line, RevocationsRequest(request_id), timeout=timeout)
    except BusError:
        return None
    return reply if isinstance(reply, RevocationsReply) else None

"""Fetches pages of the log for readers who stand before the ring: few at a time, shared by whoever stands nearby."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable

from services.gateway.delivery import Delivery
from services.gateway.entries import enter
from services.gateway.hub import Hub
from services.gateway.ring import Page
from shared.backoff import Backoff
from shared.bus.contract import Line, Subscriber
from shared.bus.messages import ReplayReply, ReplayRequest
from shared.errors import BusError

Fetch = Callable[[int], Awaitable[ReplayReply | None]]
"""Asks a listener for what follows a seq; None when there was no answer."""


class PageFetcher:
    """``wanted`` is set by whoever may have left a reader without a source."""

    def __init__(self, wanted: asyncio.Event) -> None:
        self.wanted = wanted

    async def run(
        self,
        bus: Subscriber,
        hub: Hub,
        best_line: Callable[[], Line | None],
        request_ids: itertools.count[int],
    ) -> None:
        """Fetch what is wanted, for ever, by at most ``replay_concurrency`` workers."""

        def fetch(after_seq: int) -> Awaitable[ReplayReply | None]:
            return _fetch(bus, hub, best_line(), next(request_ids), after_seq)

        async with asyncio.TaskGroup() as workers:
            for _ in range(hub.settings.replay_concurrency):
                workers.create_task(self._work(hub, fetch))

    async def _work(self, hub: Hub, fetch: Fetch) -> None:
        backoff = Backoff(first=0.1, cap=1.0)
        delivery = hub.delivery
        while True:
            after_seq = delivery.next_wanted()
            if after_seq is None:
                self.wanted.clear()
                await self.wanted.wait()
                continue
            delivery.history.ask(after_seq)
            try:
                reply = await fetch(after_seq)
                if reply is not None and _settle(delivery, after_seq, reply, hub.clock()):
                    backoff.succeeded()
                else:
                    await asyncio.sleep(backoff.next_delay())
            finally:
                delivery.history.answered(after_seq)
            hub.attend()


async def _fetch(bus: Subscriber, hub: Hub, line: Line | None, request_id: int, after_seq: int) -> ReplayReply | None:
    if line is None:
        return None
    settings = hub.settings
    request = ReplayRequest(
        request_id, hub.delivery.ring.epoch, after_seq, settings.replay_page_events, settings.replay_page_bytes
    )
    try:
        reply = await bus.request(line, request, timeout=settings.replay_timeout)
    except BusError:
        return None
    return reply if isinstance(reply, ReplayReply) else None


def _settle(delivery: Delivery, after_seq: int, reply: ReplayReply, now: float) -> bool:
    """Give the answer to those who wait for it; tell whether it was of use."""
    if reply.epoch != delivery.ring.epoch:
        return False
    if reply.expired:
        delivery.expire(after_seq, now)
    elif reply.events:
        entries = [enter(event, epoch=reply.epoch, received_at=now) for event in reply.events]
        delivery.add_page(Page(reply.after_seq, entries))
    return reply.expired or bool(reply.events)

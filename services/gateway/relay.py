"""What gateways do together through a listener: broadcasts to everybody's clients, and the roster of all of them.

Each request is one short task in the process's task group, bounded in number; a client's broadcasts wait for one
another, so that they keep their order. A request that timed out may have been carried out, so none is sent twice.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine

from shared.bus.contract import Line, Subscriber
from shared.bus.messages import (
    Broadcast,
    BroadcastRequest,
    Done,
    Reply,
    Request,
    RosterReply,
    RosterRequest,
)
from shared.errors import BusError


class Relay:
    """Requests under way for this gateway's clients; ``best_line`` names the listener to ask, or None."""

    def __init__(
        self,
        bus: Subscriber,
        tasks: asyncio.TaskGroup,
        best_line: Callable[[], Line | None],
        *,
        timeout: float,
        max_pending: int,
        request_ids: itertools.count[int],
    ) -> None:
        self._bus = bus
        self._tasks = tasks
        self._best_line = best_line
        self._timeout = timeout
        self._max_pending = max_pending
        self._request_ids = request_ids
        self._pending: set[asyncio.Task[None]] = set()
        self._last_of: dict[str, asyncio.Task[None]] = {}

    def publish(self, broadcast: Broadcast, settle: Callable[[bool], None]) -> None:
        """Send a broadcast after the sender's earlier ones; *settle* learns whether it was published."""
        if len(self._pending) >= self._max_pending:
            settle(False)
            return
        sender = broadcast.sender.client_id
        task = self._start(self._publish(broadcast, self._last_of.get(sender), settle))
        self._last_of[sender] = task
        task.add_done_callback(lambda done: self._forget(sender, done))

    def ask_roster(self, settle: Callable[[RosterReply | None], None]) -> None:
        """Ask for the clients of every gateway; *settle* gets the answer, or None."""
        if len(self._pending) >= self._max_pending:
            settle(None)
            return
        self._start(self._ask_roster(settle))

    def stop(self) -> None:
        """Forget what is under way."""
        for task in list(self._pending):
            task.cancel()

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = self._tasks.create_task(work)
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)
        return task

    def _forget(self, sender: str, task: asyncio.Task[None]) -> None:
        if self._last_of.get(sender) is task:
            del self._last_of[sender]

    async def _publish(
        self, broadcast: Broadcast, previous: asyncio.Task[None] | None, settle: Callable[[bool], None]
    ) -> None:
        if previous is not None:
            await asyncio.wait([previous])
        reply = await self._request(BroadcastRequest(next(self._request_ids), broadcast))
        settle(isinstance(reply, Done))

    async def _ask_roster(self, settle: Callable[[RosterReply | None], None]) -> None:
        reply = await self._request(RosterRequest(next(self._request_ids)))
        settle(reply if isinstance(reply, RosterReply) else None)

    async def _request(self, request: Request) -> Reply | None:
        line = self._best_line()
        if line is None:
            return None
        try:
            return await self._bus.request(line, request, timeout=self._timeout)
        except BusError:
            return None

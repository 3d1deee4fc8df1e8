"""The adapter of the Python client."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from wasla_client import Client, Event, EventStream, GaveUp, Resync
from wasla_client.client import Opening
from wasla_client.session import Session

from tests.contracts.clients.adapter import Message

DRAW = 0.05
"""Of each backoff's ceiling: scenarios wait for reconnections, and need not wait long."""


class PythonLink:
    """A client with one stream for each subscription; fields that the client's objects lack are not asked for."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self._resyncs: asyncio.Queue[Message] = asyncio.Queue()
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def attend(self, client: Client, subscribe: Sequence[Message]) -> None:
        client.on("resync", lambda resync: self._resyncs.put_nowait(as_data(resync)))
        client.on("gave_up", lambda error: self._ended.set_result(error.code))
        for parts in subscribe or [{}]:
            task = asyncio.create_task(self._read(client.events(**parts)))
            self._stack.callback(task.cancel)

    async def event(self) -> Message:
        return await self._events.get()

    async def resync(self) -> Message:
        return await self._resyncs.get()

    async def gave_up(self) -> int:
        return await self._ended

    async def close(self) -> None:
        await self._stack.aclose()

    async def _read(self, stream: EventStream) -> None:
        try:
            async for item in stream:
                if isinstance(item, Event):
                    self._events.put_nowait({"seq": item.seq, "table": item.table, "data": item.data})
        except GaveUp:
            pass


def as_data(resync: Resync) -> dict[str, Any]:
    tables = None if resync.tables is None else list(resync.tables)
    return {"reason": resync.reason, "tables": tables, "epoch": resync.position.epoch, "seq": resync.position.seq}


class PythonAdapter:
    """Makes Python clients."""

    async def open(
        self, addresses: Sequence[str], *, subscribe: Sequence[Message] = (), hasty: bool = False
    ) -> PythonLink:
        session = Session(addresses, app_name="scenario", random=lambda: DRAW)
        client = Client(session, Opening(proxy=None), max_waiting=100, max_queued=10)
        stack = AsyncExitStack()
        await stack.enter_async_context(client)
        link = PythonLink(stack)
        link.attend(client, subscribe)
        return link

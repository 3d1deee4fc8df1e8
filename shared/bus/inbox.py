"""A bounded queue that loses what does not fit."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

from shared.bus.contract import LineUnavailable

OriginT = TypeVar("OriginT")


class Inbox(Generic[OriginT]):
    """Messages and where each came from, oldest first; the newest is lost when it is full."""

    def __init__(self, high_water_mark: int) -> None:
        self.closed = False
        self._failure: BaseException | None = None
        self._messages: deque[tuple[OriginT, bytes]] = deque()
        self._high_water_mark = high_water_mark
        self._changed = asyncio.Event()

    def put(self, origin: OriginT, payload: bytes) -> bool:
        """Add a message; tell whether there was room."""
        if self.closed or len(self._messages) >= self._high_water_mark:
            return False
        self._messages.append((origin, payload))
        self._changed.set()
        return True

    async def get(self) -> tuple[OriginT, bytes]:
        """Take the oldest message; raise LineUnavailable once closed."""
        await asyncio.sleep(0)  # a full queue must not keep the loop from others
        while (waiting := self.get_waiting()) is None:
            self._changed.clear()
            await self._changed.wait()
        return waiting

    def get_waiting(self) -> tuple[OriginT, bytes] | None:
        """Take the oldest message if there is one; raise LineUnavailable once closed."""
        if self._failure is not None:
            raise self._failure
        if self.closed:
            raise LineUnavailable("the bus is closed")
        return self._messages.popleft() if self._messages else None

    def close(self) -> None:
        """Drop what is there and end the wait."""
        self.closed = True
        self._messages.clear()
        self._changed.set()

    def fail(self, failure: BaseException) -> None:
        """Raise this to whoever waits, from now on: what fills the queue has ended by a defect."""
        self._failure = failure
        self._changed.set()

"""What waits for one reader of events. A stream is bounded by its client, which stops reading the socket meanwhile.

Leaving the loop, and forgetting the stream, ends its subscription; :meth:`EventStream.aclose` does so at once. A
cancelled ``anext`` takes nothing out of the stream.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final, NamedTuple, Self

from wasla_client.events import Item
from wasla_client.positions import Position

MAX_WAITING_BYTES: Final = 16 * 2**20


class Waiting(NamedTuple):
    """An item, where the client stood ``before`` it, and what it takes."""

    item: Item
    arrival: int
    before: Position | None
    size: int


class EventStream:
    """An asynchronous iterator of :class:`~wasla_client.Event` and :class:`~wasla_client.Resync`, for one reader."""

    def __init__(
        self,
        subscription: dict[str, Any],
        *,
        max_waiting: int,
        on_taken: Callable[[], None],
        on_closed: Callable[[str], None],
    ) -> None:
        self.subscription = subscription
        self._max_waiting = max_waiting
        self._on_taken = on_taken
        self._on_closed = on_closed
        self._waiting: deque[Waiting] = deque()
        self._bytes = 0
        self._in_hand: Waiting | None = None
        self._came = asyncio.Event()
        self._began = asyncio.Event()
        self._end: Exception | None = None
        self._is_closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        self._in_hand = None
        while not self._waiting:
            if self._end is not None:
                raise self._end
            self._came.clear()
            await self._came.wait()
        self._in_hand = self._waiting.popleft()
        self._bytes -= self._in_hand.size
        self._on_taken()
        return self._in_hand.item

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Ask for nothing more. Idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        self._waiting.clear()
        self._bytes = 0
        self._in_hand = None
        self.end(StopAsyncIteration())
        self._on_closed(self.subscription["id"])

    async def wait_live(self) -> None:
        """Wait until every later change that matches is sure to come; to load a table first, do it after this."""
        await self._began.wait()
        if self._end is not None and not isinstance(self._end, StopAsyncIteration):
            raise self._end

    def begin(self) -> None:
        """The gateway has said that the stream is live."""
        self._began.set()

    def put(self, waiting: Waiting) -> None:
        """Append; the client looks at :attr:`is_full` before it reads on."""
        if self._end is None:
            self._waiting.append(waiting)
            self._bytes += waiting.size
            self._came.set()

    def end(self, error: Exception) -> None:
        """Raise *error* once everything that waits has been taken; the first end stays."""
        if self._end is None:
            self._end = error
        self._came.set()
        self._began.set()

    @property
    def is_full(self) -> bool:
        """Tell whether nothing more should come for now."""
        return len(self._waiting) >= self._max_waiting or self._bytes >= MAX_WAITING_BYTES

    @property
    def has_room(self) -> bool:
        """Tell whether a reader that was too slow has caught up by half."""
        return len(self._waiting) <= self._max_waiting // 2 and self._bytes <= MAX_WAITING_BYTES // 2

    @property
    def oldest(self) -> Waiting | None:
        """The item that was not processed yet: the one in hand, until the next is asked for, or the next."""
        return self._in_hand or (self._waiting[0] if self._waiting else None)

"""The streams of one client: what reaches which, which is behind, what was processed.

Streams are held weakly: one that the application forgets is closed as if it had said so.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from wasla_client import events, matching
from wasla_client.effects import Data
from wasla_client.events import Item
from wasla_client.positions import Position
from wasla_client.streams import EventStream, Waiting


class Audience:
    """Streams by the id of their subscription; *on_closed* is called with that, in the loop, once a stream is gone.

    ``is_narrowed`` tells whether there ever was one: from then on listeners hear what streams ask for, and no more.
    """

    def __init__(self, *, max_waiting: int, on_closed: Callable[[str], None]) -> None:
        self._max_waiting = max_waiting
        self._on_closed = on_closed
        self._streams: dict[str, weakref.ref[EventStream]] = {}
        self._arrivals = 0
        self._count = 0
        self.is_narrowed = False
        self._taken = asyncio.Event()

    def __bool__(self) -> bool:
        return bool(self._streams)

    def __iter__(self) -> Iterator[EventStream]:
        return (stream for reference in list(self._streams.values()) if (stream := reference()) is not None)

    def find(self, key: object) -> EventStream | None:
        """Return the stream of that id."""
        reference = self._streams.get(key) if isinstance(key, str) else None
        return None if reference is None else reference()

    def next_id(self) -> str:
        """Return an id that no stream has been given."""
        self._count += 1
        return f"s{self._count}"

    def open(self, subscription: dict[str, Any]) -> EventStream:
        """Make a stream."""
        key = subscription["id"]
        if key in self._streams:
            raise ValueError(f"Expected an id that no other stream has, got {key!r}.")
        stream = EventStream(
            subscription, max_waiting=self._max_waiting, on_taken=self.look_again, on_closed=self._close
        )
        forget = _forgetting(asyncio.get_running_loop(), weakref.WeakMethod(self._close), key)
        self._streams[key] = weakref.ref(stream, forget)
        self.is_narrowed = True
        return stream

    def hand(self, data: Data, epoch: str, before: Position | None, size: int) -> events.Event | None:
        """Hand an event to every stream that asks for it; *before* it the client stood there.

        Return it if listeners may hear of it. A gateway may send more than is asked for, for a moment.
        """
        event = events.event(data, epoch)
        is_asked_for = self._put(event, before, size, lambda stream: matching.matches(stream.subscription, data))
        return event if is_asked_for or not self.is_narrowed else None

    def tell_resync(self, data: Data, before: Position | None, size: int) -> events.Resync:
        """Put a resync in its place, in every stream that it may concern."""
        resync = events.resync(data)
        self._put(resync, before, size, lambda stream: matching.concerns(stream.subscription, data.get("tables")))
        return resync

    def end(self, error: Exception) -> None:
        """End every stream, once what waits in it has been taken."""
        for stream in self:
            stream.end(error)
        self.look_again()

    @property
    def is_full(self) -> bool:
        """Tell whether a reader is behind."""
        return any(stream.is_full for stream in self)

    async def room(self, *, unless: Callable[[], bool]) -> None:
        """Wait until every reader has caught up by half, or *unless* holds when :meth:`look_again` is called."""
        while not unless() and not all(stream.has_room for stream in self):
            self._taken.clear()
            await self._taken.wait()

    def look_again(self) -> None:
        """Something was taken, or nobody needs to wait any longer."""
        self._taken.set()

    def processed(self, received: Position | None) -> Position | None:
        """Return where the slowest reader stands: *received*, unless something waits for one."""
        pending = [oldest for stream in self if (oldest := stream.oldest) is not None]
        return min(pending, key=lambda waiting: waiting.arrival).before if pending else received

    def _put(self, item: Item, before: Position | None, size: int, is_for: Callable[[EventStream], bool]) -> bool:
        """Put *item* into the streams that it is for; tell whether there is any."""
        self._arrivals += 1
        streams = [stream for stream in self if is_for(stream)]
        for stream in streams:
            stream.put(Waiting(item, self._arrivals, before, size))
        return bool(streams)

    def _close(self, key: str) -> None:
        if self._streams.pop(key, None) is not None:
            self.look_again()
            self._on_closed(key)


def _forgetting(
    loop: asyncio.AbstractEventLoop, close: weakref.WeakMethod[Any], key: str
) -> Callable[[weakref.ref[EventStream]], None]:
    """Return what closes a forgotten stream in its loop, wherever it was forgotten."""

    def forget(_: weakref.ref[EventStream]) -> None:
        method = close()
        if method is not None and not loop.is_closed():
            loop.call_soon_threadsafe(method, key)

    return forget

"""What peers of the bus ask of a listener: its real desk, on the bus in memory, with an archive without a database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, cast
from unittest import mock

from services.pg_listener import gathering
from services.pg_listener.archive import Archive
from services.pg_listener.feed import Feed
from services.pg_listener.hub import Hub
from services.pg_listener.metrics import ListenerMetrics
from services.pg_listener.replay import RecentEvents
from services.pg_listener.settings import ListenerSettings
from shared.bus.codec import decode_published, decode_reply
from shared.bus.memory import MemoryBus, MemoryPublisher
from shared.bus.messages import Broadcast
from shared.errors import DatabaseError
from shared.events import Event
from tests.fuzz import wire
from tests.fuzz.chance import Chance
from tests.fuzz.target import Broken, Input, Subject, Target
from tests.fuzz.targets.bus import REQUESTS_ONES, pack, payload

_LINE: Final = "memory"
_LAST_ID: Final = 4_000_000_000
_LAST: Final = pack({"type": "catalog", "request_id": _LAST_ID})
_MAX_TURNS: Final = 1000


def make(chance: Chance) -> Input:
    return [payload(chance, REQUESTS_ONES) for _ in range(chance.few())]


class NoDatabase:
    """An archive that says so, and refuses what PostgreSQL would."""

    async def read(self, after_seq: int, max_events: int, max_bytes: int) -> Any:
        if not -(2**63) <= after_seq < 2**63 or max_events < 1 or max_bytes >= 2**63:
            raise Broken(f"the log is asked for {max_events} events and {max_bytes} bytes after {after_seq}")
        raise DatabaseError("there is no database here")


class Asking:
    """A peer; behind each input it asks for the catalogue, which has to be answered."""

    def __init__(self, bus: MemoryBus, answering: asyncio.Task[None]) -> None:
        self._bus = bus
        self._answering = answering
        self._peer = bus.subscriber([_LINE], identity=b"fuzz")
        self.replies: list[bytes] = []
        self._peer.answer = lambda _, reply: self.replies.append(reply)  # type: ignore[method-assign]

    async def feed(self, given: Input) -> str:
        self.replies.clear()
        for part in [*given, _LAST]:
            self._bus.put_request(_LINE, self._peer._peer, part)
        await self._turns_until(lambda: bool(self.replies) and decode_reply(self.replies[-1]).request_id == _LAST_ID)
        for _ in range(5):  # what the log was asked for is answered in tasks of their own
            await asyncio.sleep(0)
        self._check_desk()
        self._check_published()
        return " ".join(sorted({type(decode_reply(reply)).__name__ for reply in self.replies}))

    async def _turns_until(self, condition: Callable[[], bool]) -> None:
        for _ in range(_MAX_TURNS):
            await asyncio.sleep(0)
            self._check_desk()
            if condition():
                return
        raise Broken("the catalogue was not told")

    def _check_desk(self) -> None:
        if self._answering.done():
            self._answering.result()
            raise Broken("the desk is closed")

    def _check_published(self) -> None:
        while (heard := self._peer.inbox.get_waiting()) is not None:
            message = decode_published(heard[1])
            if isinstance(message, Broadcast):
                wire.message_of(b'{"message_type":"custom_event","data":{"data":%s}}' % message.data)

    def held(self) -> int:
        return 0


@asynccontextmanager
async def _opened() -> AsyncIterator[Subject]:
    bus = MemoryBus()
    publisher: MemoryPublisher = bus.publisher(_LINE)
    settings, metrics = ListenerSettings(), ListenerMetrics()
    recent = RecentEvents(max_events=10, max_bytes=10_000)
    feed = Feed(publisher.publish, recent, metrics, listener="fuzz", row_max_bytes=1000, now=0.0)
    feed.begin_at("e1", 1)
    recent.append([Event(seq, "INSERT", "bookings", "booking_events", None, 0.0, b"{}") for seq in range(2, 8)])
    hub = Hub(publisher, feed, cast("Archive", NoDatabase()), settings, metrics)
    answering = asyncio.create_task(hub.answer())
    try:
        with mock.patch.object(gathering, "TIMEOUT", 0.0):  # gateways that are made up are not waited for
            yield Asking(bus, answering)
    finally:
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)


LISTENER: Final = Target("listener", "what peers of the bus ask of a listener's desk", make, _opened)

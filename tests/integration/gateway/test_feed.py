"""What waits on the bus while the gateway delivers goes out together, in order, and never past what is no batch."""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from prometheus_client import CollectorRegistry

from services.gateway.feed import DELIVERED_TOGETHER, Feed
from services.gateway.intake import Intake
from services.gateway.metrics import HopTimes
from shared.bus.memory import MemoryBus
from shared.bus.messages import Batch, Beat, Broadcast, Published, Recipient, Sender
from shared.events import Event

LINE = "memory://line"
PATIENCE = 60.0


@dataclass
class Told:
    """In place of the hub: the seqs of each delivery, and the names of broadcasts, in the order they were told."""

    order: list[list[int] | str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.settings = SimpleNamespace(replay_page_events=100, replay_page_bytes=10**6, replay_timeout=1.0)
        self.monotonic, self.clock = time.monotonic, time.time
        self.delivery = SimpleNamespace(deliver=self._deliver, reset=lambda *_: None, doubted=lambda *_, **__: None)
        self.status: Any = None
        self.show_status = lambda *_: None

    def _deliver(self, entries: list[Any]) -> None:
        self.order.append([entry.seq for entry in entries])

    def pass_on(self, broadcast: Broadcast) -> None:
        self.order.append(broadcast.broadcast_id)

    def attend(self) -> None:
        """Nobody is slow here."""


def batch(first: int, last: int) -> Batch:
    events = [Event(seq, "INSERT", "t", "c", None, 0.0, b'{"data":{}}') for seq in range(first, last + 1)]
    return Batch("e", first - 1, events, sequenced_at=0.0, published_at=0.0)


def broadcast(name: str) -> Broadcast:
    return Broadcast(name, "lunch", b"{}", Sender("c1", "till"), Recipient())


async def told_of(*messages: Published, told: Told | None = None) -> list[list[int] | str]:
    """Let a gateway hear these, all of which wait for it; return what it told, a broadcast named "end" left out."""
    bus = MemoryBus()
    publisher, subscriber = bus.publisher(LINE), bus.subscriber([LINE], identity=b"gateway")
    told, receive = told or Told(), subscriber.receive

    async def receive_at_once() -> tuple[str, Published]:
        """As ZeroMQ's end mostly does: what waits is returned without a turn of the loop."""
        return subscriber.receive_waiting() or await receive()

    subscriber.receive = receive_at_once  # type: ignore[method-assign]
    intake = Intake(10_000, 10**8)
    intake.on_beat(LINE, Beat("listener", True, "e", 0, True, 0.0, 0, 0.0), time.monotonic())
    feed = Feed(subscriber, intake, told, HopTimes(CollectorRegistry()), itertools.count(1))  # type: ignore[arg-type]
    for message in (*messages, broadcast("end")):
        publisher.publish(message)
    hearing = asyncio.ensure_future(feed.hear())
    async with asyncio.timeout(PATIENCE):
        while "end" not in told.order:  # noqa: ASYNC110 - the double has no event
            await asyncio.sleep(0)
    hearing.cancel()
    await asyncio.wait([hearing])
    return told.order[:-1]


async def test_batches_that_wait_are_one_delivery() -> None:
    assert await told_of(batch(1, 2), batch(3, 3), batch(4, 6)) == [[1, 2, 3, 4, 5, 6]]


async def test_a_delivery_has_an_end() -> None:
    size = DELIVERED_TOGETHER - 1
    first, second, third = batch(1, size), batch(size + 1, 2 * size), batch(2 * size + 1, 3 * size)
    deliveries = await told_of(first, second, third)
    assert [len(seqs) for seqs in deliveries] == [2 * size, size]


async def test_others_have_a_turn_between_deliveries_however_much_waits() -> None:
    """Else the watchdog ends a gateway that is merely busy."""
    turns, seen = itertools.count(), list[int]()
    turn = 0

    class Watched(Told):
        def _deliver(self, entries: list[Any]) -> None:
            super()._deliver(entries)
            seen.append(turn)

    async def take_turns() -> None:
        nonlocal turn
        for turn in turns:  # noqa: B007 - read where deliveries are
            await asyncio.sleep(0)

    other = asyncio.ensure_future(take_turns())
    size = DELIVERED_TOGETHER
    await told_of(*(batch(n * size + 1, (n + 1) * size) for n in range(5)), told=Watched())
    other.cancel()
    assert len(seen) == len(set(seen)) == 5


async def test_what_came_by_another_line_is_delivered_once() -> None:
    assert await told_of(batch(1, 3), batch(1, 3), batch(2, 4)) == [[1, 2, 3, 4]]


async def test_what_is_no_batch_keeps_its_place() -> None:
    assert await told_of(batch(1, 1), broadcast("between"), batch(2, 2)) == [[1], "between", [2]]

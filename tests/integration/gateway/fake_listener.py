"""The listener's end of the real bus without a database behind it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from shared.bus.messages import (
    Batch,
    Beat,
    BroadcastRequest,
    CatalogReply,
    CatalogRequest,
    Done,
    Hello,
    ReplayReply,
    ReplayRequest,
    RevocationsReply,
    RevocationsRequest,
    RosterAnswer,
    RosterQuery,
    RosterReply,
    RosterRequest,
)
from shared.bus.zeromq import ZmqPublisher
from shared.catalog import Catalog, Table
from shared.events import Event

CATALOG = Catalog(
    {
        "bookings": Table(
            "booking_events",
            {
                "id": "string",
                "destination_id": "string",
                "seats_booked": "number",
                "is_paid": "boolean",
                "meta": "json",
            },
            key=("id",),
        ),
        "vehicle_queue": Table("vehicle_events", {"id": "string", "available_seats": "number"}, key=("id",)),
        "wasla.probe": Table("wasla_probe", {"machine": "string"}, internal=True, key=("machine",)),
    }
)


def event(
    seq: int,
    *,
    table: str = "bookings",
    event_type: str = "INSERT",
    row: dict[str, Any] | None = None,
    old: dict[str, Any] | None = None,
    business_event: str | None = None,
    padding: int = 0,
) -> Event:
    """Make an event as a listener encodes it."""
    channel = CATALOG.tables[table].channel
    internal = CATALOG.tables[table].internal
    data: dict[str, Any] = {
        "event_type": event_type,
        "table": table,
        "id": str(seq),
        "data": row if row is not None else {"id": str(seq), "destination_id": "jemmal"},
        "old": old,
        "seq": seq,
        "channel": channel,
        "business_event": business_event,
    }
    if padding:
        data["data"]["padding"] = "x" * padding
    if internal:
        data["hops"] = {"captured": 1.0}
    message = {"message_type": "realtime_event", "data": data, "timestamp": "2026-01-01T00:00:00.000Z"}
    return Event(seq, event_type, table, channel, business_event, 0.0, json.dumps(message).encode(), internal)


def mark(seq: int, table: str) -> Event:
    """Make a mark of failed capture."""
    return Event(seq, "CAPTURE_FAILED", table, CATALOG.tables[table].channel, None, 0.0, b"")


@dataclass
class FakeListener:
    """A listener without a database: what it published it can replay, unless told that the log forgot it."""

    bind: str
    epoch: str = "epoch-1"
    leading: bool = True
    database_up: bool = True
    expired_before: int = 0
    answering: bool = True
    events: list[Event] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)
    gateways: set[str] = field(default_factory=set)
    answers: list[RosterAnswer] = field(default_factory=list)
    first_seq: int = 1
    catalog: Catalog = CATALOG
    since: float = 1_750_000_000.0
    withholds_revocations: bool = False
    revocations: RevocationsReply = field(default_factory=lambda: RevocationsReply(0, 1, {}, []))
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self) -> None:
        self.publisher = ZmqPublisher(self.bind, high_water_mark=10_000)
        self._tasks = [asyncio.create_task(self._beat()), asyncio.create_task(self._answer())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.publisher.close()

    @property
    def top(self) -> int:
        return self.first_seq - 1 + len(self.events)

    def publish(self, *events: Event, lose: bool = False) -> None:
        """Append events and publish them as one batch, or lose it on the way."""
        after = self.top
        self.events.extend(events)
        if not lose:
            self.publisher.publish(Batch(self.epoch, after, list(events), time.time(), time.time()))

    def insert(self, count: int = 1, *, lose: bool = False, **fields: Any) -> None:
        self.publish(*[event(self.top + 1 + i, **fields) for i in range(count)], lose=lose)

    def beat(self) -> None:
        self.publisher.publish(
            Beat(
                "fake",
                self.leading,
                self.epoch,
                self.top,
                self.database_up,
                self.since,
                1,
                time.time(),
                self.revocations.version,
            )
        )

    def revoke(self, *, users: dict[str, float] | None = None, token_ids: list[str] | None = None) -> None:
        """Have this be what is revoked from now on."""
        self.revocations = RevocationsReply(0, self.revocations.version + 1, users or {}, token_ids or [])

    async def _beat(self) -> None:
        while True:
            self.beat()
            await asyncio.sleep(0.05)

    async def _answer(self) -> None:
        while True:
            peer, request = await self.publisher.receive()
            self.asked.append(request)
            match request:
                case _ if not self.answering:
                    continue
                case Hello(gateway):
                    self.gateways.add(gateway)
                case RosterAnswer():
                    self.answers.append(request)
                case ReplayRequest():
                    self.publisher.reply(peer, self._replay(request))
                case CatalogRequest(request_id):
                    self.publisher.reply(peer, CatalogReply(request_id, 1, self.catalog))
                case RevocationsRequest(request_id):
                    self._tell_revocations(peer, request_id)
                case BroadcastRequest(request_id, broadcast):
                    self.publisher.publish(broadcast)
                    self.publisher.reply(peer, Done(request_id))
                case RosterRequest(request_id):
                    asyncio.get_running_loop().create_task(self._roster(peer, request_id))

    def _tell_revocations(self, peer: bytes, request_id: int) -> None:
        if not self.withholds_revocations:
            self.publisher.reply(peer, msgspec.structs.replace(self.revocations, request_id=request_id))

    async def _roster(self, peer: bytes, request_id: int) -> None:
        self.answers.clear()
        self.publisher.publish(RosterQuery("query"))
        await until(lambda: len(self.answers) >= len(self.gateways))
        clients = [entry for answer in self.answers for entry in answer.clients]
        self.publisher.reply(peer, RosterReply(request_id, clients, []))

    def _replay(self, request: ReplayRequest) -> ReplayReply:
        if request.epoch != self.epoch:
            return ReplayReply(request.request_id, self.epoch, request.after_seq, [], self.top)
        if request.after_seq < self.expired_before:
            return ReplayReply(request.request_id, self.epoch, request.after_seq, [], self.top, expired=True)
        start = request.after_seq - self.first_seq + 1
        events, size = [], 0
        for item in self.events[start : start + request.max_events]:
            events.append(item)
            size += len(item.message)
            if size >= request.max_bytes:
                break
        return ReplayReply(request.request_id, self.epoch, request.after_seq, events, self.top)


async def until(condition: Callable[[], bool], *, timeout: float = 60.0) -> None:
    """Wait for a condition that other tasks bring about."""
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.005)

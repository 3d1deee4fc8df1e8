"""A gateway without sockets: the real hub, connections, delivery, relay and bus, and a transport that keeps what is
written. Beside the client under test a bystander is connected, to whom nothing may happen."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from services.gateway.connection import Connection
from services.gateway.delivery import Delivery
from services.gateway.entries import enter
from services.gateway.history import History
from services.gateway.hub import Hub
from services.gateway.relay import Relay
from services.gateway.ring import Ring
from services.gateway.settings import GatewaySettings
from shared.bus.memory import MemoryBus
from shared.bus.messages import Broadcast, BroadcastRequest, Done, RosterReply, RosterRequest
from shared.catalog import Catalog, Table
from shared.close_codes import CloseCode
from shared.events import Event
from tests.fuzz import wire
from tests.fuzz.target import Broken

CATALOG = Catalog(
    {
        "bookings": Table(
            "booking_events",
            {"id": "string", "destination_id": "string", "seats_booked": "number", "paid": "boolean", "meta": "json"},
            key=("id",),
        ),
        "vehicle_queue": Table("vehicle_events", {"id": "string", "available_seats": "number"}, key=("id",)),
        "wasla.probe": Table("wasla_probe", {"machine": "string"}, internal=True, key=("machine",)),
    }
)
LINE = "memory"
ADDRESS = "192.0.2.1"
NOW = 1_800_000_000.0
MAX_TURNS = 20_000
_CHECKED_EVERY = 50


class Kept(asyncio.Transport):
    """A transport that keeps what is written; ``ended`` once nothing more will be."""

    def __init__(self) -> None:
        super().__init__({"peername": (ADDRESS, 4711), "sockname": ("127.0.0.1", 8765)})
        self.written = bytearray()
        self.ended = False
        self.closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.ended:
            raise Broken("something was written after the end")
        self.written += data

    def writelines(self, parts: Any) -> None:
        for part in parts:
            self.write(part)

    def write_eof(self) -> None:
        self.ended = True

    def can_write_eof(self) -> bool:
        return True

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = self.ended = True

    abort = close

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        del high, low

    def pause_reading(self) -> None:
        """The bytes are here already."""

    resume_reading = pause_reading


class Peer:
    """One client's end."""

    def __init__(self, hub: Hub) -> None:
        self.transport = Kept()
        self.connection = Connection(hub, hub.turnstile.arrive(ADDRESS, hub.max_connections))
        self.connection.connection_made(self.transport)

    async def send(self, *parts: bytes) -> None:
        """Bring bytes to the connection, and wait until it has dealt with them."""
        for part in parts:
            if self.transport.closing:
                return
            self.connection.data_received(part)
            await self.settle()

    async def settle(self) -> None:
        for _ in range(MAX_TURNS):
            if not self.connection.is_kept_waiting:
                return
            await asyncio.sleep(0)
        raise Broken("the connection never comes to an end with what it was sent")

    async def shake_hands(self) -> None:
        await self.send(wire.HANDSHAKE)
        if not self.take().startswith(b"HTTP/1.1 101 "):
            raise Broken("a valid handshake was not accepted")

    async def say(self, message_type: str, **data: Any) -> None:
        text = json.dumps({"message_type": message_type, "data": data}).encode()
        await self.send(wire.frame(wire.TEXT, text))

    def take(self) -> bytes:
        """Return what was written since the last time."""
        written = bytes(self.transport.written)
        self.transport.written.clear()
        return written

    def leave(self) -> None:
        self.transport.closing = True
        self.connection.connection_lost(None)


class Clock:
    """Seconds that go by only when somebody says so: what is limited by time ends the same in every run."""

    def __init__(self) -> None:
        self.passed = 0.0

    def wall(self) -> float:
        return NOW + self.passed

    def monotonic(self) -> float:
        return 1000.0 + self.passed


class Gateway:
    """The rig. A second goes by with each input."""

    def __init__(self, hub: Hub, clock: Clock) -> None:
        self.hub = hub
        self.seq = 0
        self._clock = clock
        self._fed = 0
        self.bystander = Peer(hub)

    async def begin(self) -> None:
        await self.bystander.shake_hands()
        await self.bystander.say("register", app_name="bystander")
        self.bystander.take()

    def held(self) -> int:
        hub = self.hub
        return sum(
            map(len, (hub.connections, hub.clients, hub.delivery.groups, hub.strangers, hub.gatekeeper.expiries._ends))
        )

    async def outcome(self, peer: Peer, *, is_open: bool = True) -> str:
        """Judge what a client was answered, and what became of the bystander; the client leaves."""
        for _ in range(4):  # what went over the bus comes back
            await asyncio.sleep(0)
        said = [judged(frame) for frame in wire.frames(peer.take())] if is_open else []
        peer.leave()
        await self.check_bystander()
        closes = [index for index, word in enumerate(said) if word.startswith("close")]
        if closes and said[closes[0] + 1 :].count("pong frame") != len(said) - closes[0] - 1:
            raise Broken(f"more than pongs was sent after a close frame: {said}")
        return said[closes[0]] if closes else said[-1] if said else "nothing"

    async def check_bystander(self) -> None:
        """Look at what the bystander got; now and then send it an event, which has to come, and only once."""
        heard = [wire.message_of(frame.payload) for frame in wire.frames(self.bystander.take())]
        if {message["message_type"] for message in heard} - {"custom_event"}:
            raise Broken(f"the bystander was told something: {heard}")
        self._fed += 1
        self._clock.passed += 1.0
        if self._fed % _CHECKED_EVERY == 0:
            self.publish()
            heard = [wire.message_of(frame.payload) for frame in wire.frames(self.bystander.take())]
            if [message["data"].get("seq") for message in heard] != [self.seq]:
                raise Broken(f"the bystander was to be told of event {self.seq}, and got {heard}")

    def publish(self) -> None:
        """Deliver one more event to everybody."""
        self.seq += 1
        data = {"event_type": "INSERT", "table": "bookings", "data": {"id": "b", "seats_booked": 1}, "seq": self.seq}
        text = json.dumps({"message_type": "realtime_event", "data": data, "timestamp": "2026"}).encode()
        event = Event(self.seq, "INSERT", "bookings", "booking_events", None, 0.0, text)
        self.hub.delivery.deliver([enter(event, epoch="e1", received_at=0.0)])
        self.hub.attend()


def judged(frame: wire.Frame) -> str:
    """Return a word for one frame of the gateway; raise Broken for one that is not documented."""
    if frame.opcode == wire.CLOSE:
        code = frame.code
        if code is not None and not wire.is_proper(code):
            raise Broken(f"closed with {code}")
        frame.payload[2:].decode("utf-8")
        return f"close {code}" if code is None or code < 3000 or code in _OURS else "close 3000-4999, the client's"
    if frame.opcode != wire.TEXT:
        return "pong frame" if frame.opcode == wire.PONG else "ping frame"
    message = wire.message_of(frame.payload)
    return f"error {message['data']['code']}" if message["message_type"] == "error" else str(message["message_type"])


_OURS = frozenset(CloseCode)


@asynccontextmanager
async def gateway(**settings: Any) -> AsyncIterator[Gateway]:
    """Put a gateway together, with a small ring and the rig's clock."""
    bus = MemoryBus()
    publisher, subscriber = bus.publisher(LINE), bus.subscriber([LINE], identity=b"fuzz")
    delivery = Delivery(Ring(max_events=100, max_bytes=1 << 20), History(max_pages=2, page_events=10))
    usual = {"max_message_bytes": 65536, "heartbeat_address": "ipc:///nowhere", "data_dir": "/nonexistent"}
    clock = Clock()
    hub = Hub(
        GatewaySettings(**{**usual, **settings}),
        "fuzz",
        delivery,
        want_pages=lambda: None,
        clock=clock.wall,
        monotonic=clock.monotonic,
    )
    hub.catalog = CATALOG
    delivery.reset("e1", 0, "epoch_changed", NOW)
    rig = Gateway(hub, clock)
    async with asyncio.TaskGroup() as tasks:
        numbers = itertools.count(1)
        hub.relay = Relay(subscriber, tasks, lambda: LINE, timeout=60.0, max_pending=1000, request_ids=numbers)
        running = [tasks.create_task(_listen(publisher)), tasks.create_task(_hear(subscriber, hub))]
        await rig.begin()
        yield rig
        for task in running:
            task.cancel()


async def _listen(publisher: Any) -> None:
    while True:
        peer, request = await publisher.receive()
        match request:
            case BroadcastRequest(request_id, broadcast):
                publisher.publish(broadcast)
                publisher.reply(peer, Done(request_id))
            case RosterRequest(request_id):
                publisher.reply(peer, RosterReply(request_id, [], []))


async def _hear(subscriber: Any, hub: Hub) -> None:
    while True:
        _, message = await subscriber.receive()
        if isinstance(message, Broadcast):
            hub.pass_on(message)

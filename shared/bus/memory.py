"""The bus within one process: the same contract without sockets, for tests of what is wired to it.

A :class:`MemoryBus` stands for the network; its ends are made by :meth:`MemoryBus.publisher` and
:meth:`MemoryBus.subscriber`, in any order, and find each other by the line's name. Queues are bounded and lose what
does not fit, messages travel as bytes, and a publisher that closes takes its open requests with it, as the real one.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from shared.bus.codec import Malformed, decode_from_gateway, decode_published, decode_reply, encode
from shared.bus.contract import Line, LineUnavailable, Peer, Recall
from shared.bus.inbox import Inbox
from shared.bus.messages import FromGateway, Notice, Published, Reply, Request
from shared.bus.pending import PendingRequests
from shared.errors import BusError


@dataclass(slots=True)
class MemoryBus:
    """Who listens at which line, and who hears it."""

    publishers: dict[Line, MemoryPublisher] = field(default_factory=dict)
    subscribers: dict[Peer, MemorySubscriber] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def publisher(self, line: Line, *, high_water_mark: int = 1000) -> MemoryPublisher:
        """Open the listener's end of a line; raise BusError when it is taken."""
        if line in self.publishers:
            raise BusError(f"{line} is taken by another publisher; close that one, or use another line")
        publisher = self.publishers[line] = MemoryPublisher(self, line, high_water_mark)
        self.changed.set()
        return publisher

    def subscriber(self, lines: Sequence[Line], *, identity: bytes, high_water_mark: int = 1000) -> MemorySubscriber:
        """Open a gateway's end; the lines' publishers may come later."""
        peer = b"%s.%d" % (identity, next(self._numbers))
        subscriber = self.subscribers[peer] = MemorySubscriber(self, peer, lines, high_water_mark)
        return subscriber

    def put_published(self, line: Line, payload: bytes) -> None:
        """Bring bytes to everybody who hears the line, whatever they are."""
        for subscriber in self.subscribers.values():
            if line in subscriber.lines:
                subscriber.inbox.put(line, payload)

    def put_request(self, line: Line, peer: Peer, payload: bytes) -> bool:
        """Bring bytes to the line's publisher, whatever they are; tell whether there is one with room."""
        publisher = self.publishers.get(line)
        return publisher is not None and publisher.inbox.put(peer, payload)


class MemoryPublisher:
    """The listener's end; implements :class:`shared.bus.contract.Publisher`."""

    def __init__(self, bus: MemoryBus, line: Line, high_water_mark: int) -> None:
        self.malformed = 0
        self.inbox: Inbox[Peer] = Inbox(high_water_mark)
        self._bus = bus
        self._line = line

    def publish(self, message: Published) -> None:
        """Bring a message to every subscriber with room; without effect once closed."""
        payload = encode(message)
        if not self.inbox.closed:
            self._bus.put_published(self._line, payload)

    def recall_by(self, recall: Recall) -> None:
        """Nothing is stored here."""

    async def receive(self) -> tuple[Peer, FromGateway]:
        """Return the next request or notice; raise LineUnavailable once closed."""
        while True:
            peer, payload = await self.inbox.get()
            self._bus.changed.set()  # there is room again
            try:
                return peer, decode_from_gateway(payload)
            except Malformed:
                self.malformed += 1

    def reply(self, peer: Peer, reply: Reply) -> None:
        """Answer a request; dropped when the peer has gone, without effect once closed."""
        payload = encode(reply)
        subscriber = self._bus.subscribers.get(peer)
        if subscriber is not None and not self.inbox.closed:
            subscriber.answer(self._line, payload)

    async def close(self) -> None:
        """Leave the line; requests that were not answered never will be. Idempotent."""
        if not self.inbox.closed:
            self.inbox.close()
            del self._bus.publishers[self._line]


class MemorySubscriber:
    """The gateway's end; implements :class:`shared.bus.contract.Subscriber`."""

    shared_stream = False
    refusals: Mapping[Line, int] = MappingProxyType({})

    def __init__(self, bus: MemoryBus, peer: Peer, lines: Sequence[Line], high_water_mark: int) -> None:
        self.malformed = 0
        self.inbox: Inbox[Line] = Inbox(high_water_mark)
        self._bus = bus
        self._peer = peer
        self._pending = {line: PendingRequests(line) for line in lines}

    @property
    def lines(self) -> Sequence[Line]:
        """The lines' names, in the order they were given."""
        return tuple(self._pending)

    async def receive(self) -> tuple[Line, Published]:
        """Return the next published message; raise LineUnavailable once closed."""
        while True:
            heard = self._read(await self.inbox.get())
            if heard is not None:
                return heard

    def receive_waiting(self) -> tuple[Line, Published] | None:
        """Return a published message that is here already, or None; raise LineUnavailable once closed."""
        while (waiting := self.inbox.get_waiting()) is not None:
            heard = self._read(waiting)
            if heard is not None:
                return heard
        return None

    async def request(self, line: Line, request: Request, *, timeout: float) -> Reply:
        """Ask a line's publisher; RequestTimeout and LineUnavailable as over ZeroMQ."""
        pending, payload = self._line(line), encode(request)
        return await pending.ask(request.request_id, lambda: self._send_when_possible(line, payload), timeout)

    def notify(self, line: Line, notice: Notice) -> None:
        """Tell a line's publisher; dropped without one."""
        self._line(line)
        self._bus.put_request(line, self._peer, encode(notice))

    def _read(self, waiting: tuple[Line, bytes]) -> tuple[Line, Published] | None:
        line, payload = waiting
        try:
            return line, decode_published(payload)
        except Malformed:
            self.malformed += 1
            return None

    async def close(self) -> None:
        """Leave the bus. Idempotent; ends ``receive`` and requests."""
        self.inbox.close()
        self._bus.subscribers.pop(self._peer, None)
        for pending in self._pending.values():
            pending.fail(LineUnavailable("the bus was closed before the answer came"))
        self._bus.changed.set()

    def answer(self, line: Line, payload: bytes) -> None:
        """Take an answer from a line's publisher."""
        try:
            self._pending[line].answer(decode_reply(payload))
        except Malformed:
            self.malformed += 1

    def _line(self, line: Line) -> PendingRequests:
        if self.inbox.closed:
            raise LineUnavailable("the bus is closed")
        try:
            return self._pending[line]
        except KeyError:
            raise LineUnavailable(f"expected one of the lines {', '.join(self._pending)}, got {line}") from None

    async def _send_when_possible(self, line: Line, payload: bytes) -> None:
        while not self.inbox.closed:
            if self._bus.put_request(line, self._peer, payload):
                return
            self._bus.changed.clear()
            await self._bus.changed.wait()
        raise LineUnavailable("the bus was closed before the request was sent")

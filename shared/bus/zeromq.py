"""The bus over ZeroMQ: PUB to SUB for what is published, DEALER to ROUTER for requests and answers.

One address stands for one listener (:mod:`shared.bus.addresses`). A published message is two frames, the topic
``wasla`` and the message; a request, notice or answer is one. There is a single topic because a filter would hide
losses from the reader, who notices them by the sequence.

Both ends are made inside a running event loop (asyncio's or uvloop's) and belong to it. Links heal by themselves:
a peer whose machine answers nothing for :data:`shared.bus.sockets.PEER_TIMEOUT` is disconnected and connected to
again every 50 ms to 1 s. With a key (:mod:`shared.bus.keys`) both ends speak CURVE; without one they stay on this
machine. An end that has the key and one that has not never meet; both say so (:mod:`shared.bus.handshakes`).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from typing import Final

import zmq

from shared.bus.addresses import Address, parse_address, parse_addresses, require_reachable
from shared.bus.codec import Malformed, decode_from_gateway, encode
from shared.bus.contract import Line, LineUnavailable, Peer, Recall
from shared.bus.handshakes import Guests, Hosts
from shared.bus.keys import BusKey
from shared.bus.lines import TOPIC, Desk, Stream, only_frame
from shared.bus.messages import FromGateway, Notice, Published, Reply, Request
from shared.bus.sockets import SocketGroup

LINGER: Final = 0.25
"""Seconds for which a publisher that closes goes on sending what was queued."""

MAX_REQUEST_BYTES: Final = 32 * 1024 * 1024
"""The largest request or notice a listener reads; a gateway's roster is the largest there is."""

_BURST: Final = 8
"""Messages taken in a row before other tasks have their turn."""


class ZmqPublisher:
    """The listener's end; implements :class:`shared.bus.contract.Publisher`.

    ``high_water_mark`` bounds, for each subscriber, the published messages that wait for it here, and as many wait at
    its own end: what does not fit is lost to that subscriber. ``malformed`` counts what came and was no message,
    ``guests`` who was not let in.
    """

    def __init__(self, bind: str, *, high_water_mark: int = 1000, key: BusKey | None = None) -> None:
        """Listen at both of the address's endpoints; raise BusError when one is taken, ConfigurationError when the
        address is wrong, or can be reached from other machines and there is no key."""
        address = require_reachable(parse_address(bind), has_key=key is not None)
        self.bind = address.text
        self.malformed = 0
        self.guests = Guests(has_key=key is not None)
        self._changed = asyncio.Event()
        self._turns = _Turns()
        self._sockets = SocketGroup(linger=LINGER, key=key, serves=True)
        self._pub = self._bind(zmq.PUB, address.stream, address, high_water_mark)
        self._router = self._bind(zmq.ROUTER, address.requests, address, high_water_mark)
        self._watch = self._sockets.watch(self._router, self._changed.set)

    def publish(self, message: Published) -> None:
        """Send to every subscriber, without waiting; without effect once closed. Raises only MessageTooLarge."""
        payload = encode(message)
        if not self._sockets.closed:
            self._pub.send_multipart((TOPIC, payload), zmq.NOBLOCK)

    def recall_by(self, recall: Recall) -> None:
        """Nothing is stored here."""

    async def receive(self) -> tuple[Peer, FromGateway]:
        """Return the next request or notice; one task at a time. Raise LineUnavailable once closed.

        Cancelling loses nothing.
        """
        await self._turns.next()
        while True:
            self._changed.clear()
            asked = self._next()
            if asked is not None:
                return asked
            await self._changed.wait()

    def reply(self, peer: Peer, reply: Reply) -> None:
        """Answer a request; dropped when the peer has gone or reads too slowly, without effect once closed."""
        payload = encode(reply)
        if not self._sockets.closed:
            self._router.send_multipart((peer, payload), zmq.NOBLOCK)
            self._watch.again()

    async def close(self) -> None:
        """Release the sockets, after :data:`LINGER` seconds at most. Idempotent; ends ``receive``."""
        self._changed.set()
        await self._sockets.close()

    def _bind(self, kind: int, endpoint: str, address: Address, high_water_mark: int) -> zmq.Socket[bytes]:
        socket = self._sockets.open(
            kind, high_water_mark=high_water_mark, max_message_bytes=MAX_REQUEST_BYTES, ipv6=address.ipv6
        )
        if kind == zmq.ROUTER:
            # A gateway that connects again before its old connection is known to be dead gets its answers.
            socket.set(zmq.ROUTER_HANDOVER, 1)
        self._sockets.watch_turns(socket, self.guests.note)
        self._sockets.bind(socket, endpoint, configured=address.text)
        return socket

    def _next(self) -> tuple[Peer, FromGateway] | None:
        while True:
            if self._sockets.closed:
                raise LineUnavailable("the bus is closed")
            try:
                peer, *frames = self._router.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return None
            try:
                return peer, decode_from_gateway(only_frame(frames))
            except Malformed:
                self.malformed += 1


class ZmqSubscriber:
    """The gateway's end; implements :class:`shared.bus.contract.Subscriber`.

    ``connect`` is the listeners' addresses: a sequence, or one comma separated text as in WASLA_BUS_CONNECT.
    ``identity`` names this process to people who debug; a random part makes it unique, so that two processes of the
    same name, or one before and after its restart, never receive each other's answers. ``high_water_mark`` bounds, for
    each line, what waits to be received or sent. ``malformed`` counts what came and was no message, ``hosts`` which
    listeners hung up on us.
    """

    shared_stream: Final = False

    def __init__(
        self,
        connect: str | Sequence[str],
        *,
        identity: bytes,
        high_water_mark: int = 1000,
        key: BusKey | None = None,
    ) -> None:
        """Connect, now or whenever the listeners appear; raise ConfigurationError when an address is wrong, or is on
        another machine and there is no key."""
        addresses = parse_addresses(connect if isinstance(connect, str) else ",".join(connect))
        for address in addresses:
            require_reachable(address, has_key=key is not None)
        self.hosts = Hosts(has_key=key is not None)
        self._identity = b"%s.%s" % (identity[:200], secrets.token_hex(8).encode())
        self._changed = asyncio.Event()
        self._turns = _Turns()
        self._sockets = SocketGroup(linger=0.0, key=key)
        self._streams = [
            Stream(self._sockets, address, high_water_mark, self.hosts, self._changed) for address in addresses
        ]
        self._desks = {
            address.text: Desk(self._sockets, address, high_water_mark, self.hosts, self._identity)
            for address in addresses
        }
        self._last_heard = 0

    @property
    def refusals(self) -> Mapping[Line, int]:
        """How often each listener hung up on us."""
        return self.hosts.refusals

    @property
    def lines(self) -> Sequence[Line]:
        """The listeners' addresses, in the order they were configured."""
        return tuple(self._desks)

    @property
    def malformed(self) -> int:
        """How many messages were skipped because they could not be read."""
        return sum(stream.malformed for stream in self._streams) + sum(d.malformed for d in self._desks.values())

    async def receive(self) -> tuple[Line, Published]:
        """Return the next published message, taking turns between the lines; one task at a time.

        Raise LineUnavailable once closed. Cancelling loses nothing.
        """
        await self._turns.next()
        while True:
            self._changed.clear()
            heard = self.receive_waiting()
            if heard is not None:
                return heard
            await self._changed.wait()

    def receive_waiting(self) -> tuple[Line, Published] | None:
        """Return a published message that is here already, or None; raise LineUnavailable once closed."""
        if self._sockets.closed:
            raise LineUnavailable("the bus is closed")
        count = len(self._streams)
        for turn in range(1, count + 1):
            index = (self._last_heard + turn) % count
            message = self._streams[index].next()
            if message is not None:
                self._last_heard = index
                return self._streams[index].line, message
        return None

    async def request(self, line: Line, request: Request, *, timeout: float) -> Reply:
        """Ask one listener and wait for its answer, at most ``timeout`` seconds.

        RequestTimeout: it was sent, and may or may not have been carried out. LineUnavailable: it was not sent,
        because the line is unknown, nobody was connected all the while, or the bus is closed; or the bus was closed
        during the wait. ``request_id`` must not be in use on this line.
        """
        return await self._desk(line).ask(request, timeout)

    def notify(self, line: Line, notice: Notice) -> None:
        """Tell one listener, without waiting; dropped when it is not connected. Raise LineUnavailable as above."""
        self._desk(line).send(encode(notice))

    async def close(self) -> None:
        """Release the sockets; what was not sent is dropped. Idempotent; ends ``receive`` and requests."""
        for desk in self._desks.values():
            desk.pending.fail(LineUnavailable("the bus was closed before the answer came"))
            desk.changed.set()
        self._changed.set()
        await self._sockets.close()

    def _desk(self, line: Line) -> Desk:
        if self._sockets.closed:
            raise LineUnavailable("the bus is closed")
        try:
            return self._desks[line]
        except KeyError:
            raise LineUnavailable(f"expected one of the lines {', '.join(self._desks)}, got {line}") from None


class _Turns:
    """Lets the loop's other tasks have their turn while messages come faster than they are taken."""

    def __init__(self) -> None:
        self._taken = 0

    async def next(self) -> None:
        self._taken = (self._taken + 1) % _BURST
        if self._taken == 0:
            await asyncio.sleep(0)

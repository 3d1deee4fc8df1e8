"""One line of the bus over ZeroMQ, as the gateway's end sees it: the stream it hears and the desk it asks at."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

import zmq

from shared.bus.addresses import Address
from shared.bus.codec import MAX_MESSAGE_BYTES, Malformed, decode_published, decode_reply, encode
from shared.bus.contract import Line, LineUnavailable
from shared.bus.dialling import Dial
from shared.bus.handshakes import Hosts
from shared.bus.messages import Published, Reply, Request
from shared.bus.pending import PendingRequests
from shared.bus.sockets import SocketGroup

TOPIC: Final = b"wasla"


class Stream:
    """What one listener publishes."""

    def __init__(
        self, sockets: SocketGroup, address: Address, high_water_mark: int, hosts: Hosts, changed: asyncio.Event
    ) -> None:
        self.line: Line = address.text
        self.malformed = 0
        self._socket = sockets.open(
            zmq.SUB, high_water_mark=high_water_mark, max_message_bytes=MAX_MESSAGE_BYTES, ipv6=address.ipv6
        )
        self._socket.set(zmq.SUBSCRIBE, TOPIC)
        Dial(sockets, self._socket, address.stream, partial(hosts.note, self.line))
        sockets.watch(self._socket, changed.set)

    def next(self) -> Published | None:
        """Return the next message, or None when there is none at this moment."""
        while True:
            try:
                _topic, *frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return None
            try:
                return decode_published(only_frame(frames))
            except Malformed:
                self.malformed += 1


class Desk:
    """Where one listener is asked. Answers are read as they come, whoever waits for them."""

    def __init__(
        self, sockets: SocketGroup, address: Address, high_water_mark: int, hosts: Hosts, identity: bytes
    ) -> None:
        self.line: Line = address.text
        self.malformed = 0
        self.changed = asyncio.Event()
        self.pending = PendingRequests(self.line)
        self._sockets = sockets
        self._socket = sockets.open(
            zmq.DEALER, high_water_mark=high_water_mark, max_message_bytes=MAX_MESSAGE_BYTES, ipv6=address.ipv6
        )
        self._socket.set(zmq.ROUTING_ID, identity)
        # Nothing waits for a listener that is away: it would be asked, on its return, what nobody wants to know now.
        self._socket.set(zmq.IMMEDIATE, 1)
        Dial(sockets, self._socket, address.requests, partial(hosts.note, self.line))
        self._watch = sockets.watch(self._socket, self._read)

    async def ask(self, request: Request, timeout: float) -> Reply:
        """Send the request once the listener is connected, and return its answer."""
        payload = encode(request)
        return await self.pending.ask(request.request_id, lambda: self._send_when_connected(payload), timeout)

    def send(self, payload: bytes) -> bool:
        """Send now or drop; tell whether it was taken."""
        try:
            self._socket.send(payload, zmq.NOBLOCK)
        except zmq.Again:
            return False
        finally:
            self._watch.again()
        return True

    async def _send_when_connected(self, payload: bytes) -> None:
        while True:
            self.changed.clear()
            if self._sockets.closed:
                raise LineUnavailable("the bus was closed before the request was sent")
            if self.send(payload):
                return
            await self.changed.wait()

    def _read(self) -> None:
        # Asking for the events takes the signal of a message that comes at this moment: it must be the last look.
        while (events := int(self._socket.get(zmq.EVENTS))) & zmq.POLLIN:
            frames = self._socket.recv_multipart(zmq.NOBLOCK)
            try:
                self.pending.answer(decode_reply(only_frame(frames)))
            except Malformed:
                self.malformed += 1
        if events & zmq.POLLOUT:
            self.changed.set()


def only_frame(frames: list[bytes]) -> bytes:
    """Return the one frame a message has beside its envelope; raise Malformed."""
    if len(frames) != 1:
        raise Malformed(f"expected one frame beside the envelope, got {len(frames)}")
    return frames[0]

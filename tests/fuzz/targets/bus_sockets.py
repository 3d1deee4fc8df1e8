"""The listener's real ROUTER: messages of any number of frames from peers of any name."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import zmq

from shared.bus.messages import Hello
from shared.bus.zeromq import ZmqPublisher
from tests.fuzz.chance import Chance
from tests.fuzz.target import Broken, Input, Subject, Target
from tests.fuzz.targets.bus import REQUESTS_ONES, pack, payload

_CONNECTIONS: Final = 4
_NAMES: Final = (b"g", b"\x01", b"n" * 255, b"\xff\xfe", "é".encode())


def make(chance: Chance) -> Input:
    """Return who sends (a number), and the frames."""
    frames = [payload(chance, REQUESTS_ONES) for _ in range(chance.of((1, 1, 1, 1, 2, 3)))]
    if chance.happens(0.2):
        frames.insert(chance.below(len(frames) + 1), b"")
    return [bytes((chance.below(_CONNECTIONS),)), *frames]


class Router:
    """A publisher, and peers whose sockets send what they like; after each input a valid notice has to come."""

    def __init__(self, publisher: ZmqPublisher, peers: list[zmq.Socket[bytes]]) -> None:
        self._publisher = publisher
        self._peers = peers
        self._numbers = itertools.count()

    async def feed(self, given: Input) -> str:
        who, *frames = given or [b"\0"]
        peer = self._peers[(who or b"\0")[0] % _CONNECTIONS]
        malformed = self._publisher.malformed
        peer.send_multipart(frames or [b""])
        last = f"gateway {next(self._numbers)}"
        peer.send(pack({"type": "hello", "gateway": last}))
        heard = []
        while not heard or heard[-1] != Hello(last):
            name, message = await self._publisher.receive()
            heard.append(message)
            self._publisher.reply(name, message)  # type: ignore[arg-type] - a reply to whatever name it has
        if len(heard) - 1 + self._publisher.malformed - malformed != 1:
            raise Broken(f"one message came as {heard}")
        return "malformed" if len(heard) == 1 else type(heard[0]).__name__

    def held(self) -> int:
        return 0


@asynccontextmanager
async def _opened() -> AsyncIterator[Subject]:
    with tempfile.TemporaryDirectory() as place, zmq.Context() as context:
        publisher = ZmqPublisher(f"ipc://{place}/b")
        peers = [context.socket(zmq.DEALER) for _ in range(_CONNECTIONS)]
        try:
            for peer, name in zip(peers, _NAMES, strict=False):
                peer.setsockopt(zmq.ROUTING_ID, name)
                peer.setsockopt(zmq.LINGER, 0)
                peer.setsockopt(zmq.RCVHWM, 10)
                peer.connect(f"ipc://{place}/b.requests")
            await asyncio.sleep(0)
            yield Router(publisher, peers)
        finally:
            for peer in peers:
                peer.close()
            await publisher.close()


REQUESTS: Final = Target(
    "bus, sockets", "the listener's ROUTER over ZeroMQ: frames and identities as peers choose them", make, _opened, 0.3
)

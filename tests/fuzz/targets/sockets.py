"""The same bytes over real sockets: a real gateway, the real bus, and a client that hangs up when it has spoken."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from services.gateway.service import Gateway
from tests.fuzz import wire
from tests.fuzz.chance import Chance
from tests.fuzz.gateway import judged
from tests.fuzz.target import Broken, Input, Subject, Target
from tests.fuzz.targets import conversations, handshakes
from tests.integration.gateway.conftest import running_gateway
from tests.integration.gateway.fake_listener import FakeListener, until


def make(chance: Chance) -> Input:
    """Return the parts of a whole conversation, the handshake included."""
    if chance.happens(0.3):
        return handshakes.make(chance)
    _, *parts = chance.of((conversations.make_frames, conversations.make_messages))(chance)
    registered = wire.frame(wire.TEXT, b'{"message_type":"register","data":{"app_name":"fuzz"}}')
    return [wire.HANDSHAKE, registered, *parts]


class Sockets:
    """One connection an input; it ends when the client has said everything."""

    def __init__(self, gateway: Gateway, listener: FakeListener) -> None:
        self._gateway = gateway
        self._listener = listener

    async def feed(self, given: Input) -> str:
        self._listener.asked.clear()  # it would remember everything
        reader, writer = await asyncio.open_connection("127.0.0.1", self._gateway.port)
        said = b""
        try:
            with contextlib.suppress(ConnectionError):
                for part in given:
                    writer.write(part)
                    await writer.drain()
                writer.write_eof()
            with contextlib.suppress(ConnectionError):
                said = await reader.read()
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        return _outcome(said)

    def held(self) -> int:
        hub = self._gateway.hub
        return sum(map(len, (hub.clients, hub.delivery.groups, hub.strangers)))


def _outcome(said: bytes) -> str:
    if not said:
        return "hung up"
    head, _, rest = said.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 101 "):
        status = head[9:12].decode("ascii", "replace")
        if status not in handshakes.STATUSES:
            raise Broken(f"an undocumented answer: {head[:100]!r}")
        return status
    try:
        answered = [judged(frame) for frame in wire.frames(rest)]
    except Broken as broken:
        if "end within a frame" in str(broken):
            return "cut off"  # whoever hangs up does not hear everything
        raise
    return answered[-1] if answered else "101"


@asynccontextmanager
async def _opened() -> AsyncIterator[Subject]:
    with tempfile.TemporaryDirectory() as place:
        listener = FakeListener(f"ipc://{place}/b")
        await listener.start()
        try:
            async with running_gateway(listener.bind, Path(place), data_dir=Path(place)) as gateway:
                await until(lambda: gateway.hub.catalog is not None)
                yield Sockets(gateway, listener)
        finally:
            await listener.stop()


SOCKETS: Final = Target(
    "sockets", "handshakes, frames and messages over TCP, through a whole gateway", make, _opened, 0.1
)

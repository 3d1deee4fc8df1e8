"""The bus under contract: the same stories over memory, over ZeroMQ in a file, on TCP and on TCP with a key."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import pytest
import zmq

from shared.bus.addresses import parse_address
from shared.bus.contract import Line, Publisher, Subscriber
from shared.bus.curve import connect_with
from shared.bus.keys import BusKey
from shared.bus.memory import MemoryBus
from shared.bus.zeromq import ZmqPublisher, ZmqSubscriber


class Bus(Protocol):
    """Makes ends of one kind of bus, and speaks to them beside the contract."""

    def line(self) -> Line: ...

    def publisher(self, line: Line, *, high_water_mark: int = 1000) -> Any: ...

    def subscriber(self, lines: Sequence[Line], *, high_water_mark: int = 1000) -> Any: ...

    def shout(self, line: Line) -> Any:
        """Return a publisher's double: ``send(payload)`` publishes any bytes, ``close()`` ends it."""

    def whisper(self, line: Line) -> Any:
        """Return a subscriber's double: ``send(payload)`` asks with any bytes."""

    async def close(self) -> None: ...


class Raw:
    """Something that sends bytes, until it is closed."""

    def __init__(self, send: Any, close: Any) -> None:
        self.send = send
        self.close = close


class OverMemory:
    def __init__(self) -> None:
        self.bus = MemoryBus()
        self._numbers = itertools.count()
        self._ends: list[Publisher | Subscriber] = []

    def line(self) -> Line:
        return f"memory://{next(self._numbers)}"

    def publisher(self, line: Line, *, high_water_mark: int = 1000) -> Any:
        self._ends.append(self.bus.publisher(line, high_water_mark=high_water_mark))
        return self._ends[-1]

    def subscriber(self, lines: Sequence[Line], *, high_water_mark: int = 1000) -> Any:
        self._ends.append(self.bus.subscriber(lines, identity=b"gateway", high_water_mark=high_water_mark))
        return self._ends[-1]

    def shout(self, line: Line) -> Raw:
        return Raw(lambda payload: self.bus.put_published(line, payload), lambda: None)

    def whisper(self, line: Line) -> Raw:
        return Raw(lambda payload: self.bus.put_request(line, b"stranger", payload), lambda: None)

    async def close(self) -> None:
        for end in self._ends:
            await end.close()


class OverZmq:
    def __init__(self, directory: Path, transport: str, key: BusKey | None = None) -> None:
        self._directory = directory
        self._key = key
        self._transport = transport
        self._numbers = itertools.count()
        self._ends: list[Publisher | Subscriber] = []
        self._context: zmq.Context[Any] = zmq.Context()

    def line(self) -> Line:
        if self._transport == "tcp":
            return f"tcp://127.0.0.1:{free_port_pair()}"
        return f"ipc://{self._directory}/{next(self._numbers)}"

    def publisher(self, line: Line, *, high_water_mark: int = 1000) -> Any:
        self._ends.append(ZmqPublisher(line, high_water_mark=high_water_mark, key=self._key))
        return self._ends[-1]

    def subscriber(self, lines: Sequence[Line], *, high_water_mark: int = 1000) -> Any:
        end = ZmqSubscriber(lines, identity=b"gateway", high_water_mark=high_water_mark, key=self._key)
        self._ends.append(end)
        return self._ends[-1]

    def shout(self, line: Line) -> Raw:
        publisher = self._context.socket(zmq.PUB)
        if self._key is not None:
            publisher.curve_server = True
            publisher.curve_secretkey = self._key.secret
        publisher.bind(parse_address(line).stream)
        return Raw(lambda payload: publisher.send_multipart([b"wasla", payload]), lambda: publisher.close(0))

    def whisper(self, line: Line) -> Raw:
        dealer = self._context.socket(zmq.DEALER)
        if self._key is not None:
            connect_with(dealer, self._key)
        dealer.connect(parse_address(line).requests)
        return Raw(dealer.send, lambda: dealer.close(0))

    async def close(self) -> None:
        for end in self._ends:
            await end.close()
        self._context.destroy(linger=0)


def free_port_pair() -> int:
    """Return a port that is free with the one above it."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


@pytest.fixture
def socket_directory() -> Iterator[Path]:
    """A directory with a short name: the path of a socket may have 107 bytes."""
    path = Path(tempfile.mkdtemp(prefix="bus-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def port_pair() -> int:
    return free_port_pair()


async def answer_as_a_stranger(port: int) -> None:
    """Listen until somebody came and was answered in another protocol."""
    met = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" + bytes(1000))
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        met.set()

    async with await asyncio.start_server(answer, "127.0.0.1", port):
        await asyncio.wait_for(met.wait(), 60)


@pytest.fixture
def stranger() -> Callable[[int], Awaitable[None]]:
    """:func:`answer_as_a_stranger`."""
    return answer_as_a_stranger


@pytest.fixture(params=["memory", "ipc", "tcp", "curve"])
async def bus(request: pytest.FixtureRequest, socket_directory: Path) -> AsyncIterator[Bus]:
    made: Bus
    if request.param == "memory":
        made = OverMemory()
    elif request.param == "curve":
        made = OverZmq(socket_directory, "tcp", BusKey.of(secrets.token_bytes(32)))
    else:
        made = OverZmq(socket_directory, request.param)
    yield made
    await made.close()

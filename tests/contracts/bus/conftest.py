"""The bus under contract: the same stories over memory, over ZeroMQ in a file and over ZeroMQ on TCP."""

from __future__ import annotations

import itertools
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest
import zmq

from shared.bus.addresses import parse_address
from shared.bus.contract import Line, Publisher, Subscriber
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
    def __init__(self, directory: Path, transport: str) -> None:
        self._directory = directory
        self._transport = transport
        self._numbers = itertools.count()
        self._ends: list[Publisher | Subscriber] = []
        self._context: zmq.Context[Any] = zmq.Context()

    def line(self) -> Line:
        if self._transport == "tcp":
            return f"tcp://127.0.0.1:{free_port_pair()}"
        return f"ipc://{self._directory}/{next(self._numbers)}"

    def publisher(self, line: Line, *, high_water_mark: int = 1000) -> Any:
        self._ends.append(ZmqPublisher(line, high_water_mark=high_water_mark))
        return self._ends[-1]

    def subscriber(self, lines: Sequence[Line], *, high_water_mark: int = 1000) -> Any:
        self._ends.append(ZmqSubscriber(lines, identity=b"gateway", high_water_mark=high_water_mark))
        return self._ends[-1]

    def shout(self, line: Line) -> Raw:
        publisher = self._context.socket(zmq.PUB)
        publisher.bind(parse_address(line).stream)
        return Raw(lambda payload: publisher.send_multipart([b"wasla", payload]), lambda: publisher.close(0))

    def whisper(self, line: Line) -> Raw:
        dealer = self._context.socket(zmq.DEALER)
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


@pytest.fixture(params=["memory", "ipc", "tcp"])
async def bus(request: pytest.FixtureRequest, socket_directory: Path) -> AsyncIterator[Bus]:
    made: Bus = OverMemory() if request.param == "memory" else OverZmq(socket_directory, request.param)
    yield made
    await made.close()

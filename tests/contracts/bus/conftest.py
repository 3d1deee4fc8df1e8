"""The bus under contract: the same stories over memory, over ZeroMQ in a file, on TCP and on TCP with a key, and over a
real NATS server."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import shutil
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
from shared.bus.jetstream.connection import Access, Connection
from shared.bus.jetstream.limits import StreamLimits
from shared.bus.jetstream.publisher import NatsPublisher
from shared.bus.jetstream.subjects import Subjects
from shared.bus.jetstream.subscriber import STREAM, NatsSubscriber
from shared.bus.keys import BusKey
from shared.bus.memory import MemoryBus
from shared.bus.zeromq import ZmqPublisher, ZmqSubscriber
from tests.nats_servers import NatsServer, nats_server
from tests.ports import free_ports


class Bus(Protocol):
    """Makes ends of one kind of bus, and speaks to them beside the contract.

    ``stream`` is the line that batches come by, None where it is their listener's.
    """

    stream: Line | None

    def line(self) -> Line: ...

    def publisher(self, line: Line, *, high_water_mark: int = 1000) -> Any: ...

    def subscriber(self, lines: Sequence[Line], *, high_water_mark: int = 1000) -> Any: ...

    async def shout(self, line: Line) -> Any:
        """Return a publisher's double: ``send(payload)`` publishes any bytes, ``close()`` ends it."""

    async def whisper(self, line: Line) -> Any:
        """Return a subscriber's double: ``send(payload)`` asks with any bytes."""

    async def close(self) -> None: ...


class Raw:
    """Something that sends bytes, until it is closed."""

    def __init__(self, send: Any, close: Any) -> None:
        self.send = send
        self.close = close


class OverMemory:
    stream = None

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

    async def shout(self, line: Line) -> Raw:
        return Raw(lambda payload: self.bus.put_published(line, payload), lambda: None)

    async def whisper(self, line: Line) -> Raw:
        return Raw(lambda payload: self.bus.put_request(line, b"stranger", payload), lambda: None)

    async def close(self) -> None:
        for end in self._ends:
            await end.close()


class OverZmq:
    stream = None

    def __init__(self, directory: Path, transport: str, key: BusKey | None = None) -> None:
        self._directory = directory
        self._key = key
        self._transport = transport
        self._numbers = itertools.count()
        self._ends: list[Publisher | Subscriber] = []
        self._context: zmq.Context[Any] = zmq.Context()

    def line(self) -> Line:
        if self._transport == "tcp":
            return f"tcp://127.0.0.1:{free_ports(2)}"
        return f"ipc://{self._directory}/{next(self._numbers)}"

    def publisher(self, line: Line, *, high_water_mark: int = 1000) -> Any:
        self._ends.append(ZmqPublisher(line, high_water_mark=high_water_mark, key=self._key))
        return self._ends[-1]

    def subscriber(self, lines: Sequence[Line], *, high_water_mark: int = 1000) -> Any:
        end = ZmqSubscriber(lines, identity=b"gateway", high_water_mark=high_water_mark, key=self._key)
        self._ends.append(end)
        return self._ends[-1]

    async def shout(self, line: Line) -> Raw:
        publisher = self._context.socket(zmq.PUB)
        if self._key is not None:
            publisher.curve_server = True
            publisher.curve_secretkey = self._key.secret
        publisher.bind(parse_address(line).stream)
        return Raw(lambda payload: publisher.send_multipart([b"wasla", payload]), lambda: publisher.close(0))

    async def whisper(self, line: Line) -> Raw:
        dealer = self._context.socket(zmq.DEALER)
        if self._key is not None:
            connect_with(dealer, self._key)
        dealer.connect(parse_address(line).requests)
        return Raw(dealer.send, lambda: dealer.close(0))

    async def close(self) -> None:
        for end in self._ends:
            await end.close()
        self._context.destroy(linger=0)


class OverNats:
    """Each test has subjects and a stream of its own, on a server that all share."""

    stream = STREAM

    def __init__(self, server: NatsServer) -> None:
        self._access = Access([server.url])
        self._subjects = Subjects(f"t{secrets.token_hex(4)}")
        self._numbers = itertools.count()
        self._publishers: list[NatsPublisher] = []
        self._subscribers: list[NatsSubscriber] = []
        self._strangers: list[Connection] = []

    def line(self) -> Line:
        return f"listener-{next(self._numbers)}"

    def publisher(self, line: Line, *, high_water_mark: int = 1000) -> Any:
        limits = StreamLimits(max_bytes=256 * 1024 * 1024)
        self._publishers.append(
            NatsPublisher(self._access, line, subjects=self._subjects, limits=limits, high_water_mark=high_water_mark)
        )
        return self._publishers[-1]

    def subscriber(self, lines: Sequence[Line], *, high_water_mark: int = 1000) -> Any:
        self._subscribers.append(
            NatsSubscriber(
                self._access,
                identity=b"gateway",
                subjects=self._subjects,
                high_water_mark=high_water_mark,
                expected=lines,
            )
        )
        return self._subscribers[-1]

    async def shout(self, line: Line) -> Raw:
        subject = self._subjects.live.replace(">", "e.0")
        return await self._stranger(lambda stranger, payload: stranger.send(subject, payload))

    async def whisper(self, line: Line) -> Raw:
        desk, inbox = self._subjects.desk(line), self._subjects.inbox("stranger")
        return await self._stranger(lambda stranger, payload: stranger.send(desk, payload, reply=f"{inbox}.0"))

    async def _stranger(self, send: Any) -> Raw:
        stranger = Connection(self._access, name="stranger", inbox="stranger")
        self._strangers.append(stranger)
        for connection in (stranger, *(end.connection for end in [*self._publishers, *self._subscribers])):
            await asyncio.wait_for(connection.up.wait(), 60)
        return Raw(lambda payload: send(stranger, payload), lambda: None)

    async def close(self) -> None:
        for end in [*self._publishers, *self._subscribers, *self._strangers]:
            await end.close()


@pytest.fixture
def socket_directory() -> Iterator[Path]:
    """A directory with a short name: the path of a socket may have 107 bytes."""
    path = Path(tempfile.mkdtemp(prefix="bus-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def port_pair() -> int:
    """A port that is free with the one above it."""
    return free_ports(2)


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


@pytest.fixture(scope="session")
def nats() -> Iterator[NatsServer]:
    """A server that every test may use, with a stream of its own."""
    with nats_server() as server:
        yield server


@pytest.fixture(params=["memory", "ipc", "tcp", "curve", "nats"])
async def bus(request: pytest.FixtureRequest, socket_directory: Path) -> AsyncIterator[Bus]:
    made: Bus
    if request.param == "memory":
        made = OverMemory()
    elif request.param == "nats":
        made = OverNats(request.getfixturevalue("nats"))
    elif request.param == "curve":
        made = OverZmq(socket_directory, "tcp", BusKey.of(secrets.token_bytes(32)))
    else:
        made = OverZmq(socket_directory, request.param)
    yield made
    await made.close()

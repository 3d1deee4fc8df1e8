"""Real listeners in the test's own loop, and a reader that takes what they publish as a gateway would."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from pydantic import SecretStr

from services.pg_listener.service import Listener
from services.pg_listener.settings import ListenerSettings
from shared.bus.memory import MemoryBus
from shared.bus.messages import Batch, Beat, Published, ReplayReply, ReplayRequest, Reply, Request
from shared.bus.zeromq import ZmqPublisher, ZmqSubscriber
from shared.database import DRIVER_ERRORS
from shared.events import Event

PATIENCE = 60.0
"""Seconds after which something that should have happened counts as not happening."""


class Reader:
    """Takes everything that some listeners publish; ``events`` by line, checked to be consecutive."""

    def __init__(self, subscriber: ZmqSubscriber) -> None:
        self.subscriber = subscriber
        self.beats: dict[str, Beat] = {}
        self.batches: dict[str, list[Batch]] = defaultdict(list)
        self.others: list[Published] = []
        self._changed = asyncio.Event()
        self._request_ids = itertools.count(1)

    def events(self, line: str | None = None) -> list[Event]:
        """Return the events of one line, or of the only one."""
        line = line or self.subscriber.lines[0]
        return [event for batch in self.batches[line] for event in batch.events]

    async def read(self) -> None:
        while True:
            line, message = await self.subscriber.receive()
            if isinstance(message, Beat):
                self.beats[line] = message
            elif isinstance(message, Batch):
                assert [e.seq for e in message.events] == list(
                    range(message.after_seq + 1, message.after_seq + 1 + len(message.events))
                )
                self.batches[line].append(message)
            else:
                self.others.append(message)
            self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until what was published makes the condition true."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def until_leading(self, line: str | None = None) -> Beat:
        """Wait until a listener leads and has the database."""
        line = line or self.subscriber.lines[0]
        await self.until(lambda: line in self.beats and self.beats[line].leading and self.beats[line].database_up)
        return self.beats[line]

    async def until_events(self, count: int, line: str | None = None) -> list[Event]:
        """Wait until a line has published at least so many events."""
        await self.until(lambda: len(self.events(line)) >= count)
        return self.events(line)

    async def request(self, make: Callable[[int], Request], line: str | None = None) -> Reply:
        return await self.subscriber.request(
            line or self.subscriber.lines[0], make(next(self._request_ids)), timeout=PATIENCE
        )

    async def replay(
        self, epoch: str, after_seq: int, *, max_events: int = 100_000, line: str | None = None
    ) -> ReplayReply:
        reply = await self.request(lambda n: ReplayRequest(n, epoch, after_seq, max_events, 100_000_000), line)
        assert isinstance(reply, ReplayReply)
        return reply


def data(event: Event) -> dict[str, object]:
    """Return the ``data`` of the client's message."""
    decoded: dict[str, object] = msgspec.json.decode(event.message)["data"]
    return decoded


class AfterTheLook:
    """A session during which something happens right after the log's position was read."""

    def __init__(self, connection: asyncpg.Connection, happens: Callable[[], Awaitable[None]]) -> None:
        self._connection = connection
        self._happens: Callable[[], Awaitable[None]] | None = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def fetchrow(self, *arguments: object, **options: object) -> asyncpg.Record:
        row = await self._connection.fetchrow(*arguments, **options)
        happens, self._happens = self._happens, None
        if happens is not None:
            await happens()
        return row


class Bench:
    """Starts listeners and readers, and ends them with the test."""

    def __init__(self, directory: Path, stack: AsyncExitStack) -> None:
        self._directory = directory
        self._stack = stack
        self._numbers = itertools.count(1)
        self.listeners: list[Listener] = []

    def line(self) -> str:
        return f"ipc://{self._directory}/bus-{next(self._numbers)}"

    def unstarted(self, url: str) -> Listener:
        """Return a listener's parts; what they publish goes nowhere."""
        line = self.line()
        settings = ListenerSettings(database_url=SecretStr(url), bus_bind=line)
        return Listener(settings, MemoryBus().publisher(line))

    async def listener(self, url: str, *, line: str | None = None, **settings: object) -> tuple[Listener, str]:
        """Run a listener until the test ends."""
        context = self.running(url, line=line, **settings)
        return await self._stack.enter_async_context(context)

    @asynccontextmanager
    async def running(
        self, url: str, *, line: str | None = None, **settings: object
    ) -> AsyncIterator[tuple[Listener, str]]:
        """Run a listener until the block ends."""
        line = line or self.line()
        known = {"database_url": SecretStr(url), "bus_bind": line, **settings}
        publisher = ZmqPublisher(line, high_water_mark=1000)
        listener = Listener(ListenerSettings(**known), publisher)  # type: ignore[arg-type]
        try:
            async with _background(_run(listener)):
                yield listener, line
        finally:
            await publisher.close()

    @staticmethod
    def doorbell(listener: Listener) -> str:
        """Return the state that a leader's metrics show, or ``none``."""
        for family in listener.metrics.registry.collect():
            for sample in family.samples:
                if sample.name == "wasla_doorbell_state" and sample.value == 1:
                    return sample.labels["state"]
        return "none"

    @staticmethod
    async def deafen(listener: Listener, *channels: str) -> None:
        """Make the listening session listen no more, without its knowing."""
        for channel in channels:
            while True:
                connection = listener.wakeups._connection
                try:
                    if connection is not None:
                        await connection.execute(f"UNLISTEN {channel}")
                        break
                except DRIVER_ERRORS:
                    pass  # it is asked for its proof at this moment, and replaced
                await asyncio.sleep(0.001)

    async def reader(self, *lines: str) -> Reader:
        """Read from listeners, begun with their first beats."""
        subscriber = ZmqSubscriber(lines, identity=b"reader", high_water_mark=10_000)
        self._stack.push_async_callback(subscriber.close)
        reader = Reader(subscriber)
        await self._stack.enter_async_context(_background(reader.read()))
        await reader.until(lambda: set(lines) <= reader.beats.keys())
        return reader


async def _run(listener: Listener) -> None:
    try:
        async with asyncio.TaskGroup() as tasks:
            listener.start(tasks)
    finally:
        listener.archive.close()


@asynccontextmanager
async def _background(coroutine: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run beside the block; how it failed is raised at the end of the block."""
    task = asyncio.create_task(coroutine)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

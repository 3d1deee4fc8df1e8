"""Listeners and gateways in the test's own loop, over real NATS servers and a real database, and a client that judges.

What a client received is held against the log: every event, in order, once, or a ``resync`` between.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from websockets.asyncio.client import ClientConnection, connect

from services.gateway.service import Gateway
from services.gateway.settings import GatewaySettings
from services.pg_listener.service import Listener, opened
from services.pg_listener.settings import ListenerSettings

PATIENCE = 90.0


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 - whatever makes it true has no event of its own
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"expected {what} within {PATIENCE:g} s") from None


class Judge:
    """A client that takes everything, and remembers what it was told."""

    def __init__(self, socket: ClientConnection, registered: dict[str, Any]) -> None:
        self.registered = registered
        self.seqs: list[int] = []
        self.resyncs: list[dict[str, Any]] = []
        self._socket = socket

    @property
    def top(self) -> int:
        """The seq up to which it was told everything."""
        return max([self.registered["seq"], *self.seqs[-1:], *(told["seq"] for told in self.resyncs[-1:])])

    @property
    def position(self) -> dict[str, Any]:
        """Where another gateway may let it go on."""
        return {"epoch": self.registered["epoch"], "seq": self.top}

    async def listen(self) -> None:
        """Take what comes."""
        async for frame in self._socket:
            message = json.loads(frame)
            if message["message_type"] == "realtime_event":
                self.seqs.append(message["data"]["seq"])
            elif message["message_type"] == "resync":
                self.resyncs.append(message["data"])

    def holds(self, top: int) -> None:
        """Judge: every seq after the first position, in order, once; after a resync from its position on."""
        begin = max([self.registered["seq"], *(told["seq"] for told in self.resyncs)])
        assert self.seqs == sorted(set(self.seqs)), "an event came twice, or out of order"
        assert [seq for seq in self.seqs if seq > begin] == list(range(begin + 1, top + 1))


class Fleet:
    """Parts that run until the test ends; ``bus`` is WASLA_BUS."""

    def __init__(self, url: str, bus: str, directory: Path, stack: AsyncExitStack) -> None:
        self.url = url
        self.bus = bus
        self._directory = directory
        self._stack = stack
        self._numbers = itertools.count(1)
        self.connection: asyncpg.Connection

    def settings(self, **more: Any) -> dict[str, Any]:
        """What every part is told."""
        number = next(self._numbers)
        return {"bus": self.bus, "heartbeat_address": f"ipc://{self._directory}/h{number}", **more}

    @asynccontextmanager
    async def listener(self, **more: Any) -> AsyncIterator[Listener]:
        """Run a listener for the length of the block."""
        settings = ListenerSettings(**self.settings(database_url=self.url, **more))
        name = f"listener-{next(self._numbers)}"
        async with opened(settings, name) as listener:
            try:
                async with asyncio.TaskGroup() as tasks:
                    running = listener.start(tasks)
                    yield listener
                    for task in running:
                        task.cancel()
            finally:
                listener.archive.close()

    async def lasting_listener(self, **more: Any) -> Listener:
        """Run a listener until the test ends."""
        return await self._stack.enter_async_context(self.listener(**more))

    @asynccontextmanager
    async def gateway(self, **more: Any) -> AsyncIterator[Gateway]:
        """Run a gateway for the length of the block."""
        gateway = Gateway(GatewaySettings(**self.settings(port=0, drain_timeout=0.1, **more)))
        stop = asyncio.Event()
        task = asyncio.create_task(gateway.run(stop))
        try:
            await until(lambda: gateway.ready.is_set() or task.done(), "a gateway that serves")
            if task.done():
                task.result()
            yield gateway
        finally:
            stop.set()
            await task

    async def lasting_gateway(self, **more: Any) -> Gateway:
        """Run a gateway until the test ends."""
        return await self._stack.enter_async_context(self.gateway(**more))

    async def judge(self, gateway: Gateway, *, resume: dict[str, Any] | None = None) -> Judge:
        """Connect a client that takes everything."""
        socket = await connect(
            f"ws://127.0.0.1:{gateway.port}/",
            compression=None,
            max_size=None,
            open_timeout=PATIENCE,
            ping_interval=None,  # the loop stands still while the test starts a server
        )
        data: dict[str, Any] = {"app_name": "judge", **({} if resume is None else {"resume": resume})}
        await socket.send(json.dumps({"message_type": "register", "data": data, "timestamp": ""}))
        async with asyncio.timeout(PATIENCE):
            while (message := json.loads(await socket.recv()))["message_type"] != "registered":
                pass
        found = message["data"]
        if resume is not None:
            found = {**found, "seq": resume["seq"]}
        judge = Judge(socket, found)
        task = asyncio.create_task(judge.listen())

        async def leave() -> None:
            await socket.close()
            await task

        self._stack.push_async_callback(leave)
        return judge

    async def write(self, count: int, *, table: str = "watched", text: str = "x") -> None:
        """Commit so many events, one transaction each."""
        for _ in range(count):
            await self.connection.execute(f"INSERT INTO {table} (what) VALUES ($1)", text)

    async def top(self) -> int:
        """Return the top of the log once everything is numbered."""
        async with asyncio.timeout(PATIENCE):
            while await self.connection.fetchval("SELECT count(*) FROM wasla.outbox"):  # noqa: ASYNC110 - nor has this
                await asyncio.sleep(0.02)
        top: int = await self.connection.fetchval("SELECT coalesce(max(seq), 0) FROM wasla.event_log")
        return top

    async def settled(self, judges: Sequence[Judge]) -> int:
        """Wait until everybody was told everything, judge, and return the top."""
        top = await self.top()
        await until(lambda: all(judge.top >= top for judge in judges), f"events up to {top}")
        for judge in judges:
            judge.holds(top)
        return top


@asynccontextmanager
async def fleet_over(url: str, bus: str, directory: Path) -> AsyncIterator[Fleet]:
    """Make a fleet whose database watches one table; its parts are for the test to start."""
    async with AsyncExitStack() as stack:
        fleet = Fleet(url, bus, directory, stack)
        fleet.connection = await asyncpg.connect(url)
        stack.push_async_callback(fleet.connection.close)
        await fleet.connection.execute("CREATE TABLE watched (id serial PRIMARY KEY, what text)")
        await fleet.connection.execute("SELECT wasla.watch('watched')")
        yield fleet

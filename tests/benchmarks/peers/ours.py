"""The gateway as shipped, fed as a leading pg-listener feeds it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence

from shared.bus.messages import Batch, Beat, CatalogReply, CatalogRequest
from shared.bus.zeromq import ZmqPublisher
from shared.catalog import Catalog, Table
from shared.events import Event
from tests.benchmarks.children import child, free_port
from tests.benchmarks.load.generator import Approach, masked
from tests.benchmarks.payloads import CHANNEL, TABLE, Message
from tests.benchmarks.peers.contract import Place, Running
from tests.benchmarks.running import ROOT

EPOCH = "benchmark"
CATALOG = Catalog({TABLE: Table(CHANNEL, {"filler": "string", "spot": "number", "price": "number"})})
REGISTERED = '"message_type":"status"'

Subscription = Mapping[str, object]


def register(subscription: Subscription | None = None) -> bytes:
    """Return what a client says first."""
    data: dict[str, object] = {"app_name": "benchmark"}
    if subscription is not None:
        data["subscribe"] = [subscription]
    return masked(json.dumps({"message_type": "register", "data": data}).encode())


class BusFeed:
    """The listener's end of the bus, without a database behind it."""

    def __init__(self, address: str) -> None:
        self._bus = ZmqPublisher(address, high_water_mark=100_000)
        self._top = 0
        self._tasks = [asyncio.create_task(self._beat()), asyncio.create_task(self._answer())]

    async def open(self) -> None:
        """Nothing is left to do: the gateway has joined the stream before it opened its port."""

    async def send(self, messages: Sequence[Message]) -> None:
        """Publish one batch."""
        events = [Event(seq, "INSERT", TABLE, CHANNEL, None, 0.0, text) for seq, text in messages]
        now = time.time()
        self._bus.publish(Batch(EPOCH, self._top, events, now, now))
        self._top = messages[-1].seq
        await asyncio.sleep(0)

    async def close(self) -> None:
        """Release the bus."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._bus.close()

    async def _beat(self) -> None:
        for _ in itertools.count():
            self._bus.publish(Beat("benchmark", True, EPOCH, self._top, True, time.time(), 1, time.time()))
            await asyncio.sleep(0.25)

    async def _answer(self) -> None:
        while True:
            peer, asked = await self._bus.receive()
            if isinstance(asked, CatalogRequest):
                self._bus.reply(peer, CatalogReply(asked.request_id, 1, CATALOG))


class Gateway:
    """One gateway; ``subscriptions`` are dealt out to the clients in turn.

    *headers* are those of the clients' handshakes, *environment* is what the gateway has set beside the necessary.
    """

    def __init__(
        self,
        name: str = "wasla",
        subscriptions: Sequence[Subscription] = (),
        *,
        headers: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self._headers = headers
        self._environment = environment or {}
        self._greetings = [register(each) for each in subscriptions] or [register()]

    def missing(self) -> str | None:
        """It is always there."""
        return None

    @contextlib.asynccontextmanager
    async def running(self, place: Place) -> AsyncIterator[Running]:
        """Run it with nothing set that a first start would not set."""
        port, address = free_port(), f"ipc://{place.directory}/bus"
        environment = {
            "WASLA_PORT": str(port),
            "WASLA_BUS_CONNECT": address,
            "WASLA_HEARTBEAT_ADDRESS": f"ipc://{place.directory}/heartbeats",
            "WASLA_DATA_DIR": str(place.directory),
            "WASLA_LOG_LEVEL": "WARNING",
            **self._environment,
        }
        feed = BusFeed(address)
        try:
            command = [sys.executable, "-m", "services.gateway"]
            with child(command, place.directory, core=place.core, environment=environment, cwd=ROOT) as process:
                await asyncio.to_thread(process.wait_for_port, port)
                approach = Approach(headers=self._headers, greetings=self._greetings, ready=REGISTERED)
                yield Running(process, port, approach, feed)
        finally:
            await feed.close()

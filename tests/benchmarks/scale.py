"""From one gateway to many: what two cost together, what a listener pays for each, and what follows for a thousand.

The measured part runs here. The model puts its figures into three sums and says nothing that they do not:

- a gateway serves clients until 70 % of a core is in use: events/s x (cost of an event + clients x cost of a delivery);
- the listener's core: events/s x (cost of publishing + gateways x cost of one more subscriber);
- the listener's network: events/s x bytes x gateways.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import zmq

from shared.bus.addresses import parse_address
from tests.benchmarks import pinning
from tests.benchmarks.children import Child, child, listeners
from tests.benchmarks.environment import environment
from tests.benchmarks.measuring import bench, steady
from tests.benchmarks.payloads import Source
from tests.benchmarks.peers.contract import Place, Running
from tests.benchmarks.peers.ours import BusFeed, Gateway
from tests.benchmarks.results import Measure, Result
from tests.benchmarks.running import ROOT
from tests.benchmarks.turns import Options, in_turns

EVENT_BYTES = 300
RATE = 50
FLEETS = (1, 2, 10, 100, 1000)
SUBSCRIBERS = (2, 20, 100)
FULL = 0.7
"""The share of a core that a gateway is loaded with in the model."""


class Together(Child):
    """Several processes measured as one."""

    def __init__(self, children: Sequence[Child]) -> None:
        super().__init__(children[0].process, children[0].log, children[0].again)
        self._children = children

    @property
    def pids(self) -> list[int]:
        """Every process of all of them."""
        return [pid for each in self._children for pid in each.pids]


@dataclass(frozen=True, slots=True)
class Fleet:
    """Some gateways at one port and one bus."""

    size: int
    gateway: Gateway

    @property
    def name(self) -> str:
        """The name in the figures."""
        return f"wasla, {self.size} gateway{'s' if self.size > 1 else ''}"

    def missing(self) -> str | None:
        """It is ours."""
        return None

    @contextlib.asynccontextmanager
    async def running(self, place: Place) -> AsyncIterator[Running]:
        """Run the first, and the others beside it."""
        async with self.gateway.running(place) as first:
            with contextlib.ExitStack() as stack:
                others = [stack.enter_context(first.child.again()) for _ in range(self.size - 1)]
                await until_listening(first.port, self.size)
                yield Running(Together([first.child, *others]), first.port, first.approach, first.feed)


async def scale(options: Options) -> Result:
    """Measure one and two gateways and the listener's end of the bus, and calculate the rest."""
    facts, clients, seconds = environment(), options.count(1000, 200), options.choose(8, 2)
    cost = Measure(title=f"{clients:,} clients x {RATE} events/s: processor time a delivery, all gateways", unit="us")
    event_cost = Measure(title=f"A gateway with one client, {RATE} events/s: processor time an event", unit="us")
    publishing = Measure(title="pg-listener's end of the bus: processor time to publish an event", unit="us")

    async def turn(fleet: Fleet) -> None:
        async with bench(fleet, clients, EVENT_BYTES) as on:
            cost.add(fleet.name, (await steady(on, RATE, seconds)).cost)
        if fleet.size == 1:
            async with bench(fleet, 1, EVENT_BYTES) as on:
                event_cost.add(fleet.name, (await steady(on, RATE, seconds)).event_cost)
            for count in SUBSCRIBERS:
                publishing.add(f"to {count} gateways", await publish_cost(count, options.count(1000, 300)))

    outcome = await in_turns(options, "scale", [Fleet(size, Gateway()) for size in (1, 2)], turn)
    measures = [cost, event_cost, publishing]
    if not outcome.failed:
        measures += model(cost.median("wasla, 1 gateway"), event_cost.median("wasla, 1 gateway"), publishing)
    return Result(
        name="scale",
        title="From one gateway to many",
        about="Two gateways share a core here, so what shows is what they cost together. The model's assumptions: "
        f"every event ({EVENT_BYTES} B, {RATE}/s) is for every client; gateways have a core each, {FULL:.0%} of it in "
        "use; costs are those measured here, and the listener's grows with each gateway by as much as between "
        f"{SUBSCRIBERS[0]} and {SUBSCRIBERS[-1]}; networks and machines between them add nothing.",
        quick=options.quick,
        environment=facts,
        measures=measures,
        skipped=outcome.skipped,
        failed=outcome.failed,
    )


def model(delivery: float, event: float, publishing: Measure) -> list[Measure]:
    """Return what follows for fleets; costs in microseconds."""
    few, many = (publishing.median(f"to {count} gateways") for count in (SUBSCRIBERS[0], SUBSCRIBERS[-1]))
    each = max(0.0, (many - few) / (SUBSCRIBERS[-1] - SUBSCRIBERS[0]))
    alone = max(0.0, few - SUBSCRIBERS[0] * each)
    per_gateway = max(0.0, (FULL * 1e6 / RATE - event) / delivery)
    clients = Measure(title="Model: clients served", unit="", drawn=False)
    core = Measure(title="Model: pg-listener's core in use for publishing", unit="%")
    network = Measure(title="Model: pg-listener's network", unit="Mbit/s", drawn=False)
    for size in FLEETS:
        name = f"wasla, {size:,} gateway{'s' if size > 1 else ''}"
        clients.add(name, size * per_gateway)
        core.add(name, RATE * (alone + size * each) / 1e4)
        network.add(name, RATE * EVENT_BYTES * size * 8 / 1e6)
    return [clients, core, network]


async def publish_cost(subscribers: int, events: int) -> float:
    """Return microseconds of this process for each event published to that many subscribers, 200 events a second."""
    with TemporaryDirectory(prefix="wasla-bench-") as name:
        address = f"ipc://{name}/bus"
        command = [sys.executable, "-m", "tests.benchmarks.scale", address, str(subscribers)]
        feed, source = BusFeed(address), Source(EVENT_BYTES)
        core = pinning.SERVER_CORE if pinning.possible() else None
        try:
            with child(command, Path(name), core=core, cwd=ROOT) as drinkers:
                await until_said(drinkers, "ready")
                quiet = time.process_time()
                await asyncio.sleep(events / 200)
                began = time.process_time()
                for _ in range(events):
                    await feed.send(source.take(1))
                    await asyncio.sleep(0.005)
                return (time.process_time() - began - (began - quiet)) / events * 1e6
        finally:
            await feed.close()


async def until_said(process: Child, word: str) -> None:
    """Wait until a process has written a word."""
    async with asyncio.timeout(60):
        while word not in process.said():  # noqa: ASYNC110 - the word is in another process
            await asyncio.sleep(0.05)


async def until_listening(port: int, processes: int) -> None:
    """Wait until that many listen at one port."""
    async with asyncio.timeout(60):
        while listeners(port) < processes:  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(0.05)


def drink(address: str, count: int) -> None:
    """Be that many gateways as the listener sees them: subscribers that read everything."""
    context, poller = zmq.Context(), zmq.Poller()
    sockets = [context.socket(zmq.SUB) for _ in range(count)]
    for sock in sockets:
        sock.connect(parse_address(address).stream)
        sock.subscribe(b"")
        sock.recv_multipart()
        poller.register(sock, zmq.POLLIN)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        for sock, _ in poller.poll():
            sock.recv_multipart()


if __name__ == "__main__":
    drink(sys.argv[1], int(sys.argv[2]))

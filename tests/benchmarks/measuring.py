"""One measurement of one server: what it uses for each delivery, and how long a delivery takes.

Every client's events are counted, and their order is checked, before a figure is believed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import pinning
from tests.benchmarks.load.generator import Load, Mark, load
from tests.benchmarks.payloads import Message, Source
from tests.benchmarks.peers.contract import Peer, Place, Running

TICK = 0.005
"""Seconds between two sets of events at a high rate: as a listener that polls hands them on."""

SETTLING = 0.5
PATIENCE = 60.0
"""Seconds after which what has not come is lost."""


Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured in one turn; latencies in milliseconds, ``cost`` in microseconds of processor a delivery.

    The shares are parts of one core: the server's, and that of load and feed together.
    """

    deliveries: int
    events: int
    seconds: float
    cost: float
    event_cost: float
    server_share: float
    load_share: float
    p50: float
    p99: float
    max: float
    bytes_per_delivery: float

    @property
    def events_per_second(self) -> float:
        """Events the server handed on in a second."""
        return self.events / self.seconds


class Wrong(Exception):
    """What was delivered is not what was sent, so the figure is worth nothing."""


@dataclass(slots=True)
class Bench:
    """A server, its load and its feed, ready to be measured."""

    running: Running
    load: Load
    source: Source
    clients: int
    sent: int = 0
    due: int = 0

    async def send(self, count: int) -> None:
        """Feed the next events, which are for every client."""
        await self.send_made(self.source.take(count), self.clients)

    async def send_made(self, messages: Sequence[Message], reach: int) -> None:
        """Feed events, each for *reach* clients; ``sent`` counts them since the last mark, ``due`` deliveries."""
        self.sent += len(messages)
        self.due += len(messages) * reach
        await self.running.feed.send(messages)

    async def mark(self) -> Mark:
        """Wait until everything that was sent has come; check it, say what was, and begin anew."""
        await self.load.have(self.due, PATIENCE)
        mark = await self.load.mark()
        check(mark, self.due, self.sent if self.due == self.sent * self.clients else None)
        self.sent = self.due = 0
        return mark


@contextlib.asynccontextmanager
async def bench(peer: Peer, clients: int, size: int, *, concurrency: int = 64) -> AsyncIterator[Bench]:
    """Run a server and its load on a core each, with the feed beside the load."""
    pinned = pinning.possible()
    cores = (pinning.SERVER_CORE, pinning.LOAD_CORE) if pinned else (None, None)
    with TemporaryDirectory(prefix="wasla-bench-") as name, pinning.here(cores[1]):
        directory = Path(name)
        async with peer.running(Place(directory, clients, cores[0])) as running:
            try:
                async with load(
                    running.approach, running.port, clients, directory, core=cores[1], concurrency=concurrency
                ) as loading:
                    await asyncio.sleep(SETTLING)
                    await running.feed.open()
                    yield Bench(running, loading, Source(size), clients)
            except (RuntimeError, TimeoutError) as error:
                raise RuntimeError(f"{peer.name}: {error}\n{running.child.said()}") from error
            finally:
                await running.feed.close()


async def steady(on: Bench, rate: float, seconds: float) -> Sample:
    """One event at a time, *rate* a second."""
    await paced(on, int(rate), int(rate / 2) or 1, 1)
    return await measured(on, lambda: paced(on, rate, int(rate * seconds), 1))


async def at_rate(on: Bench, rate: float, seconds: float) -> Sample:
    """As many events every tick as *rate* a second asks for."""
    batch = max(1, round(rate * TICK))
    ticks = max(1, int(seconds * rate / batch))
    await paced(on, rate / batch, ticks // 10 + 1, batch)
    return await measured(on, lambda: paced(on, rate / batch, ticks, batch))


async def saturated(on: Bench, batch: int, seconds: float) -> Sample:
    """As fast as they go: the next batch follows when the slowest client is less than two behind."""
    await flooded(on, batch, min(0.3, seconds))
    return await measured(on, lambda: flooded(on, batch, seconds))


async def paced(on: Bench, ticks_per_second: float, ticks: int, batch: int) -> None:
    """Send *batch* events each tick."""
    began = time.monotonic()
    for tick in range(ticks):
        await on.send(batch)
        await asyncio.sleep(max(0.0, began + (tick + 1) / ticks_per_second - time.monotonic()))


async def paced_rows(on: Bench, rate: float, events: int, row: Callable[[int], Row], reach: int) -> None:
    """Send events with the rows 0, 1, ..., as many every tick as *rate* a second asks for, each to *reach* clients."""
    began, sent = time.monotonic(), 0
    while sent < events:
        due = min(events, int((time.monotonic() - began + TICK) * rate))
        rows = [on.source.take(1, row(number))[0] for number in range(sent, due)]
        if rows:
            await on.send_made(rows, reach)
        sent = due
        await asyncio.sleep(TICK)


async def flooded(on: Bench, batch: int, seconds: float) -> None:
    """Keep two batches under way."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await on.send(batch)
        await on.load.all_have(on.sent - batch, PATIENCE)


async def measured(on: Bench, work: Callable[[], Awaitable[None]]) -> Sample:
    """Take everything before and after some work, and divide."""
    await on.mark()
    server, own = on.running.child.cpu_seconds(), time.process_time()
    await work()
    sent = on.sent
    mark = await on.mark()
    server, own = on.running.child.cpu_seconds() - server, time.process_time() - own
    return divided(sent, mark, server, own)


def check(mark: Mark, deliveries: int, at_each: int | None) -> None:
    """Raise :exc:`Wrong` unless every delivery came, once and in order; *at_each* client, if as many came to all."""
    if mark.gone or mark.disorder or mark.events != deliveries:
        raise Wrong(f"expected {deliveries} deliveries, each once and in order, got {mark}")
    if at_each is not None and (mark.missing or not mark.least == mark.most == at_each):
        raise Wrong(f"expected {at_each} events at every client without a hole, got {mark}")


def divided(events: int, mark: Mark, server: float, own: float) -> Sample:
    """Return the figures of a measurement."""
    return Sample(
        deliveries=mark.events,
        events=events,
        seconds=mark.wall,
        cost=server / max(1, mark.events) * 1e6,
        event_cost=server / max(1, events) * 1e6,
        server_share=server / mark.wall,
        load_share=(mark.cpu + own) / mark.wall,
        p50=mark.p50,
        p99=mark.p99,
        max=mark.max,
        bytes_per_delivery=mark.bytes / max(1, mark.events),
    )

"""One event to everybody: what a delivery costs the server, at a steady rate and as fast as it goes, and how long it
takes when the server is busy.

Every server has one core, load and feed share the other. The limit is a bare loop of ``send()`` in C.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.benchmarks.environment import environment
from tests.benchmarks.measuring import Sample, at_rate, bench, saturated, steady
from tests.benchmarks.peers.all import FANOUT, LIMIT
from tests.benchmarks.peers.contract import Peer
from tests.benchmarks.results import Measure, Result
from tests.benchmarks.turns import Options, in_turns

EVENT_BYTES = 300
BATCH = 200


@dataclass(frozen=True, slots=True)
class Size:
    """How many clients, and how many events a second one at a time."""

    clients: int
    rate: int

    def __str__(self) -> str:
        return f"{self.clients:,} clients x {self.rate} events/s"


class Figures:
    """What is gathered over the rounds; all lower is better but the last two."""

    def __init__(self, size: Size, *, busy: bool) -> None:
        self.steady_cost = Measure(
            title=f"Steady, {size}: processor time of the server a delivery", unit="us", reference=LIMIT.name
        )
        self.steady_p99 = Measure(title="Steady: latency, p99", unit="ms", drawn=False)
        self.saturated_cost = Measure(
            title="Saturated: processor time of the server a delivery",
            unit="us",
            reference=LIMIT.name,
            logarithmic=True,
        )
        self.throughput = Measure(title="Saturated: deliveries/s", unit="/s", reference=LIMIT.name, drawn=False)
        self.busy_p50 = Measure(title="At 80 % of its own saturation: latency, p50", unit="ms", logarithmic=True)
        self.busy_p99 = Measure(title="At 80 % of its own saturation: latency, p99", unit="ms", logarithmic=True)
        self.load_share = Measure(
            title="Saturated: the core of load and feed in use (1 = the load is the bottleneck)", unit="", drawn=False
        )
        self.server_share = Measure(title="Saturated: the server's core in use", unit="", drawn=False)
        steadily = [self.steady_cost, self.steady_p99]
        shares = [self.load_share, self.server_share]
        busily = [self.saturated_cost, self.throughput, self.busy_p50, self.busy_p99, *shares]
        self.all = steadily + busily if busy else steadily

    def add_steady(self, name: str, sample: Sample) -> None:
        """Take a turn at the steady rate."""
        self.steady_cost.add(name, sample.cost)
        self.steady_p99.add(name, sample.p99)

    def add_saturated(self, name: str, sample: Sample) -> None:
        """Take a turn as fast as it goes."""
        self.saturated_cost.add(name, sample.cost)
        self.throughput.add(name, sample.deliveries / sample.seconds)
        self.load_share.add(name, sample.load_share)
        self.server_share.add(name, sample.server_share)

    def add_busy(self, name: str, sample: Sample) -> None:
        """Take a turn at four fifths of that."""
        self.busy_p50.add(name, sample.p50)
        self.busy_p99.add(name, sample.p99)


async def fanout(options: Options) -> Result:
    """1,000 clients: steady, saturated, and latency when busy."""
    size = Size(options.count(1000, 200), 50)
    return await _measure(options, "fanout", size, busy=True)


async def fanout_wide(options: Options) -> Result:
    """5,000 clients at a fifth of the rate: the same number of deliveries."""
    size = Size(options.count(5000, 500), 10)
    return await _measure(options, "fanout-wide", size, busy=False)


async def _measure(options: Options, name: str, size: Size, *, busy: bool) -> Result:
    facts, figures = environment(), Figures(size, busy=busy)

    async def turn(peer: Peer) -> None:
        async with bench(peer, size.clients, EVENT_BYTES) as on:
            figures.add_steady(peer.name, await steady(on, size.rate, options.choose(8, 2)))
            if busy:
                sample = await saturated(on, BATCH, options.choose(3, 0.5))
                figures.add_saturated(peer.name, sample)
                rate = 0.8 * sample.events_per_second
                figures.add_busy(peer.name, await at_rate(on, rate, options.choose(4, 1)))

    outcome = await in_turns(options, name, FANOUT, turn)
    return Result(
        name=name,
        title=f"Fan-out to {size.clients:,} clients",
        about=f"{size}, {EVENT_BYTES} B an event; saturated: batches of {BATCH}, two under way.",
        quick=options.quick,
        environment=facts,
        measures=figures.all,
        skipped=outcome.skipped,
        failed=outcome.failed,
    )

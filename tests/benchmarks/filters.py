"""Many clients with filters: does an event cost more when there are more filters that do not want it?

In both arrangements there are as many clients and each event goes to exactly one of them, so what differs is the number
of different filters. Ranges that overlap are compared with equalities that let through as much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.benchmarks.environment import environment
from tests.benchmarks.measuring import TICK, Bench, Row, bench, measured, paced_rows
from tests.benchmarks.payloads import TABLE
from tests.benchmarks.peers.ours import Gateway
from tests.benchmarks.results import Measure, Result
from tests.benchmarks.turns import Options, in_turns

EVENT_BYTES = 300
SEEN = 9
"""Values that events have, each wanted by one client."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Clients with filters, and events that each reach the same number of them."""

    name: str
    clients: int
    conditions: Callable[[int], Mapping[str, object]]
    row: Callable[[int], Row]
    reach: int

    def missing(self) -> str | None:
        """It is ours."""
        return None

    @property
    def gateway(self) -> Gateway:
        """Return a gateway whose client *i* has the *i*-th filter."""
        filters = [
            {"id": "benchmark", "tables": [TABLE], "where": self.conditions(client)} for client in range(self.clients)
        ]
        return Gateway(self.name, filters)


def arrangements(many: int, ranges: int) -> list[Arrangement]:
    """Return what is compared: many filters and few, and ranges beside equalities that let through as much."""
    width = ranges // 20
    return [
        Arrangement("10 filters", many, lambda i: {"spot": {"eq": min(i, SEEN)}}, lambda n: {"spot": n % SEEN}, 1),
        Arrangement(f"{many:,} filters", many, lambda i: {"spot": {"eq": i}}, lambda n: {"spot": n % SEEN}, 1),
        Arrangement("20 equalities", ranges, lambda i: {"spot": {"eq": i // width}}, lambda n: {"spot": n % 20}, width),
        Arrangement(
            f"{ranges:,} ranges",
            ranges,
            lambda i: {"price": {"gte": i, "lt": i + width}},
            lambda n: {"price": width + n % (ranges - width)},
            width,
        ),
    ]


async def filters(options: Options) -> Result:
    """Return processor time an event for the four arrangements."""
    many, ranges, rate = options.count(10_000, 1000), options.count(1000, 200), options.count(1000, 400)
    equal, ranged = arrangements(many, ranges)[:2], arrangements(many, ranges)[2:]
    by_equality = Measure(
        title=f"{many:,} clients, each event to one of them: processor time an event",
        unit="us",
        reference=equal[0].name,
    )
    by_range = Measure(
        title=f"{ranges:,} clients, each event to {ranges // 20} of them: processor time an event",
        unit="us",
        reference=ranged[0].name,
    )
    facts = environment()

    async def turn(arrangement: Arrangement) -> None:
        measure = by_equality if arrangement in equal else by_range
        async with bench(arrangement.gateway, arrangement.clients, EVENT_BYTES) as on:
            sample = await measured(on, lambda: _events(on, arrangement, rate, options.choose(6, 1)))
            measure.add(arrangement.name, sample.event_cost)

    outcome = await in_turns(options, "filters", [*equal, *ranged], turn)
    return Result(
        name="filters",
        title="Filters",
        about=f"{rate:,} events/s in ticks of {TICK * 1000:g} ms; everything else the gateway does for its clients "
        "meanwhile (a position each second) is in the figures of both sides.",
        quick=options.quick,
        environment=facts,
        measures=[by_equality, by_range],
        skipped=outcome.skipped,
        failed=outcome.failed,
    )


async def _events(on: Bench, arrangement: Arrangement, rate: int, seconds: float) -> None:
    await paced_rows(on, rate, int(rate * seconds), arrangement.row, arrangement.reach)

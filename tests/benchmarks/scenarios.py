"""Everything that can be measured, by name."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.bulk import bulk
from tests.benchmarks.capture import writers
from tests.benchmarks.compression import compression
from tests.benchmarks.database import database, held_back
from tests.benchmarks.fanout import fanout, fanout_wide
from tests.benchmarks.filters import filters
from tests.benchmarks.flood import flood
from tests.benchmarks.idle import idle
from tests.benchmarks.pressure import pressure
from tests.benchmarks.results import Result
from tests.benchmarks.scale import scale
from tests.benchmarks.turns import Options


@dataclass(frozen=True, slots=True)
class Scenario:
    """A measurement that yields a result to be kept."""

    about: str
    measure: Callable[[Options], Coroutine[Any, Any, Result]]


@dataclass(frozen=True, slots=True)
class Program:
    """A measurement that is a program of its own and tells what it found on the terminal."""

    about: str
    module: str
    full: Sequence[str] = ()
    quick: Sequence[str] = ()


SCENARIOS: Mapping[str, Scenario] = {
    "fanout": Scenario("steady and saturated fan-out to 1,000 clients, and latency when busy", fanout),
    "fanout-wide": Scenario("steady fan-out to 5,000 clients", fanout_wide),
    "pressure": Scenario("latency at the same rates for everybody, up to 800 events/s to 1,000 clients", pressure),
    "idle": Scenario("memory of an idle connection, and how fast they come in", idle),
    "filters": Scenario("10,000 clients with as many filters", filters),
    "compression": Scenario("bytes and processor time of compressed events", compression),
    "database": Scenario("from a statement to the clients, idle and at 500 commits/s", database),
    "held-back": Scenario("16 and 64 writers: what they reach, and how late the clients are", held_back),
    "writers": Scenario("what capture costs writers of single rows", writers),
    "bulk": Scenario("what capture costs statements of 100,000 rows", bulk),
    "flood": Scenario("1,000,000 rows in one statement, to one client", flood),
    "scale": Scenario("one gateway and two, and a model of many", scale),
}

PROGRAMS: Mapping[str, Program] = {
    "latency": Program(
        "commit to client on an idle system", "latency", (), ("--inserts", "40", "--pause", "0.1", "--no-figure")
    ),
    "storm": Program("a gateway full of clients is killed", "storm", (), ("500", "2", "10")),
    "churn": Program("what is left of clients that came and went", "churn", (), ("2000",)),
    "profile": Program("flame graphs of gateway and pg-listener", "flames", (), ("--quick", "--output", ".benchmarks")),
    "memory": Program("memory of clients that never read", "gateway_memory", (), ("500", "50")),
}

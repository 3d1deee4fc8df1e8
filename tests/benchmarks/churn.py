"""Clients that come and go: what a gateway keeps of them.

    python -m tests.benchmarks.churn [cycles]

Connections are made and ended in every way there is (a goodbye, a reset, half a handshake, a resume, HTTP), fifty at
a time. The resident memory, the open descriptors and the gateway's own figures are read before, on the way and after.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import uvloop
from rich.console import Console

from shared.bus.heartbeats import HeartbeatReceiver
from tests.benchmarks.gateway_load import gateway_process, resident_bytes
from tests.benchmarks.running import machine
from tests.faults.storm.comings import come_and_go
from tests.integration.gateway.fake_listener import FakeListener

WARM_UP = 10_000
STEPS = 5
console = Console(width=120)


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What a gateway has of its clients when all have gone."""

    NOTHING: ClassVar[Mapping[str, float]] = {
        "wasla_clients": 0,
        "wasla_connections": 0,
        "wasla_groups": 0,
        "wasla_lagging_clients": 0,
    }

    resident_bytes: int
    descriptors: int
    figures: Mapping[str, float]


async def left_over(pid: int, directory: Path) -> Leftovers:
    """Wait until the gateway has noticed that everybody has gone, if it does within a minute, and look."""
    receiver = HeartbeatReceiver(f"ipc://{directory}/heartbeats")
    figures: Mapping[str, float] = {}
    try:
        deadline = time.monotonic() + 60
        while figures != Leftovers.NOTHING and time.monotonic() < deadline:
            figures = _figures((await receiver.receive()).metrics.decode())
    finally:
        await receiver.close()
    return Leftovers(resident_bytes(pid), open_descriptors(pid), figures)


def open_descriptors(pid: int) -> int:
    """Return how many files and sockets a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _figures(metrics: str) -> Mapping[str, float]:
    found = dict(re.findall(r"^(\w+) (\S+)$", metrics, re.MULTILINE))
    return {name: float(found[name]) for name in Leftovers.NOTHING}


async def churn(cycles: int) -> None:
    """Print what is left after each part of the cycles."""
    console.print(f"{cycles} connections after {WARM_UP} to warm up; {machine()}")
    with tempfile.TemporaryDirectory(prefix="wasla-bench-") as name:
        directory = Path(name)
        listener = FakeListener(f"ipc://{directory}/bus")
        await listener.start()
        listener.insert(3)
        with gateway_process(listener.bind, name) as (pid, port):
            await come_and_go(port, WARM_UP)
            first = await left_over(pid, directory)
            show(0, first, first)
            began = time.monotonic()
            for step in range(1, STEPS + 1):
                await come_and_go(port, cycles // STEPS)
                show(step * cycles // STEPS, await left_over(pid, directory), first)
            console.print(f"{cycles / (time.monotonic() - began):.0f} connections a second")
        await listener.stop()


def show(done: int, left: Leftovers, first: Leftovers) -> None:
    """Print one line."""
    growth = left.resident_bytes / first.resident_bytes * 100 - 100
    figures = ", ".join(f"{name.removeprefix('wasla_')} {value:g}" for name, value in left.figures.items())
    console.print(
        f"{done:>7}: {left.resident_bytes / 2**20:.1f} MiB ({growth:+.1f} %), {left.descriptors} descriptors, {figures}"
    )


def main() -> None:
    """Run the measurement."""
    cycles = int((sys.argv[1:] or ["100000"])[0])
    uvloop.run(churn(cycles))


if __name__ == "__main__":
    main()

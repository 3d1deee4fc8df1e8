"""Memory of a gateway's clients: idle ones, and ones that never read.

    python -m tests.benchmarks.gateway_memory [idle clients] [clients that never read]

Resident memory before and after, divided. The ring is full before the clients that never read connect, so that what
grows is theirs.
"""

from __future__ import annotations

import asyncio
import sys

from rich.console import Console

from tests.benchmarks.gateway_load import (
    Drinkers,
    Publisher,
    allow_files,
    bus_address,
    connect,
    gateway_process,
    publisher,
    resident_bytes,
)
from tests.benchmarks.running import machine

EVENT_BYTES = 1000
console = Console(width=120)


def measure_idle(count: int) -> None:
    """Print the memory of a client that is registered and receives nothing."""
    with bus_address() as (bus, directory), gateway_process(bus, directory) as (pid, port):
        warm = [connect(port) for _ in range(100)]
        before = resident_bytes(pid)
        sockets = [connect(port) for _ in range(count)]
        after = resident_bytes(pid)
        console.print(f"{before / 2**20:.1f} MiB with {len(warm)} clients, {after / 2**20:.1f} MiB with {count} more")
        console.print(f"an idle client: {(after - before) / count / 1024:.2f} KiB")
        for sock in (*warm, *sockets):
            sock.close()


async def measure_stalled(count: int) -> None:
    """Print the memory of a client that never reads while everybody else receives everything."""
    with bus_address() as (bus, directory):
        async with publisher(bus) as source:
            with gateway_process(bus, directory) as (pid, port):
                reading = await asyncio.to_thread(Drinkers, port, 1)
                await flood(source, reading, 60_000)
                before = resident_bytes(pid)
                sockets = [await asyncio.to_thread(connect, port) for _ in range(count)]
                await flood(source, reading, 60_000)
                after = resident_bytes(pid)
                reading.close()
                for sock in sockets:
                    sock.close()
    console.print(f"{before / 2**20:.1f} MiB with a full ring, {after / 2**20:.1f} MiB with {count} that never read")
    console.print(f"a client that never reads: {(after - before) / count / 1024:.2f} KiB")


async def flood(source: Publisher, reading: Drinkers, events: int) -> None:
    """Publish that many events and return when a client that reads has them all."""
    wanted = reading.received() + events * EVENT_BYTES
    for _ in range(events // 100):
        source.publish(100, EVENT_BYTES)
        await asyncio.sleep(0.005)
    while reading.received() < wanted:  # noqa: ASYNC110 - the count is in another process
        await asyncio.sleep(0.05)


def main() -> None:
    """Run the measurements."""
    idle, stalled = (int(word) for word in (sys.argv[1:] + ["5000", "500"][len(sys.argv) - 1 :]))
    console.print(machine())
    allow_files(idle)
    measure_idle(idle)
    asyncio.run(measure_stalled(stalled))


if __name__ == "__main__":
    main()

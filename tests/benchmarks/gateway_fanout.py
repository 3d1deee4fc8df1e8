"""Processor time of the gateway per delivery.

    python -m tests.benchmarks.gateway_fanout [clients] [events a second] [bytes]

Clients in a process of their own read everything; events come one a batch at a steady rate, then as fast as they go
in large batches. The gateway's processor time (user and system) is divided by the deliveries.
"""

from __future__ import annotations

import asyncio
import sys
import time

from rich.console import Console

from tests.benchmarks.gateway_baseline import bare_send_cost
from tests.benchmarks.gateway_load import Drinkers, allow_files, bus_address, cpu_seconds, gateway_process, publisher
from tests.benchmarks.running import machine

SECONDS = 10

console = Console(width=120)


async def steady(clients: int, rate: int, size: int) -> None:
    """Print the cost per delivery at a steady rate, and saturated."""
    with bus_address() as (bus, directory):
        async with publisher(bus) as source:
            with gateway_process(bus, directory) as (pid, port):
                drinkers = await asyncio.to_thread(Drinkers, port, clients)
                await asyncio.sleep(0.5)
                start_cpu, start_bytes, began = cpu_seconds(pid), drinkers.received(), time.monotonic()
                for tick in range(rate * SECONDS):
                    source.publish(1, size)
                    await asyncio.sleep(max(0.0, began + (tick + 1) / rate - time.monotonic()))
                await asyncio.sleep(0.5)
                report(
                    "steady", clients * rate * SECONDS, cpu_seconds(pid) - start_cpu, drinkers.received() - start_bytes
                )
                start_cpu, start_bytes = cpu_seconds(pid), drinkers.received()
                for _ in range(40):
                    source.publish(500, size)
                    await asyncio.sleep(0.1)
                await asyncio.sleep(3)
                report(
                    "in batches of 500",
                    clients * 20_000,
                    cpu_seconds(pid) - start_cpu,
                    drinkers.received() - start_bytes,
                )
                drinkers.close()


def report(name: str, deliveries: int, seconds: float, received: int) -> None:
    """Print one line."""
    console.print(
        f"{name}: {deliveries} deliveries, {seconds:.2f} s of processor, {seconds / deliveries * 1e6:.2f} us each"
    )
    console.print(f"  {received / 2**20:.1f} MiB received, {received / deliveries:.0f} B a delivery")


def main() -> None:
    """Run the measurement."""
    clients, rate, size = (int(word) for word in (sys.argv[1:] + ["1000", "50", "300"][len(sys.argv) - 1 :]))
    allow_files(clients)
    console.print(machine())
    console.print(
        f"{clients} clients, {size} B an event; a bare send loop: {bare_send_cost(clients, rate, size):.2f} us each"
    )
    asyncio.run(steady(clients, rate, size))


if __name__ == "__main__":
    main()

"""Commit to client on an idle system: the time from a commit's return to the event at a WebSocket client.

Inserts come one at a time with a pause, so that each meets an idle listener (the doorbell has to ring). Writer and
client are one process and one clock.

    python -m tests.benchmarks.latency [--inserts 300] [--pause 0.5] [--version 18] [--no-figure]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import time
from pathlib import Path

import asyncpg
import matplotlib.pyplot as plt
from rich.console import Console
from rich.progress import track
from websockets.asyncio.client import ClientConnection, connect

from tests.benchmarks.running import FIGURES, durable_server, machine, pipeline
from tests.databases import fresh_database

INSERT = (
    "INSERT INTO bookings (destination_id, vehicle_license_plate, seats_booked, total_amount) "
    "VALUES ('jemmal', 'TEST123', 2, 10.0)"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--inserts", type=int, default=300)
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between inserts, at the most")
    parser.add_argument("--version", type=int, default=18, choices=(15, 18))
    parser.add_argument("--no-figure", action="store_true", help="leave docs/figures as it is")
    options = parser.parse_args()
    with durable_server(options.version) as server:
        latencies = asyncio.run(_measure(server, options.inserts, options.pause))
    report(latencies, options.version)
    if not options.no_figure:
        draw(latencies, options.version)


async def _measure(server: object, inserts: int, pause: float) -> list[float]:
    async with fresh_database(server, "station") as url:  # type: ignore[arg-type]
        with pipeline(url) as running:
            writer = await asyncpg.connect(url)
            async with connect(running.gateway_url) as client:
                await register(client)
                steps = track(range(inserts), description="idle latency", console=Console(stderr=True))
                latencies = [await one_insert(writer, client, random.uniform(0.3, 1.0) * pause) for _ in steps]
            await writer.close()
    return latencies


async def register(client: ClientConnection) -> None:
    """Register and wait until the database is reported up."""
    await client.send(json.dumps({"message_type": "register", "data": {"app_name": "latency"}}))
    async for text in client:
        message = json.loads(text)
        if message["message_type"] == "status" and message["data"]["database"] == "up":
            return


async def one_insert(writer: asyncpg.Connection, client: ClientConnection, pause: float) -> float:
    """Return the seconds from the commit to the event, 0 when the event came first."""
    await asyncio.sleep(pause)
    arrival = asyncio.create_task(next_event(client))
    await writer.execute(INSERT)
    committed = time.perf_counter()
    return max(0.0, await arrival - committed)


async def next_event(client: ClientConnection) -> float:
    """Return when the next booking came, by the monotonic clock."""
    async for text in client:
        now = time.perf_counter()
        if json.loads(text)["message_type"] == "realtime_event":
            return now
    raise ConnectionError("the gateway closed the connection")


def report(latencies: list[float], version: int) -> None:
    """Print the percentiles."""
    cuts = statistics.quantiles(latencies, n=100)
    figures = ", ".join(
        f"{name} {cuts[index] * 1000:.1f} ms" for name, index in (("p50", 49), ("p90", 89), ("p99", 98))
    )
    Console().print(f"idle, commit to client, PostgreSQL {version}, {len(latencies)} inserts: {figures} ({machine()})")


def draw(latencies: list[float], version: int) -> None:
    """Draw the distribution into docs/figures."""
    figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
    axes.hist([value * 1000 for value in latencies], bins=60, color="#2b6cb0")
    axes.axvline(statistics.median(latencies) * 1000, color="#c53030", label="median")
    axes.set_xlabel("ms from commit to client")
    axes.set_ylabel("inserts")
    axes.set_title(f"An idle system, PostgreSQL {version}", fontsize=9)
    axes.legend()
    figure.savefig(Path(FIGURES) / f"latency-idle-{version}.svg")


if __name__ == "__main__":
    main()

"""``python -m tests.benchmarks.bus``: from a listener's end to gateways' ends, over ZeroMQ and over NATS beside it.

One process publishes, another holds 1, 4 or 16 gateways' ends. Latency is measured at a steady 100 events a second,
throughput with as many events as the ends take without losing any: batches of 100, the next when the slowest has it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import uvloop

from shared.bus.contract import Publisher, Subscriber
from shared.bus.jetstream.limits import StreamLimits
from shared.bus.messages import Batch, Beat, Hello
from shared.bus.opening import open_publisher, open_subscriber
from shared.bus.settings import BusSettings
from shared.events import Event
from tests.nats_servers import nats_server

MESSAGE = b"x" * 300
STEADY_EVENTS = 500
FLOOD_EVENTS = 50_000
FLOOD_BATCH = 100
WINDOW = 50
"""Batches under way at a time."""


def main() -> int:
    """Measure everything, or be the gateways' ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ends", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--settings", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.ends is not None:
        uvloop.run(listen(json.loads(asked.settings), asked.ends))
        return 0
    say("| bus | gateways | p50 ms | p99 ms | events/s to each |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as directory, nats_server() as server:
        for ends in (1, 4, 16):
            for name, settings in engines(directory, server.url):
                found = uvloop.run(publish(settings, ends))
                say(f"| {name} | {ends} | {found[0]:.2f} | {found[1]:.2f} | {found[2]:,.0f} |")
    return 0


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def engines(directory: str, url: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each engine's name and settings."""
    yield "ZeroMQ", {"bus": "zmq", "bus_connect": f"ipc://{directory}/bus"}
    yield "NATS", {"bus": url}


async def publish(settings: dict[str, str], ends: int) -> tuple[float, float, float]:
    """Return the median and the 99th percentile of the latency in ms, and events a second."""
    end = open_publisher(
        BusSettings(**settings),  # type: ignore[arg-type]
        bind=settings.get("bus_connect"),
        name="benchmark",
        high_water_mark=1000,
        limits=StreamLimits(),
    )
    command = [sys.executable, "-m", "tests.benchmarks.bus", "--ends", str(ends), "--settings", json.dumps(settings)]
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, limit=2**24)
    heard: dict[bytes, int] = {}
    hearing = asyncio.create_task(_hear(end.publisher, heard))
    try:
        while len(heard) < ends:
            end.publisher.publish(
                Beat(
                    "l",
                    leading=True,
                    epoch="",
                    top_seq=0,
                    database_up=True,
                    database_since=0.0,
                    catalog_version=0,
                    sent_at=time.time(),
                )
            )
            await asyncio.sleep(0.05)
        epoch = f"b{time.time_ns()}"
        for seq in range(1, STEADY_EVENTS + 1):
            end.publisher.publish(batch(epoch, seq, 1))
            await asyncio.sleep(0.01)
        began, seq = time.monotonic(), STEADY_EVENTS
        while seq < STEADY_EVENTS + FLOOD_EVENTS:
            while seq - min(heard.values()) > WINDOW * FLOOD_BATCH:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.0005)
            end.publisher.publish(batch(epoch, seq + 1, FLOOD_BATCH))
            seq += FLOOD_BATCH
        while min(heard.values()) < seq:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.0005)
        rate = FLOOD_EVENTS / (time.monotonic() - began)
        end.publisher.publish(batch(epoch, seq + 1, 1, last=True))
        assert child.stdout is not None
        async for line in child.stdout:
            if line.startswith(b"["):  # anything else is the log
                delays = json.loads(line)
                break
    finally:
        hearing.cancel()
        await end.publisher.close()
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
    return statistics.median(delays) * 1000, statistics.quantiles(delays, n=100)[98] * 1000, rate


async def _hear(publisher: Publisher, heard: dict[bytes, int]) -> None:
    while True:
        _, message = await publisher.receive()
        if isinstance(message, Hello):
            name, _, seq = message.gateway.partition(" ")
            heard[name.encode()] = int(seq)


def batch(epoch: str, seq: int, count: int, *, last: bool = False) -> Batch:
    """Return consecutive events; the last one of all is of another type."""
    kind = "LAST" if last else "INSERT"
    events = [Event(n, kind, "t", "c", None, 0.0, MESSAGE) for n in range(seq, seq + count)]
    now = time.time()
    return Batch(epoch, seq - 1, events, now, now)


async def listen(settings: dict[str, str], ends: int) -> None:
    """Be so many gateways' ends, tell how far each has come, print every delay of the steady part."""
    delays: list[float] = []
    known: Any = BusSettings(**settings)  # type: ignore[arg-type]
    subscribers = [open_subscriber(known, identity=b"end", high_water_mark=1000) for _ in range(ends)]
    await asyncio.gather(*(_take(number, each, delays) for number, each in enumerate(subscribers)))
    say(json.dumps(delays))
    for subscriber in subscribers:
        await subscriber.close()


async def _take(number: int, subscriber: Subscriber, delays: list[float]) -> None:
    progress = [0]
    telling = asyncio.create_task(_tell(number, subscriber, progress))
    while True:
        _, message = await subscriber.receive()
        if not isinstance(message, Batch):
            continue
        progress[0] = message.events[-1].seq
        if progress[0] <= STEADY_EVENTS:
            delays.append(time.time() - message.published_at)
        if message.events[-1].event_type == "LAST":
            telling.cancel()
            return


async def _tell(number: int, subscriber: Subscriber, progress: list[int]) -> None:
    while True:
        for line in subscriber.lines:
            subscriber.notify(line, Hello(f"{number} {progress[0]}"))
        await asyncio.sleep(0.005)


if __name__ == "__main__":
    sys.exit(main())

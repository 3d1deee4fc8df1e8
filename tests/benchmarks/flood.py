"""A million rows in one statement: do they arrive in order, how fast, and what memory does it take?

python -m tests.benchmarks.flood [--rows 1000000] [--version 18]
"""

from __future__ import annotations

import argparse
import asyncio
import time

import asyncpg
import msgspec
from rich.console import Console
from rich.progress import Progress
from websockets.asyncio.client import connect

from shared.protocol import Envelope
from tests.benchmarks.latency import register
from tests.benchmarks.running import Pipeline, durable_server, machine, pipeline
from tests.databases import fresh_database

TABLE = "CREATE TABLE readings (id bigint PRIMARY KEY, sensor text, value double precision)"
FLOOD = "INSERT INTO readings SELECT n, 'sensor ' || n % 100, n / 7.0 FROM generate_series(1, $1::bigint) n"


class Reading(msgspec.Struct):
    """The part of an event that is checked."""

    seq: int
    id: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--version", type=int, default=18, choices=(15, 18))
    options = parser.parse_args()
    with durable_server(options.version) as server:
        asyncio.run(_flood(server, options.rows, options.version))


async def _flood(server: object, rows: int, version: int) -> None:
    async with fresh_database(server, "installed") as url:  # type: ignore[arg-type]
        writer = await asyncpg.connect(url)
        await writer.execute(TABLE)
        await writer.execute("SELECT wasla.watch('readings')")
        with pipeline(url) as running:
            await _measure(writer, running, rows, version)
        await writer.close()


async def _measure(writer: asyncpg.Connection, running: Pipeline, rows: int, version: int) -> None:
    console = Console()
    async with connect(running.gateway_url, max_size=None, max_queue=64, compression=None) as client:
        await register(client)
        receiving = asyncio.create_task(_receive(client, rows))
        started = time.perf_counter()
        await writer.execute(FLOOD, rows, timeout=600)
        committed = time.perf_counter()
        first, last = await receiving
    console.print(f"{rows:,} rows in one statement, PostgreSQL {version} ({machine()})")
    console.print(f"statement {committed - started:.1f} s, first event {first - committed:.2f} s after the commit")
    console.print(f"all in order after {last - committed:.1f} s: {rows / (last - committed):,.0f} events/s")
    for name, peak in running.peak_memory().items():
        console.print(f"{name}: at most {peak / 2**20:.0f} MiB")


async def _receive(client: object, rows: int) -> tuple[float, float]:
    """Check order and completeness; return the monotonic times of the first and the last event."""
    envelope, reading = msgspec.json.Decoder(Envelope), msgspec.json.Decoder(Reading)
    first, expected_id, last_seq = 0.0, 1, None
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("received", total=rows)
        async for text in client:  # type: ignore[attr-defined]
            message = envelope.decode(text)
            if message.message_type != "realtime_event":
                if message.message_type in {"resync", "error"}:
                    raise RuntimeError(f"expected only events, got {text}")
                continue
            event = reading.decode(message.data)
            if event.id != str(expected_id) or (last_seq is not None and event.seq <= last_seq):
                raise RuntimeError(
                    f"expected row {expected_id} after seq {last_seq}, got row {event.id} with seq {event.seq}"
                )
            first = first or time.perf_counter()
            expected_id, last_seq = expected_id + 1, event.seq
            if event.id.endswith("0000"):
                progress.update(bar, completed=expected_id - 1)
            if expected_id > rows:
                return first, time.perf_counter()
    raise ConnectionError(f"the gateway closed the connection after {expected_id - 1} rows")


if __name__ == "__main__":
    main()

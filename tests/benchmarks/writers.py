"""What capture costs the writers: pgbench single-row inserts, per second, in three arrangements.

``bare`` without triggers, ``capture`` with the shipped trigger and the real pg-listener sequencing, ``always`` with the
same trigger ringing for every statement (what NOTIFY in a trigger costs), taken in turns on one server.

    python -m tests.benchmarks.writers [--clients 16 64] [--rounds 3] [--seconds 10] [--version 18]
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import matplotlib.pyplot as plt
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.benchmarks.running import FIGURES, durable_server, machine, median_and_range, pipeline
from tests.databases import fresh_database
from tests.servers import Server

ARRANGEMENTS = ("bare", "capture", "always")
SCRIPT = "INSERT INTO sold (seats, note) VALUES (2, 'a seat sold at the counter');\n"
TABLE = "CREATE TABLE sold (id bigserial PRIMARY KEY, seats int, note text, at timestamptz DEFAULT now())"
LOOK = re.compile(r"\(CASE WHEN pg_try_advisory_lock_shared.*?END\)", re.DOTALL)

Measurements = dict[tuple[int, str], list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--clients", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--version", type=int, default=18, choices=(15, 18))
    options = parser.parse_args()
    with durable_server(options.version) as server:
        measured = measure(server, options.clients, options.rounds, options.seconds)
    report(measured, options.clients, options.version)
    draw(measured, options.clients, options.version)


def measure(server: Server, clients: list[int], rounds: int, seconds: int) -> Measurements:
    """Return transactions a second for every number of clients and arrangement, a figure a round."""
    measured: Measurements = {(count, name): [] for count in clients for name in ARRANGEMENTS}
    turns = [(count, name) for _ in range(rounds) for count in clients for name in ARRANGEMENTS]
    for count, name in track(turns, description="writers", console=Console(stderr=True)):
        measured[count, name].append(asyncio.run(one_turn(server, name, count, seconds)))
    return measured


async def one_turn(server: Server, arrangement: str, clients: int, seconds: int) -> float:
    """Run pgbench once against a fresh database and return its transactions a second."""
    async with fresh_database(server, "installed") as url:
        await arrange(url, arrangement)
        with ExitStack() as stack:
            if arrangement != "bare":
                stack.enter_context(pipeline(url))
                await asyncio.sleep(1)
            tps = await asyncio.to_thread(pgbench, server, url, clients, seconds)
            if arrangement != "bare":
                await everything_is_sequenced(url)
        return tps


async def arrange(url: str, arrangement: str) -> None:
    """Make the table, and the triggers of the arrangement."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(TABLE)
        if arrangement != "bare":
            await connection.execute("SELECT wasla.watch('sold', channel => 'sold_events')")
        if arrangement == "always":
            source = await connection.fetchval("SELECT pg_get_functiondef('wasla.notify_change'::regproc)")
            rung, replaced = LOOK.subn("true", source)
            if replaced == 0:
                raise RuntimeError("expected wasla.notify_change to look at the doorbell's sign")
            await connection.execute(rung)
    finally:
        await connection.close()


def pgbench(server: Server, url: str, clients: int, seconds: int) -> float:
    """Return the transactions a second of single-row inserts by that many clients."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(SCRIPT)
        script.flush()
        command = [str(server.binaries / "pgbench"), "-n", "-f", script.name]
        command += ["-c", str(clients), "-j", "2", "-T", str(seconds), url]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"^tps = ([0-9.]+)", output, re.MULTILINE)
    if found is None or "number of failed transactions: 0 " not in output:
        raise RuntimeError(f"pgbench reported failures or no figure:\n{output}")
    return float(found[1])


async def everything_is_sequenced(url: str) -> None:
    """Check that every insert reached the log: a fast capture that loses events is not a result."""
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(60):
            while await connection.fetchval("SELECT EXISTS (SELECT FROM wasla.outbox)"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        written = await connection.fetchval("SELECT count(*) FROM sold")
        logged = await connection.fetchval("SELECT count(*) FROM wasla.event_log WHERE table_name = 'sold'")
        if written != logged:
            raise RuntimeError(f"{written} rows were written and {logged} events sequenced")
    finally:
        await connection.close()


def report(measured: Measurements, clients: list[int], version: int) -> None:
    """Print tps and ratios."""
    table = Table(
        title=f"Writers, PostgreSQL {version}, {machine()}", caption="transactions/s, median (lowest to highest)"
    )
    for heading in ("clients", *ARRANGEMENTS, "capture / bare", "capture / always"):
        table.add_column(heading, justify="right")
    for count in clients:
        bare, capture, always = (statistics.median(measured[count, name]) for name in ARRANGEMENTS)
        figures = [median_and_range(measured[count, name]) for name in ARRANGEMENTS]
        table.add_row(str(count), *figures, f"{capture / bare:.0%}", f"{capture / always:.1f} x")
    Console(width=120).print(table)


def draw(measured: Measurements, clients: list[int], version: int) -> None:
    """Draw the medians as bars into docs/figures."""
    figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
    width = 0.8 / len(ARRANGEMENTS)
    for index, name in enumerate(ARRANGEMENTS):
        heights = [statistics.median(measured[count, name]) for count in clients]
        bars = axes.bar([place + index * width for place in range(len(clients))], heights, width, label=name)
        axes.bar_label(bars, fmt="{:,.0f}", fontsize=8)
    axes.set_xticks([place + width for place in range(len(clients))], [f"{count} clients" for count in clients])
    axes.set_ylabel("transactions/s")
    axes.set_title(
        f"Single-row inserts on PostgreSQL {version}: capture against none and against NOTIFY always", fontsize=9
    )
    axes.legend()
    figure.savefig(Path(FIGURES) / f"writers-{version}.svg")


if __name__ == "__main__":
    main()

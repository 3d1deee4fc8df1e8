"""Where the time goes, hop by hop: flame graphs of the real processes under load, by py-spy.

    python -m tests.benchmarks.flames [--quick] [--output DIRECTORY]

Three pictures: a gateway at a steady rate, a gateway as fast as it goes, and the whole path from the database with
writers (pg-listener). Beside each: the part of the processor time that is spent in the kernel, which no change to
Python moves.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
from rich.console import Console

from tests.benchmarks.database import arrange, at_rate
from tests.benchmarks.gateway_load import allow_files
from tests.benchmarks.measuring import bench, flooded, paced
from tests.benchmarks.peers.all import OURS
from tests.benchmarks.peers.contract import INSTALL_PEERS
from tests.benchmarks.peers.databases import WATCH
from tests.benchmarks.peers.installed import PACKAGES
from tests.benchmarks.running import ROOT, durable_server, pipeline
from tests.databases import fresh_database

PROGRAM = PACKAGES / "bin" / "py-spy"
SAMPLES_PER_SECOND = 500
console = Console(width=120)


@contextlib.asynccontextmanager
async def flames(name: str, pid: int, output: Path) -> AsyncIterator[None]:
    """Sample a process during the block into ``flame-NAME.svg``, and print where its time went."""
    path = output / f"flame-{name}.svg"
    # Who holds the interpreter is at work; the watchdog's thread only waits.
    options = ["--pid", pid, "--rate", SAMPLES_PER_SECOND, "--duration", 600, "--output", path, "--native", "--gil"]
    command = [str(part) for part in (PROGRAM, "record", *options)]
    devnull = asyncio.subprocess.DEVNULL
    spy = await asyncio.create_subprocess_exec(*command, stdout=devnull, stderr=devnull)
    await asyncio.sleep(2)
    user, kernel = times(pid)
    try:
        yield
    finally:
        user, kernel = (after - before for after, before in zip(times(pid), (user, kernel), strict=True))
        with contextlib.suppress(ProcessLookupError):
            spy.send_signal(2)
        await spy.wait()
    title = f"{name}: {user:.2f} s in the program, {kernel:.2f} s in the kernel"
    path.write_text(path.read_text(encoding="utf-8").replace(" ".join(command), title), encoding="utf-8")
    console.print(f"{title}; {path}")


def times(pid: int) -> tuple[float, float]:
    """Return the seconds of processor time in user mode and in the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    tick = os.sysconf("SC_CLK_TCK")
    return int(fields[11]) / tick, int(fields[12]) / tick


async def gateway(clients: int, seconds: float, output: Path) -> None:
    """Draw a gateway at 50 events/s, and saturated."""
    async with bench(OURS, clients, 300) as on:
        pid = on.running.child.process.pid
        async with flames("gateway-steady", pid, output):
            await paced(on, 50, int(50 * seconds), 1)
        await on.mark()
        async with flames("gateway-saturated", pid, output):
            await flooded(on, 200, seconds)
        await on.mark()


async def listener(seconds: float, output: Path) -> None:
    """Draw the listener while single rows are committed 500 times a second."""
    with durable_server(18) as server:
        async with fresh_database(server, "installed") as url:
            await arrange(url, WATCH)
            with pipeline(url) as processes:
                await until_leading(url)
                async with flames("listener", processes.listener.pid, output):
                    await at_rate(url, 500, seconds)


async def until_leading(url: str) -> None:
    """Return when a row that is written is taken from the outbox."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("INSERT INTO sold (seats) VALUES (0)")
        async with asyncio.timeout(60):
            while await connection.fetchval("SELECT EXISTS (SELECT FROM wasla.outbox)"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


def main() -> int:
    """Draw all three."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "benchmarks")
    asked = parser.parse_args()
    if not PROGRAM.exists():
        console.print(f"skipped: flame graphs are drawn by py-spy; install it: {INSTALL_PEERS}")
        return 0
    clients, seconds = (200, 2.0) if asked.quick else (1000, 10.0)
    asked.output.mkdir(parents=True, exist_ok=True)
    allow_files(clients)
    asyncio.run(gateway(clients, seconds, asked.output))
    asyncio.run(listener(seconds, asked.output))
    return 0


if __name__ == "__main__":
    sys.exit(main())

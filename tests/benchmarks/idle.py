"""Connections that are only there: what each keeps in memory, and how fast they come in.

A client of ours has registered as well when it counts as in; the others' are in after the handshake.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import pinning
from tests.benchmarks.environment import environment
from tests.benchmarks.load.generator import load
from tests.benchmarks.peers.all import FANOUT, LIMIT
from tests.benchmarks.peers.contract import Peer, Place
from tests.benchmarks.peers.programs import BROADCAST
from tests.benchmarks.results import Measure, Result
from tests.benchmarks.turns import Options, in_turns

WARM_UP = 100
ENTERING = 64
"""Connections that are on their way in at a time."""


async def idle(options: Options) -> Result:
    """15,000 connections to each server; the limit takes no part, since it has nothing to keep."""
    count = options.count(15_000, 1000)
    memory = Measure(title=f"{count:,} idle connections: resident memory each", unit="KiB")
    rate = Measure(title=f"Coming in, {ENTERING} at a time: connections/s", unit="/s", reference=BROADCAST.name)
    cost = Measure(title="Processor time of the server to let one in", unit="us", reference=BROADCAST.name, drawn=False)
    facts = environment()

    async def turn(peer: Peer) -> None:
        resident, seconds, cpu = await _entered(peer, count)
        memory.add(peer.name, resident / count / 1024)
        rate.add(peer.name, count / seconds)
        cost.add(peer.name, cpu / count * 1e6)

    outcome = await in_turns(options, "idle", [peer for peer in FANOUT if peer is not LIMIT], turn)
    return Result(
        name="idle",
        title="Idle connections",
        about="Each server on one core with its own settings, compression off; ours: handshake and registration.",
        quick=options.quick,
        environment=facts,
        measures=[memory, rate, cost],
        skipped=outcome.skipped,
        failed=outcome.failed,
    )


async def _entered(peer: Peer, count: int) -> tuple[int, float, float]:
    """Return the memory that many connections add, the seconds until they are in, and the server's processor time."""
    cores = (pinning.SERVER_CORE, pinning.LOAD_CORE) if pinning.possible() else (None, None)
    with TemporaryDirectory(prefix="wasla-bench-") as name, pinning.here(cores[1]):
        directory = Path(name)
        async with peer.running(Place(directory, WARM_UP + count, cores[0])) as running:
            approach, port, process = running.approach, running.port, running.child
            try:
                async with load(approach, port, WARM_UP, directory, core=cores[1]):
                    before, cpu = process.resident_bytes(), process.cpu_seconds()
                    async with load(approach, port, count, directory, core=cores[1], concurrency=ENTERING) as entered:
                        cpu = process.cpu_seconds() - cpu
                        await asyncio.sleep(1)
                        return process.resident_bytes() - before, entered.entered.seconds, cpu
            except (RuntimeError, TimeoutError) as error:
                raise RuntimeError(f"{peer.name}: {error}\n{process.said()}") from error
            finally:
                await running.feed.close()

"""What capture costs writers of single rows, as a result to be kept: :mod:`tests.benchmarks.writers` measures it."""

from __future__ import annotations

import asyncio

from tests.benchmarks.environment import environment
from tests.benchmarks.results import Measure, Result
from tests.benchmarks.running import durable_server
from tests.benchmarks.turns import Options
from tests.benchmarks.writers import ARRANGEMENTS, measure

VERSION = 18
NAMES = {"bare": "no trigger", "capture": "wasla", "always": "NOTIFY in every transaction"}


async def writers(options: Options) -> Result:
    """16 and 64 writers, with the listener sequencing."""
    facts, clients = environment(), [16, 64]
    with durable_server(VERSION) as server:
        measured = await asyncio.to_thread(measure, server, clients, options.rounds, options.count(10, 2))
    measures = []
    for count in clients:
        each = Measure(title=f"{count} writers: transactions/s", unit="/s", reference=NAMES["bare"])
        for name in ARRANGEMENTS:
            for value in measured[count, name]:
                each.add(NAMES[name], value)
        measures.append(each)
    return Result(
        name="writers",
        title="Writers of single rows",
        about=f"pgbench with single-row inserts on PostgreSQL {VERSION}, every row checked to be sequenced.",
        quick=options.quick,
        environment=facts,
        measures=measures,
    )

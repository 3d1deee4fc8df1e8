"""permessage-deflate: bytes on the wire and processor time of a delivery, with it and without, by the length of events.

Each event is compressed once for all clients, by ours and by nginx + nchan, which is measured beside it. The rows look
like a station's: keys that repeat in every event, and values that are mostly different. Compressed events are counted
at each client and not read by the load.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.benchmarks.environment import environment
from tests.benchmarks.load.generator import DEFLATE
from tests.benchmarks.measuring import TICK, Bench, Row, bench, measured, paced_rows
from tests.benchmarks.peers.contract import Peer
from tests.benchmarks.peers.nchan import Nchan
from tests.benchmarks.peers.ours import Gateway
from tests.benchmarks.results import Measure, Result
from tests.benchmarks.turns import Options, in_turns

COLUMNS = (2, 8, 20, 60, 150)
WORDS = ("jemmal", "moknin", "sousse", "monastir", "teboulba", "ksar", "louage", "guichet", "place", "payé", "retour")
PLAIN = "as they are"
OURS, NCHAN = "wasla", "nginx + nchan"


@dataclass(frozen=True, slots=True)
class Subject:
    """Who sends events, of how many columns, and whether clients take them compressed."""

    server: str
    columns: int
    deflates: bool

    @property
    def name(self) -> str:
        """Return what it is called in figures."""
        return f"{self.server}, {self.columns} columns, {'compressed' if self.deflates else PLAIN}"

    def missing(self) -> str | None:
        """Return the sentence that says how to get what is missing."""
        return self.peer.missing()

    @property
    def peer(self) -> Peer:
        """Return a server that compresses every event for those who can."""
        if self.server == NCHAN:
            return Nchan(self.name, deflates=self.deflates)
        if not self.deflates:
            return Gateway(self.name)
        return Gateway(self.name, headers=[DEFLATE], environment={"WASLA_COMPRESSION_MIN": "1"})

    def row(self, number: int) -> Row:
        """Return the *number*-th row."""
        chance = random.Random(number)
        values = (
            lambda: chance.choice(WORDS),
            lambda: chance.randrange(10_000),
            lambda: f"2026-11-{chance.randint(10, 30)}T{chance.randint(10, 23)}:07:{chance.uniform(10, 59):.6f}+00:00",
            lambda: f"{chance.getrandbits(128):032x}",
            lambda: " ".join(chance.choices(WORDS, k=4)),
        )
        return {f"{WORDS[index % len(WORDS)]}_{index}": values[index % len(values)]() for index in range(self.columns)}


async def compression(options: Options) -> Result:
    """Return bytes and processor time a delivery for events of every length, compressed and not."""
    clients, rate = options.count(500, 100), options.count(20, 20)
    lengths = [
        (
            Measure(title=f"{columns} columns: bytes a delivery", unit="B", reference=reference),
            Measure(title=f"{columns} columns: processor time a delivery", unit="us", reference=reference),
        )
        for columns, reference in ((columns, Subject(OURS, columns, False).name) for columns in COLUMNS)
    ]
    subjects = [
        Subject(server, columns, deflates)
        for columns in COLUMNS
        for server in (OURS, NCHAN)
        for deflates in (False, True)
    ]

    async def turn(subject: Subject) -> None:
        length, cost = lengths[COLUMNS.index(subject.columns)]
        async with bench(subject.peer, clients, 0) as on:
            sample = await measured(on, lambda: _events(on, subject, rate, options.choose(6, 1)))
            length.add(subject.name, sample.bytes_per_delivery)
            cost.add(subject.name, sample.cost)

    facts = environment()
    outcome = await in_turns(options, "compression", subjects, turn)
    return Result(
        name="compression",
        title="Compression",
        about=f"{clients:,} clients, {rate:,} events/s to each in ticks of {TICK * 1000:g} ms; permessage-deflate "
        "without context takeover, so that everybody is sent the same bytes.",
        quick=options.quick,
        environment=facts,
        measures=[measure for pair in lengths for measure in pair],
        skipped=outcome.skipped,
        failed=outcome.failed,
    )


async def _events(on: Bench, subject: Subject, rate: int, seconds: float) -> None:
    await paced_rows(on, rate, int(rate * seconds), subject.row, on.clients)

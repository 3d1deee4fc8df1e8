"""One run of the oracle: rounds of transactions and faults, each judged when all is quiet again."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg

from tests.oracle.clients import Loader, OracleClient
from tests.oracle.faults import FAULTS
from tests.oracle.ground import Ground
from tests.oracle.judgement import Evidence, Judge, Witness
from tests.oracle.notes import empty_state
from tests.oracle.plan import Act, Ending, Step, Transaction, plan_faults
from tests.oracle.tables import BEGIN_AT, SCHEMA, START
from tests.oracle.truth import Truth
from tests.oracle.world import Doing, Hit, World
from tests.oracle.writers import Notebook, Writer

QUIET_WITHIN = 90.0
"""Seconds that everything may take to come to rest after a round."""


PEACE = 3.0
"""Seconds after a fault that is to be alone."""

BESIDE = ", beside other faults"
"""What is measured while another fault lasted, or had just ended, is counted apart."""


class Wrong(AssertionError):
    """The oracle found something wrong; the text says what, the seed, and where."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How much happens: ``faults`` and (at least) ``events`` of a round; whether 2PC is used.

    ``kinds`` are the faults there may be. ``alone``: one at a time, with peace after each, so that what is measured
    is that fault's doing.
    """

    seed: int
    rounds: int
    faults: int
    events: int
    kinds: Mapping[str, Doing] = field(default_factory=lambda: FAULTS)
    clients: int = 10
    writers: int = 5
    two_phase: bool = False
    alone: bool = False


@dataclass(slots=True)
class Found:
    """What a run counted. ``resumed`` and ``delivered`` are seconds by kind of fault, the former apart (``BESIDE``)
    where others fell in the same time."""

    events: int = 0
    transactions: int = 0
    rolled_back: int = 0
    deliveries: int = 0
    links: int = 0
    resyncs: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    resumed: dict[str, list[float]] = field(default_factory=dict)
    delivered: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0
    lost_on_bus: int = 0
    dropped_partitions: int = 0


async def prepare(url: str) -> None:
    """Make the tables in an installed database, before anything runs."""
    connection = await asyncpg.connect(url)
    await connection.execute(SCHEMA)
    await connection.execute(BEGIN_AT)
    await connection.close()


class Run:
    """Order of use: :func:`prepare`, then :meth:`rounds`, once, inside a running fleet."""

    def __init__(
        self,
        fleet: Ground,
        shape: Shape,
        progress: Callable[[Found], None] = lambda _: None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._tell = tell
        self._fleet = fleet
        self._shape = shape
        self._progress = progress
        self.found = Found()
        self._numbers = itertools.count(1)
        self._truth = Truth(fleet.url, START)
        self._loader = Loader(fleet.url)
        rng = random.Random(f"{shape.seed}/clients")
        self._clients = [
            OracleClient(f"c{n}", fleet.addresses, random.Random(rng.random()), self._loader)
            for n in range(shape.clients)
        ]
        self._judge_of_all = Judge(START, empty_state(), [client.name for client in self._clients])
        self._book = Notebook()
        self._world = World(fleet, self._clients, self._truth.collect, self._flood, dropped_until=START)

    async def rounds(self) -> Found:
        """Carry out every round; raises :exc:`Wrong` at the first wrong thing."""
        began = time.monotonic()
        async with contextlib.AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
            stack.callback(self._truth.close)
            background = [tasks.create_task(self._loader.run()), tasks.create_task(self._truth.keep_collecting())]
            for client in self._clients:
                client.link.start()
            try:
                await self._until_everyone_registered()
                for number in range(self._shape.rounds):
                    await self._round(number)
                    self.found.seconds = time.monotonic() - began
                    self._progress(self.found)
            finally:
                for client in self._clients:
                    await client.link.stop()
                for task in background:
                    task.cancel()
        return self.found

    async def _until_everyone_registered(self) -> None:
        for client in self._clients:
            await client.link.until(lambda client=client: client.registered_at, timeout=QUIET_WITHIN)  # type: ignore[misc]

    async def _round(self, number: int) -> None:
        hits = await self._write_under_faults(number)
        try:
            top = await self._truth.until_quiet(QUIET_WITHIN)
        except TimeoutError:
            raise self._wrong(number, ["the outbox was never emptied: what was committed is not numbered"]) from None
        self._tell(f"all numbered up to {top}")
        await self._until_everyone_is_at(top)
        self._tell(f"everyone has come to {top}")
        await self._judge(number, top, hits)

    async def _write_under_faults(self, number: int) -> list[Hit]:
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._shape.writers):
                tasks.create_task(self._writer().run(stop))
            hits = await self._faults(number)
            while len(self._truth.log) < self._shape.events:  # noqa: ASYNC110 - the log has no event
                await asyncio.sleep(0.1)
            stop.set()
        return hits

    async def _faults(self, number: int) -> list[Hit]:
        """Carry out the round's faults, two at a time at most."""
        places = asyncio.Semaphore(1 if self._shape.alone else 2)
        hits: list[Hit] = []

        async def one(fault_number: int) -> None:
            fault = faults[fault_number]
            try:
                hit = Hit(fault.kind, time.monotonic())
                await self._shape.kinds[fault.kind](self._world, fault, random.Random(fault.choice), hit)
                hit.ended = time.monotonic()
                hits.append(hit)
                self._tell(f"{fault.kind}: {hit.ended - hit.began:.1f} s")
            finally:
                places.release()

        faults = plan_faults(self._shape.seed, number, list(self._shape.kinds), self._shape.faults).faults
        async with asyncio.TaskGroup() as tasks:
            for fault_number, fault in enumerate(faults):
                await places.acquire()
                await asyncio.sleep(fault.pause + (PEACE if self._shape.alone else 0.0))
                tasks.create_task(one(fault_number))
                self.found.faults[fault.kind] += 1
        return hits

    def _writer(self) -> Writer:
        return Writer(self._fleet.url, self._shape.seed, self._numbers, self._book, two_phase=self._shape.two_phase)

    async def _flood(self, transactions: int) -> None:
        """Commit large transactions, of a few thousand events each: two are more than a gateway remembers."""
        for salt in range(transactions):
            while not await self._writer().write_one(self._large(salt)):  # noqa: ASYNC110 - another try, not a wait
                await asyncio.sleep(0.1)

    def _large(self, salt: int) -> Transaction:
        keys = tuple(range(1500))
        steps = (Step(Act.INSERT, "readings", keys, salt), *(Step(Act.UPDATE, "readings", keys, n) for n in (0, 1)))
        return Transaction(next(self._numbers), steps, Ending.COMMIT, 0.0)

    async def _until_everyone_is_at(self, top: int) -> None:
        for client in self._clients:
            client.link.unpause()
        with contextlib.suppress(TimeoutError):  # who is not there is told of by the judge
            async with asyncio.timeout(QUIET_WITHIN):
                for client in self._clients:
                    await client.link.until(lambda client=client: _is_at(client, top), timeout=QUIET_WITHIN)  # type: ignore[misc]
                    while not client.mirror.is_loaded:  # noqa: ASYNC110 - nor has a mirror
                        await asyncio.sleep(0.05)

    async def _judge(self, number: int, top: int, hits: Sequence[Hit]) -> None:
        rows, self._truth.log = self._truth.log, []
        notes, self._book.notes = self._book.notes, {}
        evidence = Evidence(
            top=top,
            epoch=await self._truth.epoch(),
            log=rows,
            notes=notes,
            committed=await self._truth.committed(),
            tables=await self._truth.tables(),
            dropped_until=self._world.dropped_until,
            witnesses={
                client.name: Witness(client.take(), client.interest, client.mirror.state) for client in self._clients
            },
        )
        wrong = [f"seq {seq} holds something else now than it did" for seq in await self._truth.changed_since(rows)]
        wrong += await asyncio.to_thread(self._judge_of_all.weigh, evidence)
        wrong += self._fleet.complaints()
        if wrong:
            raise self._wrong(number, wrong)
        self._count(evidence, hits)

    def _count(self, evidence: Evidence, hits: Sequence[Hit]) -> None:
        found = self.found
        found.events += len(evidence.log)
        found.transactions += len(evidence.committed)
        found.rolled_back += len(evidence.notes) - len(evidence.committed)
        streams = self._judge_of_all.streams.values()
        found.deliveries = sum(stream.received for stream in streams)
        found.links = sum(len(client.registered_at) for client in self._clients)
        found.resyncs = Counter()
        for stream in streams:
            found.resyncs.update(stream.resyncs)
        found.lost_on_bus = self._fleet.lost_on_bus
        found.dropped_partitions = self._world.dropped_partitions
        for hit in hits:
            for client, since in hit.victims:
                back = [at for at in client.registered_at if at > since]
                if back:
                    kind = hit.kind + (BESIDE if _others(hit, hits, back[0]) else "")
                    found.resumed.setdefault(kind, []).append(back[0] - since)
        for kind, seconds in _deliveries(evidence, hits):
            found.delivered.setdefault(kind, []).append(seconds)

    def _wrong(self, number: int, wrong: Sequence[str]) -> Wrong:
        more = "".join(f"\n  {text}" for text in wrong[1:6])
        return Wrong(f"seed {self._shape.seed}, round {number}: {wrong[0]}{more}\n  ({len(wrong)} wrong things in all)")


def _is_at(client: OracleClient, top: int) -> bool:
    position = client.link.position
    return client.link.is_registered and position is not None and position.seq >= top


def _others(hit: Hit, hits: Sequence[Hit], until: float) -> bool:
    """Tell whether another fault lasted, or ended within the last seconds of peace, between a fault and a moment."""
    return any(other is not hit and other.began < until and hit.began < other.ended + PEACE for other in hits)


def _deliveries(evidence: Evidence, hits: Sequence[Hit]) -> Iterator[tuple[str, float]]:
    """Yield, for each fault that no other overlaps, the longest delivery of what was committed while it lasted.

    Counted on links that were up all the while.
    """
    notes = evidence.notes
    ended = {row.seq: notes[row.tx_id].ended_at for row in evidence.log if row.tx_id in notes}
    for hit in hits:
        if any(other is not hit and other.began < hit.ended and hit.began < other.ended for other in hits):
            continue
        worst = 0.0
        for witness in evidence.witnesses.values():
            up_since = 0.0
            for note in witness.seen:
                if note.kind == "registered":
                    up_since = note.at
                at = ended.get(note.seq, 0.0) if note.kind == "realtime_event" else 0.0
                if hit.began <= at <= hit.ended and up_since < at:
                    worst = max(worst, note.at - at)
        yield hit.kind, worst

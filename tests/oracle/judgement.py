"""The judgement of a round: the log, every client's stream, every client's rows. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.oracle.interests import Subscription, can_mirror
from tests.oracle.judge_log import LogJudge
from tests.oracle.judge_stream import Seen, StreamJudge
from tests.oracle.mirror import shown
from tests.oracle.notes import Logged, Noted, State


@dataclass(frozen=True, slots=True)
class Witness:
    """One client: what it noted in the round, and the rows it shows now, None where it cannot know them all."""

    seen: Sequence[Seen]
    interest: Sequence[Subscription]
    rows: State | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything about a round, when all is quiet.

    ``top``: what everyone has been told. ``log``: its rows, in order. ``notes``: the writers', by transaction id.
    ``committed``: the ledger, transaction ids by number. ``dropped_until``: what the log forgot.
    """

    top: int
    epoch: str
    log: Sequence[Logged]
    notes: Mapping[str, Noted]
    committed: Mapping[int, str]
    tables: State
    dropped_until: int
    witnesses: Mapping[str, Witness]


class Judge:
    """Follows the log and the clients from round to round; ``start`` is the seq behind which the log begins."""

    def __init__(self, start: int, tables: State, clients: Sequence[str]) -> None:
        self.log = LogJudge(start, tables)
        self.streams = {name: StreamJudge(name, ()) for name in clients}

    def weigh(self, evidence: Evidence) -> list[str]:
        """Return every wrong thing, in words."""
        wrong = list(self.log.judge(evidence.log, evidence.notes, evidence.committed, evidence.tables))
        log = {row.seq: row for row in evidence.log}
        for name, witness in evidence.witnesses.items():
            stream = self.streams[name]
            wrong += stream.judge(witness.seen, log, evidence.dropped_until, evidence.epoch)
            wrong += stream.arrived(evidence.top, log)
            wrong += _mirrored(name, witness, evidence.tables)
        return wrong


def _mirrored(name: str, witness: Witness, tables: State) -> Iterator[str]:
    if witness.rows is None or not can_mirror(witness.interest):
        return
    for table, rows in shown(tables, witness.interest).items():
        has = witness.rows[table]
        if has != rows:
            keys = [key for key in has.keys() | rows.keys() if has.get(key) != rows.get(key)]
            yield (
                f"client {name} shows {len(keys)} rows of {table} otherwise than they are, such as {keys[0]}: "
                f"{has.get(keys[0])} instead of {rows.get(keys[0])}"
            )

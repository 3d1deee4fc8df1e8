"""Is the log what the writers did? Pure.

What is compared: the log with the writers' own notes of each transaction that the database's ledger says was
committed, in content and in order; and the log, carried out on the tables as they stood, with the tables as they
stand. Changes that a mark of failed capture stands for may be missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from tests.oracle.notes import Change, Logged, Noted, State, digest
from tests.oracle.tables import KEYS, RENUMBERED, key_of

MARK: Final = "CAPTURE_FAILED"


@dataclass(slots=True)
class LogJudge:
    """Follows the log from round to round: ``top`` is the last seq judged, ``tables`` what the log's rows make."""

    top: int
    tables: State
    marked: set[str] = field(default_factory=set)

    def judge(
        self, rows: Sequence[Logged], notes: Mapping[str, Noted], committed: Mapping[int, str], tables: State
    ) -> Iterator[str]:
        """Yield each wrong thing of a round: ``committed`` is the ledger, ``notes`` are by transaction id."""
        yield from self._numbered(rows)
        rows = [row for row in rows if row.table in KEYS]  # what is internal (the round trip's probe) is nobody's here
        self.marked = {row.table for row in rows if row.event_type == MARK}
        yield from self._whole(rows)
        yield from self._noted(rows, notes, committed)
        yield from _in_real_order(rows, notes)
        yield from self._replayed(rows, tables)

    def _numbered(self, rows: Sequence[Logged]) -> Iterator[str]:
        for row in rows:
            if row.seq != self.top + 1:
                yield f"the log goes on with seq {row.seq} after {self.top}"
            self.top = row.seq

    def _whole(self, rows: Sequence[Logged]) -> Iterator[str]:
        seen: set[str] = set()
        events = (row for row in rows if row.event_type != MARK)
        for xid, group in groupby(events, key=lambda row: row.tx_id):
            run = list(group)
            if xid in seen:
                yield f"transaction {xid} is in the log twice, again at seq {run[0].seq}"
            seen.add(xid)
            if [row.tx_index for row in run] != list(range(len(run))) or {row.tx_size for row in run} != {len(run)}:
                yield f"transaction {xid} at seq {run[0].seq} has {len(run)} events, and says it has {run[0].tx_size}"

    def _noted(self, rows: Sequence[Logged], notes: Mapping[str, Noted], committed: Mapping[int, str]) -> Iterator[str]:
        logged: dict[str, list[Logged]] = {}
        for row in rows:
            if row.event_type != MARK:
                logged.setdefault(row.tx_id, []).append(row)
        by_number = {noted.number: xid for xid, noted in notes.items()}
        for number, xid in committed.items():
            if by_number.get(number) != xid:
                yield f"transaction {number} was committed as {xid}, its writer noted {by_number.get(number)}"
        wanted = set(committed.values())
        for xid in logged.keys() - wanted:
            yield f"the log has transaction {xid} (seq {logged[xid][0].seq}), which was never committed"
        for xid in wanted & notes.keys():
            yield from self._same(xid, notes[xid], logged.get(xid, []))

    def _same(self, xid: str, noted: Noted, logged: Sequence[Logged]) -> Iterator[str]:
        known = [row for row in logged if row.table != RENUMBERED and row.table not in self.marked]
        at = 0
        for statement in noted.statements:
            changes = [change for change in statement if change.table not in (RENUMBERED, *self.marked)]
            part = known[at : at + len(changes)]
            at += len(changes)
            if Counter(map(_of_change, changes)) != Counter(map(_of_log, part)):
                yield (
                    f"transaction {xid} (number {noted.number}): a statement changed {_shown(changes)}, the log has "
                    f"{[(row.seq, row.event_type, row.table, row.row_id) for row in part][:5]} in its place"
                )
                return
        if at < len(known):
            yield f"transaction {xid} made {at} changes, the log has {len(known)}, more from seq {known[at].seq} on"
        if not any(row.table == RENUMBERED for row in logged) and _renumbers(noted) and RENUMBERED not in self.marked:
            yield f"transaction {xid} changed {RENUMBERED}, of which the log has nothing"

    def _replayed(self, rows: Sequence[Logged], tables: State) -> Iterator[str]:
        for row in rows:
            if row.table not in self.marked:
                yield from self._carry_out(row)
        for table, stands in tables.items():
            if table in self.marked:
                self.tables[table] = dict(stands)
            elif self.tables[table] != stands:
                keys = [key for key in self.tables[table].keys() | stands.keys()
                        if self.tables[table].get(key) != stands.get(key)]  # fmt: skip
                yield (
                    f"the log makes other rows than {table} holds: {len(keys)} differ, of {keys[0]} the log makes "
                    f"{self.tables[table].get(keys[0])}, the table holds {stands.get(keys[0])}"
                )
                self.tables[table] = dict(stands)

    def _carry_out(self, row: Logged) -> Iterator[str]:
        held = self.tables[row.table]
        if row.event_type == "TRUNCATE":
            held.clear()
            return
        if row.data is None:
            yield f"seq {row.seq} of {row.table} has no row"
            return
        former = row.data if row.event_type == "DELETE" else {**row.data, **(row.old or {})}
        if row.event_type == "INSERT":
            if held.get(key_of(row.table, row.data)) is not None:
                yield f"seq {row.seq} inserts {row.row_id} into {row.table}, where it is"
        elif held.pop(key_of(row.table, former), None) != former:
            yield f"seq {row.seq}: {row.event_type} of {row.row_id} in {row.table} does not follow its former version"
        if row.event_type != "DELETE":
            held[key_of(row.table, row.data)] = row.data


def _in_real_order(rows: Sequence[Logged], notes: Mapping[str, Noted]) -> Iterator[str]:
    """A transaction that began when another's commit had been answered comes after it."""
    last_seq = {row.tx_id: row.seq for row in rows if row.event_type != MARK}
    known = [(notes[xid], seq) for xid, seq in last_seq.items() if xid in notes]
    ended = sorted(known, key=lambda item: item[0].ended_at)
    latest, at = 0, 0
    for noted, seq in sorted(known, key=lambda item: item[0].began_at):
        while at < len(ended) and ended[at][0].ended_at < noted.began_at:
            latest = max(latest, ended[at][1])
            at += 1
        if seq < latest:
            yield f"transaction number {noted.number} (seq {seq}) stands before one that ended first (seq {latest})"


def _renumbers(noted: Noted) -> bool:
    return any(change.table == RENUMBERED for statement in noted.statements for change in statement)


def _of_change(change: Change) -> int:
    row = change.new if change.new is not None else change.old
    old = change.old if change.event_type == "UPDATE" else None
    return digest([change.event_type, change.table, row, old])


def _of_log(row: Logged) -> int:
    old = {**(row.data or {}), **(row.old or {})} if row.event_type == "UPDATE" else None
    return digest([row.event_type, row.table, row.data, old])


def _shown(changes: Sequence[Change]) -> str:
    first = [
        (c.event_type, c.table, key_of(c.table, c.new or c.old or {}) if c.new or c.old else None) for c in changes
    ]
    return f"{len(first)} rows ({first[:3]})"

"""What the SQL tests look through: the sequencing session, and its events with their rows decoded."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from shared.queries import query

Row = dict[str, Any]
MIB = 1024 * 1024
READS_COMMITTED = {"default_transaction_isolation": "repeatable read"}


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the log, its JSON decoded."""

    seq: int
    tx_id: int
    tx_index: int
    tx_size: int
    table: str
    channel: str | None
    event_type: str
    row_id: str | None
    data: Row | None
    changed: list[str] | None
    old: Row | None
    business_event: str | None
    captured_at: float
    sequenced_at: float
    origin: str | None
    internal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a drain says of itself."""

    epoch: str = ""
    seq: int = 0
    has_more: bool = False
    xmin: int = 0
    xmax: int = 0
    outbox_missing: bool = False
    notifications_skipped: bool = False


class Sequencer:
    """One sequencing session; it leads from :func:`leading` on."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.status = Status()
        self.row_max_bytes = 16 * MIB

    async def drain(self, max_rows: int = 10_000, max_bytes: int = 64 * MIB) -> list[Event]:
        """Sequence one batch; what it said of itself is in ``status``."""
        return await self._sequence(max_rows, max_bytes, False, [])

    async def drain_completely(self) -> list[Event]:
        """Sequence one batch, looking at the whole outbox."""
        return await self._sequence(10_000, 64 * MIB, True, [])

    async def report(self, *tables: str, max_rows: int = 10_000) -> list[Event]:
        """Sequence, and report tables whose mark came as the doorbell's payload."""
        return await self._sequence(max_rows, 64 * MIB, False, list(tables))

    async def drain_all(self, max_rows: int = 10_000, max_bytes: int = 64 * MIB) -> list[Event]:
        """Sequence until nothing is left."""
        events: list[Event] = []
        while batch := await self.drain(max_rows, max_bytes):
            events += batch
        return events

    async def mark_first(self) -> list[Event]:
        """Put a mark in the place of the first row."""
        return await self._sequence(10_000, 64 * MIB, False, [], mark_only=True)

    async def _sequence(
        self, max_rows: int, max_bytes: int, complete: bool, reported: list[str], *, mark_only: bool = False
    ) -> list[Event]:
        arguments = (max_rows, max_bytes, complete, reported, self.row_max_bytes, mark_only)
        *rows, last = await self.connection.fetch(query("sequence"), *arguments)
        self.status = Status(**json.loads(last["status"]))
        return decode(rows)

    async def log(self, after_seq: int = 0, *, max_rows: int = 1_000_000, max_bytes: int = 1024 * MIB) -> list[Event]:
        """Read the log behind a position."""
        return decode(await self.connection.fetch(query("read_log"), after_seq, max_rows, max_bytes))


@asynccontextmanager
async def sequencing_session(url: str) -> AsyncIterator[Sequencer]:
    """Open a session as the listener does, without leading."""
    connection = await asyncpg.connect(url, server_settings=READS_COMMITTED)
    try:
        yield Sequencer(connection)
    finally:
        await connection.close()


@asynccontextmanager
async def leading(url: str) -> AsyncIterator[Sequencer]:
    """Open the session that leads."""
    async with sequencing_session(url) as sequencer:
        assert await sequencer.connection.fetchval(query("try_lead"))
        yield sequencer


def decode(rows: Iterable[asyncpg.Record]) -> list[Event]:
    """Decode rows of the log."""
    return [
        Event(
            seq=row["seq"],
            tx_id=int(row["tx_id"]),
            tx_index=row["tx_index"],
            tx_size=row["tx_size"],
            table=row["table_name"],
            channel=row["channel"],
            event_type=row["event_type"],
            row_id=row["row_id"],
            data=_parsed(row["data"]),
            changed=row["changed"],
            old=_parsed(row["old"]),
            business_event=row["business_event"],
            captured_at=row["captured_at"],
            sequenced_at=row["sequenced_at"],
            origin=row["origin"],
            internal=row["internal"],
        )
        for row in rows
    ]


def _parsed(text: str | None) -> Row | None:
    return None if text is None else json.loads(text)


def replay(events: Iterable[Event], table: str, key: Sequence[str]) -> dict[tuple[object, ...], Row]:
    """Apply the events of a table as a client would, and return the rows by key; each must fit what is there."""
    rows: dict[tuple[object, ...], Row] = {}
    for event in events:
        if event.table == table:
            _apply(event, rows, key)
    return rows


def _apply(event: Event, rows: dict[tuple[object, ...], Row], key: Sequence[str]) -> None:
    if event.event_type == "TRUNCATE":
        rows.clear()
        return
    assert event.data is not None
    after = tuple(event.data[column] for column in key)
    if event.event_type == "INSERT":
        assert after not in rows, event
        rows[after] = event.data
    elif event.event_type == "DELETE":
        assert rows.pop(after) == event.data, event
    else:
        before = {**event.data, **(event.old or {})}
        assert rows.pop(tuple(before[column] for column in key)) == before, event
        rows[after] = event.data


def assert_well_formed(events: Sequence[Event]) -> None:
    """Numbers without a hole; each transaction contiguous and counted right."""
    assert [event.seq for event in events] == list(range(events[0].seq, events[0].seq + len(events)))
    position = 0
    while position < len(events):
        first = events[position]
        whole = events[position : position + first.tx_size]
        assert [(event.tx_id, event.tx_index, event.tx_size) for event in whole] == [
            (first.tx_id, index, first.tx_size) for index in range(first.tx_size)
        ]
        position += first.tx_size

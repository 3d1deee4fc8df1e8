"""What the writers know of their transactions, and what the log says of them. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from tests.oracle.tables import CHANNELS, Key, Row


class Change(NamedTuple):
    """One row change as a writer noted it: ``old`` and ``new`` are whole rows, None where there is none."""

    event_type: str
    table: str
    old: Row | None
    new: Row | None


@dataclass(slots=True)
class Noted:
    """One transaction: the changes of its statements, in order, those of a statement in any."""

    number: int
    statements: list[list[Change]] = field(default_factory=list)
    acknowledged: bool | None = None
    """True: the commit was answered; False: it was given up; None: nobody knows."""
    began_at: float = 0.0
    ended_at: float = math.inf
    """When it began, and when its commit was answered, in monotonic seconds."""


class Logged(NamedTuple):
    """One row of the log."""

    seq: int
    tx_id: str
    tx_index: int
    tx_size: int
    table: str
    channel: str
    event_type: str
    row_id: str | None
    data: Row | None
    changed: list[str] | None
    old: Row | None
    business_event: str | None
    sequenced_at: float

    @property
    def versions(self) -> list[Row]:
        """The row as it is, and as it was."""
        if self.data is None:
            return []
        return [self.data, {**self.data, **self.old}] if self.old else [self.data]

    @property
    def digest(self) -> int:
        """What a client must have been told of this event."""
        place = {"id": self.tx_id, "index": self.tx_index, "size": self.tx_size}
        return digest(
            [self.event_type, self.table, self.row_id, self.data, self.channel, self.business_event, self.changed,
             self.old, place]
        )  # fmt: skip


def digest_of_event(data: dict[str, Any]) -> int:
    """Return the digest of a ``realtime_event``'s data."""
    names = ("event_type", "table", "id", "data", "channel", "business_event", "changed", "old", "tx")
    return digest([data[name] for name in names])


def digest(value: list[Any]) -> int:
    """Return a number that differs where the value does."""
    return hash(_encode(value))


_encode = msgspec.json.Encoder(order="deterministic").encode

State = dict[str, dict[Key, Row]]
"""Rows by table and key."""


def empty_state() -> State:
    """Return a state without rows."""
    return {table: {} for table in CHANNELS}

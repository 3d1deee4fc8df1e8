"""The state a client rebuilds: rows as they stood when it loaded them, and every event since. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.oracle.interests import Subscription, is_shown
from tests.oracle.notes import State, empty_state
from tests.oracle.tables import CHANNELS, key_of


class Mirror:
    """Rows by table and key. While rows are being loaded, events wait; order: :meth:`reload`, :meth:`loaded`."""

    def __init__(self) -> None:
        self.state: State = empty_state()
        self.interest: Sequence[Subscription] = ()
        self.loads = 0
        self._waiting: list[Mapping[str, Any]] | None = []

    @property
    def is_loaded(self) -> bool:
        """Tell whether the rows are there."""
        return self._waiting is None

    def reload(self, interest: Sequence[Subscription]) -> int:
        """Forget the rows; return the number of this load, for :meth:`loaded`."""
        self.interest = interest
        self._waiting = []
        self.loads += 1
        return self.loads

    def loaded(self, load: int, tables: State) -> None:
        """The tables as they stood some time after that :meth:`reload`; an older load's come too late."""
        if load != self.loads or self._waiting is None:
            return
        self.state = shown(tables, self.interest)
        waited, self._waiting = self._waiting, None
        for event in waited:
            self.apply(event)

    def apply(self, event: Mapping[str, Any]) -> None:
        """Carry out a ``realtime_event``'s data."""
        if self._waiting is not None:
            self._waiting.append(event)
            return
        table, row = event["table"], event["data"]
        held = self.state[table]
        if event["event_type"] == "TRUNCATE":
            held.clear()
            return
        held.pop(key_of(table, {**row, **(event["old"] or {})}), None)
        if event["event_type"] == "DELETE" or not is_shown(self.interest, table, row):
            held.pop(key_of(table, row), None)
        else:
            held[key_of(table, row)] = row


def shown(tables: State, interest: Sequence[Subscription]) -> State:
    """Return what a client with this interest shows of the tables."""
    return {
        table: {key: row for key, row in tables[table].items() if is_shown(interest, table, row)} for table in CHANNELS
    }

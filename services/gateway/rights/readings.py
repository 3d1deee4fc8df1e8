"""A reading: an event's JSON taken apart as far as views need it, once for all of them. Pure.

Values stay JSON text, so that numbers of any size are told as PostgreSQL wrote them; only what a condition looks at
is decoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from services.gateway.conditions import Condition
from services.gateway.entries import Entry
from services.gateway.frames import payload_of
from shared.protocol import NULL

RawRow = dict[str, msgspec.Raw]


_NO_TIME: Final = msgspec.Raw(b'"1970-01-01T00:00:00.000Z"')


class _Message(msgspec.Struct):
    data: RawRow
    timestamp: msgspec.Raw = _NO_TIME


_messages: Final = msgspec.json.Decoder(_Message)
_rows: Final = msgspec.json.Decoder(RawRow | None)
_names: Final = msgspec.json.Decoder(list[str] | None)
_values: Final = msgspec.json.Decoder()


class Version(Mapping[str, object]):
    """One version of a row for conditions: a value is decoded when first asked for; one that cannot be is absent."""

    __slots__ = ("_decoded", "raw")

    def __init__(self, raw: RawRow) -> None:
        self.raw = raw
        self._decoded: dict[str, object] = {}

    def __getitem__(self, column: str) -> object:
        if column not in self._decoded:
            try:
                self._decoded[column] = _values.decode(self.raw[column])
            except (msgspec.DecodeError, RecursionError):
                raise KeyError(column) from None
        return self._decoded[column]

    def __iter__(self) -> Iterator[str]:
        return iter(self.raw)

    def __len__(self) -> int:
        return len(self.raw)

    def satisfies(self, where: frozenset[Condition]) -> bool:
        """Tell whether every condition holds."""
        return all(condition.holds(self) for condition in where)


class Reading:
    """An entry and what its frame says; ``is_readable`` False where that cannot be taken apart."""

    __slots__ = ("changed", "entry", "fields", "former", "is_readable", "old", "row", "timestamp")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.row: Version | None = None
        self.former: Version | None = None
        self.old: RawRow | None = None
        self.changed: list[str] = []
        self.fields: RawRow = {}
        self.timestamp = _NO_TIME
        try:
            self._read(_messages.decode(payload_of(entry.frame)))
            self.is_readable = True
        except (msgspec.DecodeError, RecursionError):
            self.is_readable = False

    def _read(self, message: _Message) -> None:
        self.timestamp, self.fields = message.timestamp, message.data
        row, self.old = (_rows.decode(self.fields.get(name, NULL)) for name in ("data", "old"))
        self.changed = _names.decode(self.fields.get("changed", NULL)) or []
        if row is not None:
            self.row = Version(row)
            if self.old is not None:
                self.former = Version({**row, **self.old})

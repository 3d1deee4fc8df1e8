"""Items by what they ask of a row, found by the row: subscriptions by their ``where``, views by which rows they see.

An item stands under one of its conditions: an equality (``eq``, ``in``) by the values it names, else a range by its
bounds, else it is asked about every row. So what is found for a row is every item whose conditions some version of it
may satisfy, and few others; the item itself has the last word.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from services.gateway.conditions import ORDERINGS, Condition, Row, kind_of
from services.gateway.ranges import Range, Ranges
from shared.catalog import ColumnKind

ItemT = TypeVar("ItemT")

Value = tuple[ColumnKind, object]
"""A scalar with its kind, because Python holds True equal to 1."""

Where = Iterable[Condition]


class Versioned(Protocol):
    """What an index is asked about: the versions of a row, which are read only if an item asks something of them."""

    @property
    def versions(self) -> Sequence[Row]:
        """The rows that conditions are tested on; none where that is not possible, which concerns every item."""


class RowIndex(Generic[ItemT]):
    """Items by their conditions; an item is hashable and here once."""

    __slots__ = ("_by_range", "_by_value", "_others")

    def __init__(self) -> None:
        self._others: dict[ItemT, None] = {}
        self._by_value: dict[str, dict[Value, dict[ItemT, None]]] = {}
        self._by_range: dict[str, dict[ColumnKind, Ranges[ItemT]]] = {}

    def __bool__(self) -> bool:
        return bool(self._others or self._by_value or self._by_range)

    def add(self, item: ItemT, where: Where) -> None:
        """Add an item, which is not here."""
        match _place(where):
            case _Values(column, values):
                holders = self._by_value.setdefault(column, {})
                for value in values:
                    holders.setdefault(value, {})[item] = None
            case _Stretch(column, kind, over):
                self._by_range.setdefault(column, {}).setdefault(kind, Ranges()).add(item, over)
            case None:
                self._others[item] = None

    def discard(self, item: ItemT, where: Where) -> None:
        """Take out an item that was added with *where*."""
        match _place(where):
            case _Values(column, values):
                holders = self._by_value[column]
                for value in values:
                    del holders[value][item]
                    _drop_empty(holders, value)
                _drop_empty(self._by_value, column)
            case _Stretch(column, kind, over):
                self._by_range[column][kind].discard(item, over)
                _drop_empty(self._by_range[column], kind)
                _drop_empty(self._by_range, column)
            case None:
                del self._others[item]

    def candidates(self, rows: Versioned) -> Collection[ItemT]:
        """Return the items that may hold for a version of the row, each once; to be used before anything is added."""
        if not self._by_value and not self._by_range:
            return self._others
        found = self._others.copy()
        for row in rows.versions:
            self._find(row, found)
        if not rows.versions:
            self._find_all(found)
        return found

    def _find(self, row: Row, found: dict[ItemT, None]) -> None:
        for column, holders in self._by_value.items():
            value = row.get(column)
            kind = kind_of(value)
            if kind is not None:
                found.update(holders.get((kind, value), ()))
        for column, kinds in self._by_range.items():
            value = row.get(column)
            ranges = kinds.get(kind_of(value))  # type: ignore[arg-type]  # None is nobody's kind
            if ranges is not None:
                found.update(dict.fromkeys(ranges.holding(value)))

    def _find_all(self, found: dict[ItemT, None]) -> None:
        for holders in self._by_value.values():
            for items in holders.values():
                found.update(items)
        for kinds in self._by_range.values():
            for ranges in kinds.values():
                found.update(dict.fromkeys(ranges))


class _Values(NamedTuple):
    column: str
    values: list[Value]


class _Stretch(NamedTuple):
    column: str
    kind: ColumnKind
    over: Range


_LOWER: Final = frozenset({"gt", "gte"})


def _place(where: Where) -> _Values | _Stretch | None:
    """Return where an item is found; the same for equal conditions, in whatever order they come."""
    conditions = sorted(where, key=_preference)
    if not conditions or _rank(conditions[0]) > 2:
        return None
    first = conditions[0]
    if first.operator == "eq":
        return _Values(first.column, [(first.kind, first.operand)])
    if first.operator == "in":
        return _Values(first.column, [(first.kind, operand) for operand in first.operand])
    return max(_stretches(conditions), key=_is_window)


def _rank(condition: Condition) -> int:
    """Order operators by how few rows are likely to satisfy them; 3 for those that no index helps."""
    if condition.operator in ORDERINGS and condition.operand == condition.operand:  # TOML knows numbers that are none
        return 2
    return {"eq": 0, "in": 1}.get(condition.operator, 3)


def _preference(condition: Condition) -> tuple[int, str, str]:
    return _rank(condition), condition.column, repr(condition)


def _stretches(conditions: Sequence[Condition]) -> list[_Stretch]:
    """Return the range of each column and kind that any is asked of."""
    bounds: dict[tuple[str, ColumnKind], tuple[list[Any], list[Any]]] = {}
    for condition in conditions:
        if _rank(condition) == 2:
            lows, highs = bounds.setdefault((condition.column, condition.kind), ([], []))
            (lows if condition.operator in _LOWER else highs).append(condition.operand)
    return [
        _Stretch(column, kind, Range(max(lows, default=None), min(highs, default=None)))
        for (column, kind), (lows, highs) in bounds.items()
    ]


def _is_window(stretch: _Stretch) -> bool:
    return None not in stretch.over


KeyT = TypeVar("KeyT")


def _drop_empty(holders: dict[KeyT, Any], key: KeyT) -> None:
    if not holders[key]:
        del holders[key]

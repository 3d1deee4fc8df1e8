"""Conditions of a subscription's ``where``: one column, one operator, one operand.

The rules follow SQL. A null satisfies ``is_null`` alone: neither ``eq`` nor ``neq`` nor any comparison. A column that
the row does not have satisfies nothing, not even ``is_null``. A value of another JSON kind than the operand (true is
not 1, "1" is not 1) satisfies nothing. Numbers compare as JSON numbers, strings by code point.
"""

from __future__ import annotations

import operator as comparison
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from shared.catalog import ColumnKind

Row = Mapping[str, object]
"""One version of a row: JSON values by column."""

ABSENT: Final = object()

COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "eq": comparison.eq,
    "neq": comparison.ne,
    "lt": comparison.lt,
    "lte": comparison.le,
    "gt": comparison.gt,
    "gte": comparison.ge,
}
OPERATORS: Final = ("eq", "neq", "in", "lt", "lte", "gt", "gte", "is_null")
ORDERINGS: Final = frozenset({"lt", "lte", "gt", "gte"})


class Condition(NamedTuple):
    """``operand`` is a scalar of ``kind``; for ``in`` a tuple of them, for ``is_null`` a boolean.

    The kind is part of a condition's identity because Python, unlike JSON, holds True equal to 1.
    """

    column: str
    operator: str
    kind: ColumnKind
    operand: Any

    def holds(self, row: Row) -> bool:
        """Tell whether *row* satisfies the condition."""
        value = row.get(self.column, ABSENT)
        if self.operator == "is_null":
            return value is not ABSENT and (value is None) is self.operand
        if kind_of(value) != self.kind:
            return False
        if self.operator == "in":
            return value in self.operand
        return COMPARISONS[self.operator](value, self.operand)


_KINDS: Final[dict[type, ColumnKind]] = {bool: "boolean", int: "number", float: "number", str: "string"}


def kind_of(value: object) -> ColumnKind | None:
    """Return the kind of a scalar as JSON decodes it; None for null, lists, objects and an absent value."""
    return _KINDS.get(type(value))

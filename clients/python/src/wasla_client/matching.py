"""Which subscription an event belongs to: a gateway sends an event once and does not say for which subscription.

The rules are the gateway's. A part not given, or empty, asks for nothing in particular. ``where`` holds if one version
of the row satisfies all its conditions; an event without a row passes. They follow SQL: null satisfies ``is_null``
alone; a column that is not there satisfies nothing, and so does a value of another JSON kind. Text is ordered by code
point.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

Row = Mapping[str, Any]

PROBE_CHANNEL: Final = "wasla_probe"
"""Its events reach only who names it."""

_ABSENT: Final = object()
_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
OPERATORS: Final = frozenset(_COMPARISONS) | {"in", "is_null"}
_KINDS: Final[Mapping[type, str]] = {bool: "boolean", int: "number", float: "number", str: "string"}


def matches(subscription: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Tell whether *event*, the data of a ``realtime_event``, is one that *subscription* asks for."""
    if event.get("channel") == PROBE_CHANNEL and PROBE_CHANNEL not in subscription.get("channels", ()):
        return False
    return (
        _wants(subscription, "channels", event.get("channel"))
        and _wants(subscription, "tables", event.get("table"))
        and _wants(subscription, "events", event.get("event_type"), event.get("business_event"))
        and _accepts(subscription.get("where") or {}, event)
    )


def concerns(subscription: Mapping[str, Any], tables: object) -> bool:
    """Tell whether a ``resync`` of *tables* (None: all) may concern what *subscription* shows."""
    wanted = subscription.get("tables") or ()
    return not isinstance(tables, list) or not wanted or any(table in wanted for table in tables)


def _wants(subscription: Mapping[str, Any], part: str, *values: object) -> bool:
    wanted = subscription.get(part)
    return not wanted or any(value in wanted for value in values)


def _accepts(where: Mapping[str, Mapping[str, Any]], event: Mapping[str, Any]) -> bool:
    if not where or not isinstance(event.get("data"), dict):
        return True
    row: Row = event["data"]
    if _holds(where, row):
        return True
    old: Row = event.get("old") or {}
    return bool(old) and _holds(where, {**row, **old})


def _holds(where: Mapping[str, Mapping[str, Any]], row: Row) -> bool:
    return all(
        _satisfies(row.get(column, _ABSENT), name, operand)
        for column, tests in where.items()
        for name, operand in tests.items()
    )


def _satisfies(value: object, name: str, operand: Any) -> bool:
    if name == "is_null":
        return value is not _ABSENT and (value is None) is operand
    kind = _KINDS.get(type(value))
    if kind is None:
        return False
    if name == "in":
        return any(_KINDS.get(type(item)) == kind and item == value for item in operand)
    return _KINDS.get(type(operand)) == kind and _COMPARISONS[name](value, operand)

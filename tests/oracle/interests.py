"""What clients ask for, and what that matches, naively: written from the protocol's text, not from the code."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.oracle.notes import Logged
from tests.oracle.tables import CHANNELS, Row

Subscription = dict[str, Any]

_EVENTS: Final = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
_ABSENT: Final = object()

_WHERE: Final[Mapping[str, Sequence[dict[str, Any]]]] = {
    "accounts": (
        {"owner": {"eq": "w3"}},
        {"owner": {"in": ["w0", "w1", "nobody"]}},
        {"balance": {"gte": 20, "lt": 60}},
        {"vip": {"eq": True}, "note": {"is_null": False}},
        {"note": {"is_null": True}},
        {"balance": {"in": [1, 5, 9, 13, 17, 33]}, "vip": {"neq": True}},
    ),
    "orders": (
        {"state": {"neq": "NEW"}},
        {"amount": {"gt": 700.5}},
        {"account": {"in": [1, 2, 3, 4, 5]}, "state": {"in": ["NEW", "SENT"]}},
        {"id": {"lte": "o15"}},
        {"payload": {"is_null": True}},
    ),
    "lines": ({"n": {"eq": 0}}, {"item": {"lt": "item 2"}}),
    "readings": ({"sensor": {"eq": 7}}, {"sensor": {"in": [1, 2]}, "value": {"gt": 50}}, {"value": {"is_null": True}}),
    "queue": ({"lane": {"eq": 1}}, {"place": {"lte": 3}}),
}


def random_subscription(rng: random.Random, name: str) -> Subscription:
    """Draw one subscription."""
    table = rng.choice(sorted(CHANNELS))
    asked: Subscription = {"id": name}
    if rng.random() < 0.3:
        asked["channels"] = [CHANNELS[table]]
        if table not in ("orders", "lines") and rng.random() < 0.5:
            asked["where"] = rng.choice(_WHERE[table])
        return asked
    asked["tables"] = [table]
    if rng.random() < 0.7:
        asked["where"] = rng.choice(_WHERE[table])
    elif rng.random() < 0.3:
        asked["events"] = rng.sample(_EVENTS, 2)
    return asked


def random_interest(rng: random.Random) -> list[Subscription]:
    """Draw what a client asks for; an empty list asks for everything."""
    return [random_subscription(rng, f"s{n}") for n in range(rng.choice((0, 1, 1, 2, 3)))]


def is_wanted(interest: Sequence[Subscription], row: Logged) -> bool:
    """Tell whether a client with this interest is to be told of a row of the log; of an internal table's, never."""
    if row.table not in CHANNELS:
        return False
    return not interest or any(_wants(asked, row) for asked in interest)


def is_shown(interest: Sequence[Subscription], table: str, row: Row) -> bool:
    """Tell whether a row of a table is one that a client with this interest shows."""
    return not interest or any(_covers(asked, table) and _accepts(asked, row) for asked in interest)


def can_mirror(interest: Sequence[Subscription]) -> bool:
    """Tell whether a client hears enough to know all the rows it asked for."""
    return not any(asked.get("events") for asked in interest)


def _wants(asked: Subscription, row: Logged) -> bool:
    if not _covers(asked, row.table):
        return False
    if row.event_type == "CAPTURE_FAILED":
        return True
    if asked.get("events") and row.event_type not in asked["events"]:
        return False
    return not row.versions or any(_accepts(asked, version) for version in row.versions)


def _covers(asked: Subscription, table: str) -> bool:
    if asked.get("tables") and table not in asked["tables"]:
        return False
    return not asked.get("channels") or CHANNELS.get(table) in asked["channels"]


def _accepts(asked: Subscription, row: Row) -> bool:
    return all(
        _test(row.get(column, _ABSENT), operator, operand)
        for column, tests in asked.get("where", {}).items()
        for operator, operand in tests.items()
    )


def _test(value: Any, operator: str, operand: Any) -> bool:
    if value is _ABSENT:
        return False
    if operator == "is_null":
        return (value is None) is operand
    if operator == "in":
        return any(_test(value, "eq", item) for item in operand)
    if value is None or _kind(value) != _kind(operand):
        return False
    verdicts = {
        "eq": lambda: value == operand,
        "neq": lambda: value != operand,
        "lt": lambda: value < operand,
        "lte": lambda: value <= operand,
        "gt": lambda: value > operand,
        "gte": lambda: value >= operand,
    }
    return bool(verdicts[operator]())


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "other"

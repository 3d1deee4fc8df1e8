"""The client decides which handlers an event is for exactly as the gateway decides who is sent it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from services.gateway.entries import Entry, Rows, versions
from services.gateway.subscribing import Asked, subscription
from shared.events import Change

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = ROOT / "clients" / "javascript" / "tests" / "matching.js"

TEXTS = ("", "a", "Z", "\u00e9", "\ud7ff", "\uff61", "\U0001f68c", "\U0001f68d", "\U0010ffff", "1")
NUMBERS = (0, 1, 1.5, -1, 2, 10**12, 0.1)
COLUMNS = ("a", "b", "c", "constructor")


def test_matching_is_the_gateways() -> None:
    rng = random.Random(20260101)
    pairs = [(draw_subscription(rng), draw_event(rng)) for _ in range(4000)]
    expected = [matches(asked, event) for asked, event in pairs]
    node = Path(sys.executable).with_name("node")
    ran = subprocess.run(
        [node, PROGRAM], input=json.dumps(pairs), capture_output=True, text=True, check=True, timeout=100
    )
    told = json.loads(ran.stdout)
    assert [pair for pair, ours, theirs in zip(pairs, expected, told, strict=True) if ours != theirs] == []
    assert 500 < sum(expected) < 3500  # both answers are tried


def matches(asked: dict[str, Any], event: dict[str, Any]) -> bool:
    """Ask the gateway."""
    wanted = subscription(msgspec.convert(asked, Asked), None, max_conditions=100)
    change = msgspec.convert(event, Change)
    internal = event["channel"] == "wasla_probe"
    entry = Entry(1, event["event_type"], event["table"], event["channel"], event["business_event"], internal, b"")
    rows = Rows(entry)
    rows._versions = versions(change)
    return wanted.matches(entry, rows)


def draw_subscription(rng: random.Random) -> dict[str, Any]:
    asked: dict[str, Any] = {"id": "s"}
    for part, names in (
        ("tables", ("bookings", "routes")),
        ("channels", ("x", "wasla_probe")),
        ("events", ("INSERT", "UPDATE", "BOOKING_CREATED")),
    ):
        if rng.random() < 0.4:
            asked[part] = rng.sample(names, rng.randrange(len(names) + 1))
    if asked.get("tables") or asked.get("channels"):
        asked["where"] = {column: draw_condition(rng) for column in rng.sample(COLUMNS, rng.randrange(3))}
    return asked


def draw_condition(rng: random.Random) -> dict[str, Any]:
    operators = rng.sample(("eq", "neq", "in", "lt", "lte", "gt", "gte", "is_null"), rng.choice((1, 1, 2)))
    return {operator: draw_operand(rng, operator) for operator in operators}


def draw_operand(rng: random.Random, operator: str) -> Any:
    if operator == "is_null":
        return rng.random() < 0.5
    if operator == "in":
        return rng.sample(rng.choice((TEXTS, NUMBERS, (True, False))), rng.choice((1, 2)))
    kinds = (TEXTS, NUMBERS) if operator in {"lt", "lte", "gt", "gte"} else (TEXTS, NUMBERS, (True, False))
    return rng.choice(rng.choice(kinds))


def draw_event(rng: random.Random) -> dict[str, Any]:
    kind = rng.choice(("INSERT", "UPDATE", "DELETE", "TRUNCATE"))
    row = None if kind == "TRUNCATE" else draw_row(rng)
    old = draw_row(rng) if kind == "UPDATE" else None
    return {
        "event_type": kind,
        "table": rng.choice(("bookings", "routes")),
        "channel": rng.choice(("x", "x", "wasla_probe")),
        "business_event": rng.choice((None, "BOOKING_CREATED")),
        "data": row,
        "old": old,
    }


def draw_row(rng: random.Random) -> dict[str, Any]:
    values = (*TEXTS, *NUMBERS, True, False, None, [1], {"a": 1})
    return {column: rng.choice(values) for column in rng.sample(COLUMNS, rng.randrange(len(COLUMNS) + 1))}

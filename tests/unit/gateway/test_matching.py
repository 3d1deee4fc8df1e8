"""The index's corners; that it equals the definition is a property's to show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.gateway import entries
from services.gateway.conditions import Condition
from services.gateway.entries import Entry, enter
from services.gateway.matching import Matcher
from services.gateway.readers import Group
from services.gateway.subscriptions import EVERYTHING, Subscription
from shared.events import Event

BOOKINGS = frozenset({"bookings"})


def entry(event_type: str = "INSERT", data: Any = None, old: Any = None) -> Entry:
    message = json.dumps({"data": {"event_type": event_type, "data": data, "old": old}}).encode()
    event = Event(1, event_type, "bookings", "booking_events", None, 0.0, message)
    return enter(event, epoch="e", received_at=0.0)


def matches(condition: Condition, event: Entry) -> bool:
    matcher: Matcher[Group] = Matcher(Group)
    group = matcher.enter(frozenset({Subscription(tables=BOOKINGS, where=frozenset({condition}))}))
    found = list(matcher.match(event))
    assert found in ([], [group])
    return bool(found)


TOWN = Condition("town", "eq", "string", "jemmal")


@pytest.mark.parametrize(
    ("condition", "event", "expected"),
    [
        (TOWN, entry(data={"town": "jemmal"}), True),
        (TOWN, entry(data={"town": "moknin"}), False),
        (TOWN, entry(data={"town": None}), False),
        (TOWN, entry(data={"town": ["jemmal"]}), False),
        (TOWN, entry(data={}), False),
        (TOWN, entry("UPDATE", data={"town": "moknin"}, old={"town": "jemmal"}), True),
        (TOWN, entry("UPDATE", data={"town": "jemmal"}, old={"seats": 1}), True),
        (TOWN, entry("TRUNCATE"), True),
        (TOWN, entry("CAPTURE_FAILED"), True),
        (Condition("town", "in", "string", ("a", "jemmal")), entry(data={"town": "jemmal"}), True),
        (Condition("town", "in", "string", ("a", "b")), entry(data={"town": "jemmal"}), False),
        (Condition("paid", "eq", "number", 1), entry(data={"paid": True}), False),
        (Condition("paid", "eq", "boolean", True), entry(data={"paid": 1}), False),
        (Condition("paid", "eq", "number", 1), entry(data={"paid": 1.0}), True),
    ],
)
def test_an_equality_is_found_by_its_value(condition: Condition, event: Entry, expected: bool) -> None:
    assert matches(condition, event) is expected


def test_rows_are_read_only_when_a_filter_needs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[object] = []
    real = entries.versions
    monkeypatch.setattr(entries, "versions", lambda change: decoded.append(change) or real(change))
    matcher: Matcher[Group] = Matcher(Group)
    matcher.enter(EVERYTHING)
    matcher.enter(frozenset({Subscription(tables=frozenset({"others"}), where=frozenset({TOWN}))}))
    matcher.match(entry(data={"town": "jemmal"}))
    assert decoded == []
    matcher.enter(frozenset({Subscription(tables=BOOKINGS, where=frozenset({TOWN}))}))
    matcher.enter(frozenset({Subscription(tables=BOOKINGS, where=frozenset({Condition("n", "gt", "number", 1)}))}))
    assert len(matcher.match(entry(data={"town": "jemmal", "n": 2}))) == 3
    assert len(decoded) == 1


def test_an_event_concerns_only_the_filters_on_its_values(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Subscription] = []
    real = Subscription.matches
    monkeypatch.setattr(Subscription, "matches", lambda self, *rest: asked.append(self) or real(self, *rest))
    matcher: Matcher[Group] = Matcher(Group)
    for number in range(1000):
        condition = Condition("town", "eq", "string", f"town {number}")
        matcher.enter(frozenset({Subscription(tables=BOOKINGS, where=frozenset({condition}))}))
    assert len(matcher.match(entry("UPDATE", data={"town": "town 7"}, old={"town": "town 8"}))) == 2
    assert len(asked) == 2


def test_readers_of_equal_interest_share_a_group_until_the_last_leaves() -> None:
    matcher: Matcher[Group] = Matcher(Group)
    first, second = matcher.enter(EVERYTHING), matcher.enter(EVERYTHING)
    assert first is second
    matcher.leave(first)
    assert list(matcher.match(entry())) == [second]
    matcher.leave(second)
    assert (len(matcher), list(matcher.match(entry()))) == (0, [])

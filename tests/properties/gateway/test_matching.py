"""Matching by index gives exactly what asking every subscription gives, and both what the protocol says."""

from __future__ import annotations

import operator
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.conditions import Condition, kind_of
from services.gateway.entries import Entry, enter
from services.gateway.matching import Matcher
from services.gateway.readers import Group
from services.gateway.subscriptions import Subscription
from shared.events import Event

TABLES = {"bookings": "booking_events", "vehicle_queue": "vehicle_events", "refunds": "booking_events"}
COLUMNS = ["seats", "town", "paid"]
EVENTS = ["INSERT", "UPDATE", "DELETE", "TRUNCATE", "BOOKING_CREATED"]

scalars = st.one_of(st.integers(0, 2), st.sampled_from([0.0, 1.0, 1.5]), st.sampled_from(["", "a", "b"]), st.booleans())
values = st.one_of(scalars, st.none(), st.just([1]), st.just({"a": 1}))
rows = st.dictionaries(st.sampled_from(COLUMNS), values, max_size=3)


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    column = draw(st.sampled_from(COLUMNS))
    name = draw(st.sampled_from(["eq", "neq", "in", "lt", "lte", "gt", "gte", "is_null"]))
    if name == "is_null":
        return Condition(column, name, "boolean", draw(st.booleans()))
    operand = draw(scalars.filter(lambda value: name not in ("lt", "lte", "gt", "gte") or not isinstance(value, bool)))
    kind = kind_of(operand)
    assert kind is not None
    if name == "in":
        more = draw(st.lists(scalars.filter(lambda value: kind_of(value) == kind), max_size=2))
        return Condition(column, name, kind, tuple({operand, *more}))
    return Condition(column, name, kind, operand)


@st.composite
def subscriptions(draw: st.DrawFn) -> Subscription:
    channels = draw(st.frozensets(st.sampled_from([*TABLES.values(), "wasla_probe"]), max_size=2))
    tables = draw(st.frozensets(st.sampled_from(list(TABLES)), max_size=2))
    where = draw(st.frozensets(conditions(), max_size=2)) if channels or tables else frozenset()
    return Subscription(channels, tables, draw(st.frozensets(st.sampled_from(EVENTS), max_size=2)), where)


@st.composite
def messages(draw: st.DrawFn) -> dict[str, Any]:
    table = draw(st.sampled_from([*TABLES, "probe"]))
    event_type = draw(st.sampled_from(["INSERT", "UPDATE", "DELETE", "TRUNCATE", "CAPTURE_FAILED"]))
    data = None if event_type in ("TRUNCATE", "CAPTURE_FAILED") else draw(st.none() | rows)
    changed = draw(st.none() | st.dictionaries(st.sampled_from(COLUMNS), values, max_size=2))
    return {
        "event_type": event_type,
        "table": table,
        "channel": TABLES.get(table, "wasla_probe"),
        "business_event": draw(st.sampled_from([None, "BOOKING_CREATED"])),
        "data": data,
        "old": changed if event_type == "UPDATE" and data is not None else None,
        "internal": table == "probe",
    }


def entry_of(message: dict[str, Any]) -> Entry:
    text = msgspec.json.encode({"message_type": "realtime_event", "data": message})
    names = ("event_type", "table", "channel", "business_event")
    event = Event(1, *[message[name] for name in names], 0.0, text, message["internal"])  # type: ignore[arg-type]
    return enter(event, epoch="e", received_at=0.0)


TESTS = {
    "eq": operator.eq,
    "neq": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


def same_kind(left: object, right: object) -> bool:
    for kind in (bool, (int, float), str):
        if isinstance(left, kind):
            return isinstance(right, kind) and isinstance(left, bool) == isinstance(right, bool)
    return False


def model_holds(condition: Condition, row: dict[str, Any]) -> bool:
    if condition.column not in row:
        return False
    value = row[condition.column]
    if condition.operator == "is_null":
        return (value is None) == condition.operand
    if condition.operator == "in":
        return any(same_kind(value, item) and value == item for item in condition.operand)
    return same_kind(value, condition.operand) and TESTS[condition.operator](value, condition.operand)


def model_matches(subscription: Subscription, message: dict[str, Any]) -> bool:
    """Say what the protocol says, one part at a time."""
    if message["internal"] and message["channel"] not in subscription.channels:
        return False
    if subscription.channels and message["channel"] not in subscription.channels:
        return False
    if subscription.tables and message["table"] not in subscription.tables:
        return False
    if message["event_type"] == "CAPTURE_FAILED":
        return True
    if subscription.events and not {message["event_type"], message["business_event"]} & subscription.events:
        return False
    row = message["data"]
    if row is None:
        return True
    versions = [row, {**row, **message["old"]}] if message["old"] else [row]
    return any(all(model_holds(condition, version) for condition in subscription.where) for version in versions)


@given(st.lists(st.frozensets(subscriptions(), max_size=3), max_size=5), st.lists(messages(), max_size=5), st.data())
@settings(max_examples=400, deadline=None)
def test_matching_is_what_the_protocol_says(
    interests: list[frozenset[Subscription]], events: list[dict[str, Any]], data: st.DataObject
) -> None:
    matcher: Matcher[Group] = Matcher(Group)
    held = [matcher.enter(interest) for interest in interests]
    for group in data.draw(st.lists(st.sampled_from(held), unique_by=id) if held else st.just([])):
        while group in held:
            held.remove(group)
            matcher.leave(group)
    assert set(matcher) == set(held)
    for message in events:
        expected = {group for group in held if any(model_matches(item, message) for item in group.interest)}
        assert set(matcher.match(entry_of(message))) == expected


@given(st.lists(st.frozensets(subscriptions(), max_size=3), max_size=5))
def test_a_matcher_without_readers_keeps_nothing(interests: list[frozenset[Subscription]]) -> None:
    matcher: Matcher[Group] = Matcher(Group)
    for group in [matcher.enter(interest) for interest in interests]:
        matcher.leave(group)
    assert len(matcher) == 0
    assert not matcher._holders
    assert matcher._tables == matcher._channels == matcher._anywhere == {}

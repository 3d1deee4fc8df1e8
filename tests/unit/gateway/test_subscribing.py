"""Subscriptions without a catalogue, and limits; what a catalogue refuses is in the table of bad input."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.conditions import Condition
from services.gateway.errors import Refusal, Slug
from services.gateway.subscribing import Asked, subscription
from services.gateway.subscriptions import Subscription
from shared.catalog import Catalog, Table

CATALOG = Catalog(
    {
        "bookings": Table("booking_events", {"seats": "number", "code": "string"}),
        "refunds": Table("booking_events", {"seats": "string"}),
        "probe": Table("wasla_probe", {"nonce": "string"}, internal=True),
    }
)


def make(catalog: Catalog | None = CATALOG, **fields: Any) -> Subscription:
    return subscription(Asked("s", **fields), catalog, max_conditions=3)


def refused(catalog: Catalog | None = CATALOG, **fields: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        make(catalog, **fields)
    return caught.value


def test_every_part_is_taken() -> None:
    made = make(
        channels=["booking_events"],
        tables=["bookings"],
        events=["INSERT", "BOOKING_CREATED"],
        where={"seats": {"gt": 1, "lte": 4}, "code": {"in": ["b", "a", "b"]}},
    )
    assert made == Subscription(
        frozenset({"booking_events"}),
        frozenset({"bookings"}),
        frozenset({"INSERT", "BOOKING_CREATED"}),
        frozenset(
            {
                Condition("seats", "gt", "number", 1),
                Condition("seats", "lte", "number", 4),
                Condition("code", "in", "string", ("a", "b")),
            }
        ),
    )


def test_equal_requests_make_equal_subscriptions() -> None:
    first = make(tables=["bookings", "refunds"], where={"code": {"in": ["a", "b"]}})
    second = make(tables=["refunds", "bookings"], where={"code": {"in": ["b", "a"]}})
    assert first == second
    assert hash(first) == hash(second)


def test_a_column_may_have_the_kind_of_any_table_concerned() -> None:
    make(channels=["booking_events"], where={"seats": {"eq": "2"}})
    make(channels=["booking_events"], where={"seats": {"eq": 2}})
    assert refused(tables=["bookings"], where={"seats": {"eq": "2"}}).slug is Slug.WRONG_VALUE_TYPE


def test_an_internal_channel_may_be_named_and_is_not_advertised() -> None:
    make(channels=["wasla_probe"])
    assert refused(channels=["nope"]).reason.endswith('(booking_events), got "nope"')


def test_without_a_catalogue_names_are_taken_and_shapes_still_checked() -> None:
    make(None, tables=["anything"], where={"anything": {"eq": 1}})
    assert refused(None, tables=["t"], where={"c": {"lt": True}}).slug is Slug.WRONG_VALUE_TYPE
    assert refused(None, tables=["t"], where={"c": {"like": 1}}).slug is Slug.UNKNOWN_OPERATOR
    assert refused(None, tables=["t"], where={"c": {"eq": {"a": 1}}}).slug is Slug.WRONG_VALUE_TYPE


def test_what_came_is_shortened_in_the_sentence() -> None:
    assert len(refused(tables=["x" * 10_000]).reason) < 300
    many = Catalog({f"table{number}": Table("c", {}) for number in range(100)})
    assert "and 80 more" in refused(many, tables=["x"]).reason


def test_an_endless_list_of_names_is_refused() -> None:
    assert refused(tables=["bookings"] * 1001).slug is Slug.TOO_MANY_CONDITIONS

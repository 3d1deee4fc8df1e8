"""Which views are asked about an event, where that is not by the values of its row."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.gateway.conditions import Condition
from services.gateway.entries import enter
from services.gateway.rights.seeing import Glance
from services.gateway.rights.view_index import ViewIndex
from services.gateway.rights.views import FULL_SIGHT, Sight, View
from shared.events import Event

ONE = Sight(frozenset({Condition("spot", "eq", "number", 1)}))
VIEWS = {
    "bound": View(frozenset({("bookings", ONE)})),
    "bound elsewhere": View(frozenset({("bookings", None)}), others=ONE),
    "by any table": View(others=ONE, internal=True),
    "whole": View(frozenset({("bookings", FULL_SIGHT)})),
    "nothing": View(),
}


def glance(event_type: str, table: str = "bookings", *, internal: bool = False, **data: Any) -> Glance:
    message = json.dumps({"data": {"event_type": event_type, **data}}).encode()
    event = Event(1, event_type, table, "booking_events", None, 0.0, message, internal)
    return Glance(enter(event, epoch="e", received_at=0.0))


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (glance("INSERT", data={"spot": 1}), {"bound", "by any table", "whole"}),
        (glance("INSERT", data={"spot": 2}), {"whole"}),
        (glance("UPDATE", data={"spot": 2}, old={"spot": 1}), {"bound", "by any table", "whole"}),
        (glance("UPDATE", data={"spot": 2}, old={"seats": 1}), {"whole"}),
        (glance("UPDATE", data={"spot": 2}), {"bound", "by any table", "whole"}),
        (glance("DELETE", data={"spot": 1}), {"bound", "by any table", "whole"}),
        (glance("INSERT", data=None), {"bound", "by any table", "whole"}),
        (glance("INSERT", data=[1]), {"bound", "by any table", "whole"}),
        (glance("TRUNCATE"), {"bound", "by any table", "whole"}),
        (glance("CAPTURE_FAILED"), {"bound", "by any table", "whole"}),
        (glance("INSERT", "others", data={"spot": 1}), {"bound elsewhere", "by any table"}),
        (glance("INSERT", "others", data={"spot": 2}), set()),
    ],
)
def test_who_is_asked(seen: Glance, expected: set[str]) -> None:
    index: ViewIndex[str] = ViewIndex()
    for name, view in VIEWS.items():
        index.add(name, view)
    found = list(index.candidates(seen))
    assert sorted(found) == sorted(expected)


def test_the_probe_concerns_views_by_a_right_of_its_own() -> None:
    index: ViewIndex[str] = ViewIndex()
    for name, view in VIEWS.items():
        index.add(name, view)
    assert "by any table" in index.candidates(glance("TEST", internal=True))


def test_who_is_taken_out_is_not_asked() -> None:
    index: ViewIndex[str] = ViewIndex()
    for name, view in VIEWS.items():
        index.add(name, view)
    for name, view in VIEWS.items():
        index.discard(name, view)
        assert name not in list(index.candidates(glance("TRUNCATE")))
    assert not index
    assert not index._by_name
    assert not index._by_others

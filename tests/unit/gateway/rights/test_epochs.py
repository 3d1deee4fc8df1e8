"""The epoch a client is told says what it could see: a client that comes back with other rights has to reload."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from services.gateway.conditions import Condition
from services.gateway.delivery import Delivery
from services.gateway.frames import payload_of
from services.gateway.history import History
from services.gateway.rights.epochs import changed_since, epoch_told
from services.gateway.rights.views import CLEAR, FULL_SIGHT, Lens, Sight, View
from services.gateway.ring import Ring
from services.gateway.subscriptions import EVERYTHING
from shared.positions import Position
from tests.unit.gateway.test_operation_counts import entries

BOOKINGS = View(frozenset({("bookings", FULL_SIGHT)}))
OTHERS = View(others=FULL_SIGHT)


def delivery_at(seq: int, epoch: str = "e") -> Delivery:
    delivery = Delivery(Ring(max_events=1000, max_bytes=10**8), History(max_pages=2, page_events=10))
    if epoch:
        delivery.reset(epoch, seq, "epoch_changed", 0.0)
    return delivery


def resume(delivery: Delivery, told: str, seq: int, view: View | None) -> list[bytes]:
    written: list[bytes] = []
    delivery.resume(written.append, EVERYTHING, Position(told, seq), view, now=0.0, monotonic=0.0)
    return written


def messages(written: list[bytes]) -> list[tuple[str, Any]]:
    decoded = [json.loads(bytes(payload_of(frame))) for frame in written]
    return [(message["message_type"], message["data"]) for message in decoded]


@pytest.mark.parametrize(("before", "now"), [(BOOKINGS, OTHERS), (None, BOOKINGS), (BOOKINGS, None)])
def test_who_comes_back_with_other_rights_reloads_once(before: View | None, now: View | None) -> None:
    delivery = delivery_at(5)
    told = delivery.joins_at(before)
    assert not delivery.can_resume(told, now)
    written = resume(delivery, told.epoch, 3, now)
    data = {"reason": "rights_changed", "tables": None, "epoch": delivery.joins_at(now).epoch, "seq": 5}
    assert messages(written) == [("resync", data)]
    again = resume(delivery, data["epoch"], 5, now)
    delivery.tell_positions(0.0)
    assert not again


@pytest.mark.parametrize("view", [BOOKINGS, None])
def test_who_comes_back_with_the_same_rights_goes_on(view: View | None) -> None:
    delivery = delivery_at(0)
    batch = entries(1, 2)
    delivery.deliver(batch)
    told = delivery.joins_at(view)
    assert delivery.can_resume(told, view)
    written = resume(delivery, told.epoch, 1, view)
    delivery.serve(10)
    assert written == [batch[1].frame]


def test_another_history_is_another_history_whatever_the_rights() -> None:
    delivery = delivery_at(5, "new")
    written = resume(delivery, epoch_told("old", BOOKINGS), 3, BOOKINGS)
    assert messages(written)[0][1]["reason"] == "epoch_changed"


def test_who_came_before_the_stream_was_joined_is_judged_when_it_is() -> None:
    delivery = delivery_at(0, "")
    assert delivery.joins_at(BOOKINGS).epoch == ""
    assert delivery.can_resume(Position("e", 1), BOOKINGS), "nothing speaks against it yet"
    written = {
        "same": resume(delivery, epoch_told("e", BOOKINGS), 4, BOOKINGS),
        "other rights": resume(delivery, epoch_told("e", BOOKINGS), 4, OTHERS),
        "other history": resume(delivery, epoch_told("f", BOOKINGS), 4, BOOKINGS),
    }
    delivery.reset("e", 4, "epoch_changed", 0.0)
    assert not written["same"]
    assert messages(written["other rights"])[0][1]["reason"] == "rights_changed"
    assert messages(written["other history"])[0][1]["reason"] == "epoch_changed"


def test_rights_that_change_on_a_live_link_are_in_all_it_is_told_from_then_on() -> None:
    delivery = delivery_at(0)
    written: list[bytes] = []
    reader = delivery.join(written.append, EVERYTHING, BOOKINGS)
    delivery.change_view(reader, View(), 0.0)
    delivery.deliver(entries(1, 1))
    delivery.tell_positions(0.0)
    (_, reload), (_, position) = messages(written)
    assert reload["reason"] == "rights_changed"
    assert reload["epoch"] == position["epoch"] == delivery.joins_at(View()).epoch
    assert reload["epoch"] != delivery.joins_at(BOOKINGS).epoch


def test_a_position_is_encoded_once_for_each_view() -> None:
    delivery = delivery_at(0)
    written: list[list[bytes]] = [[] for _ in range(6)]
    for number, writes in enumerate(written):
        delivery.join(writes.append, frozenset(), (None, View(), View(channels=frozenset()))[number % 3])
    delivery.deliver(entries(1, 1))
    delivery.tell_positions(0.0)
    assert len({id(writes[0]) for writes in written}) == 3
    assert written[0][0] is written[3][0]


LENS = Lens(hidden=frozenset({"code", "amount"}), masked=frozenset({("phone", "***"), ("name", "?")}))
WHERE = frozenset(
    {Condition("spot", "in", "number", (1, 2))} | {Condition(name, "eq", "string", "S1") for name in "defgh"}
)
RICH = View(
    frozenset({("a", Sight(WHERE, LENS)), ("b", None), ("c", Sight(WHERE)), ("d", FULL_SIGHT)}),
    Sight(lens=LENS),
    frozenset({"x", "y", "z"}),
)


def test_a_mark_is_the_same_in_every_process() -> None:
    program = "from tests.unit.gateway.rights.test_epochs import RICH; print(RICH.mark)"
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        ran = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        assert ran.stdout.strip() == RICH.mark


@pytest.mark.parametrize(
    "other",
    [
        View(RICH.tables, RICH.others, None),
        View(RICH.tables, RICH.others, frozenset({"x", "y"})),
        View(RICH.tables, None, RICH.channels),
        View(RICH.tables, RICH.others, RICH.channels, internal=True),
        View(frozenset({("a", Sight(WHERE, CLEAR)), ("b", None), ("c", Sight(WHERE)), ("d", FULL_SIGHT)})),
    ],
)
def test_another_view_has_another_mark(other: View) -> None:
    assert other.mark != RICH.mark


@pytest.mark.parametrize(
    ("one", "other", "same"), [(1, 1.0, True), (1, True, False), (1, "1", False), (0.5, 0.5, True)]
)
def test_equal_conditions_have_equal_marks(one: Any, other: Any, same: bool) -> None:
    kinds = {bool: "boolean", int: "number", float: "number", str: "string"}
    first, second = (
        View(others=Sight(frozenset({Condition("spot", "eq", kinds[type(value)], value)})))  # type: ignore[arg-type]
        for value in (one, other)
    )
    assert (first == second, first.mark == second.mark) == (same, same)
    assert (changed_since(epoch_told("e", first), "e", second) is None) is same

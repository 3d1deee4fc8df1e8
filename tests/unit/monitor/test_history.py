"""The last fifteen minutes: bounded, and with nothing in them that was not measured."""

from __future__ import annotations

import msgspec
import pytest

from services.monitor.history import KEPT, History, Sample
from services.monitor.ledger import Ledger
from services.monitor.lines import Lines
from services.monitor.observations import DatabaseView, Observations, WebSocketView
from services.monitor.roundtrip import RoundTrip
from services.monitor.sampling import take_sample
from shared.bus.messages import Beat


@pytest.fixture
def seen() -> Observations:
    ledger = Ledger(late_after=2.0, lost_after=4.0, forget_after=60.0, max_pause=1e9)
    trip = RoundTrip(interval=3.0, late_after=2.0, now=0.0)
    return Observations("box", ledger, Lines(), trip, DatabaseView(), WebSocketView())


def beat(top_seq: int, *, epoch: str = "e", leading: bool = True) -> Beat:
    return Beat("listener", leading, epoch, top_seq, True, 0.0, 1, 0.0)


def latest(seen: Observations, now: float) -> Sample:
    take_sample(seen, now=now, unix_now=1000.0 + now)
    assert seen.history.latest is not None
    return seen.history.latest


def test_the_oldest_makes_room_for_the_newest() -> None:
    history = History()
    for second in range(KEPT + 10):
        history.take(Sample(at=float(second), ready=True))
    columns = history.columns()
    assert columns["at"] == [float(second) for second in range(10, KEPT + 10)]
    assert {len(column) for column in columns.values()} == {KEPT}


def test_an_empty_history_has_its_columns() -> None:
    assert History().columns() == {name: [] for name in Sample.__struct_fields__}
    assert History().latest is None


def test_the_columns_are_json() -> None:
    history = History()
    history.take(Sample(at=1.0, ready=False))
    assert msgspec.json.decode(msgspec.json.encode(history.columns()))["total"] == [None]


def test_before_anything_is_measured_nothing_is_drawn(seen: Observations) -> None:
    sample = latest(seen, 0.0)
    assert sample == Sample(at=1000.0, ready=False)


def test_the_round_trip_is_drawn_until_delivery_is_late(seen: Observations) -> None:
    seen.round_trip.begin("n", 1.0)
    seen.round_trip.arrive({"captured": 10.2}, sent_at=10.0, received_at=10.5, now=1.5)
    sample = latest(seen, 2.0)
    assert (sample.ready, sample.total, sample.gateway) == (True, 0.5, None)
    assert (sample.captured, sample.received) == (pytest.approx(0.2), pytest.approx(0.3))
    seen.round_trip.begin("m", 3.0)
    seen.round_trip.fail("it did not arrive")
    sample = latest(seen, 5.0)
    assert (sample.ready, sample.total, sample.received) == (False, None, None), "an old figure would look alive"


def test_events_are_counted_by_the_leaders_seq(seen: Observations) -> None:
    seen.lines.hear("a", beat(100), 1.0)
    assert latest(seen, 1.0).events is None
    seen.lines.hear("b", beat(40, leading=False), 2.0)
    seen.lines.hear("a", beat(150), 2.0)
    assert latest(seen, 2.1).events == 50.0, "between the beats, not between the looks"
    assert latest(seen, 2.2).events is None, "no beat since"


def test_another_history_of_the_database_is_no_burst(seen: Observations) -> None:
    seen.lines.hear("a", beat(1_000_000), 1.0)
    latest(seen, 1.0)
    seen.lines.hear("a", beat(5, epoch="f"), 2.0)
    assert latest(seen, 2.0).events is None
    seen.lines.hear("a", beat(8, epoch="f"), 3.0)
    assert latest(seen, 3.0).events == 3.0


def test_a_silent_listener_counts_nothing(seen: Observations) -> None:
    seen.lines.hear("a", beat(100), 1.0)
    latest(seen, 1.0)
    assert latest(seen, 9.0).events is None

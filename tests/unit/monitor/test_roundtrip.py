"""The probe's state: when delivery is late, and which hop is missing."""

from __future__ import annotations

import pytest

from services.monitor.roundtrip import Hop, RoundTrip

STAMPS = {"captured": 1000.010, "sequenced": 1000.012, "published": 1000.013, "gateway": 1000.014}


def make_trip() -> RoundTrip:
    return RoundTrip(interval=3.0, late_after=2.0, now=0.0)


def arrive(trip: RoundTrip, *, sent: float, now: float) -> None:
    trip.begin("n", sent)
    trip.send(sent)
    trip.arrive(STAMPS, sent_at=1000.0, received_at=1000.016, now=now)


def test_an_arrival_is_measured_hop_by_hop() -> None:
    trip = make_trip()
    arrive(trip, sent=10.0, now=10.016)
    assert trip.last is not None
    expected = {"captured": 0.010, "sequenced": 0.002, "published": 0.001, "gateway": 0.001, "received": 0.002}
    assert {hop.label: seconds for hop, seconds in trip.last.hops.items()} == pytest.approx(expected)
    assert trip.last.total == pytest.approx(0.016)
    assert trip.lateness(10.1) is None


def test_a_clock_that_differs_makes_no_negative_hop() -> None:
    trip = make_trip()
    trip.begin("n", 0.0)
    trip.send(0.0)
    measured = trip.arrive({"captured": 900.0, "gateway": 1000.5}, sent_at=1000.0, received_at=1000.01, now=0.01)
    assert all(seconds >= 0 for seconds in measured.hops.values())
    assert Hop.SEQUENCED not in measured.hops
    assert measured.total == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("reached", "missing"),
    [
        (None, Hop.CONNECTED),
        (Hop.CONNECTED, Hop.CAPTURED),
        (Hop.CAPTURED, Hop.SEQUENCED),
        (Hop.PUBLISHED, Hop.GATEWAY),
        (Hop.GATEWAY, Hop.RECEIVED),
    ],
)
def test_the_hop_that_never_came_is_named(reached: Hop | None, missing: Hop) -> None:
    trip = make_trip()
    trip.begin("n", 1.0)
    if reached is not None:
        trip.reach(Hop.CONNECTED)
        trip.reach(reached)
    assert trip.lateness(2.9) is None
    late = trip.lateness(3.0)
    assert late is not None
    assert late.missing is missing
    assert trip.fail("why").missing is missing


def test_news_of_a_later_hop_do_not_connect_the_probe() -> None:
    trip = make_trip()
    trip.begin("n", 0.0)
    trip.reach(Hop.PUBLISHED)
    assert trip.fail("no gateway let the probe in").missing is Hop.CONNECTED


def test_news_of_an_earlier_hop_does_not_set_the_round_back() -> None:
    trip = make_trip()
    trip.begin("n", 0.0)
    trip.reach(Hop.CONNECTED)
    trip.reach(Hop.PUBLISHED)
    trip.reach(Hop.CAPTURED)
    assert trip.awaited is Hop.GATEWAY


def test_connecting_and_travelling_have_their_time_each() -> None:
    trip = make_trip()
    trip.begin("n", 0.0)
    trip.reach(Hop.CONNECTED)
    trip.send(1.9)
    assert trip.lateness(3.8) is None
    assert trip.lateness(3.9) is not None


def test_a_failure_stays_until_a_round_arrives_in_time() -> None:
    trip = make_trip()
    trip.begin("n", 0.0)
    trip.fail("no gateway answers")
    trip.begin("m", 1.0)
    late = trip.lateness(1.1)
    assert late is not None
    assert late.reason == "no gateway answers"
    arrive(trip, sent=2.0, now=2.1)
    assert trip.lateness(2.2) is None


def test_an_arrival_after_its_time_is_late_and_names_the_slowest_hop() -> None:
    trip = make_trip()
    trip.begin("n", 0.0)
    trip.send(0.0)
    stamps = {"captured": 1000.0, "sequenced": 1002.0, "published": 1002.1}
    trip.arrive(stamps, sent_at=1000.0, received_at=1002.2, now=2.2)
    late = trip.lateness(2.3)
    assert late is not None
    assert late.missing is Hop.SEQUENCED


def test_a_prober_that_hangs_makes_delivery_late() -> None:
    trip = make_trip()
    assert trip.lateness(9.9) is None
    assert trip.lateness(10.0) is not None
    arrive(trip, sent=20.0, now=20.1)
    assert trip.lateness(30.0) is None
    assert trip.lateness(30.1) is not None

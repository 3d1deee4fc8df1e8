"""The busiest day: its figures, and that it can be played as it stands."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from services.station.days import (
    CANCELLATIONS,
    ROUTES,
    SEATS,
    VEHICLES,
    WAITING_AT_THE_END,
    Arrival,
    Cancellation,
    Departure,
    Sale,
    Step,
    busiest_day,
    clock,
    expected_changes,
    seconds_of,
    up_to,
)
from services.station.departure_times import BUSIEST_HOUR, DEPARTURES, WORST_MINUTE, most_within

SEEDS = range(20)


def of_kind(steps: list[Step], kind: type[Step]) -> list[Step]:
    return [step for step in steps if isinstance(step, kind)]


@pytest.fixture(params=SEEDS)
def day(request: pytest.FixtureRequest) -> list[Step]:
    return busiest_day(request.param)


def test_the_day_has_its_figures(day: list[Step]) -> None:
    departures = of_kind(day, Departure)
    times = [step.at for step in departures]
    assert len(departures) == DEPARTURES == 322
    assert len({step.license_plate for step in departures}) == VEHICLES == 93
    assert len({step.license_plate for step in of_kind(day, Arrival)}) == VEHICLES + WAITING_AT_THE_END == 97
    assert (clock(times[0]), clock(times[-1])) == ("06:50", "18:52")
    assert most_within(times, 3600) == BUSIEST_HOUR == 47
    assert most_within(times, 60) == WORST_MINUTE == 9
    assert len(of_kind(day, Cancellation)) == CANCELLATIONS
    assert 9_500 < expected_changes(day) < 10_500


def test_it_is_in_order_and_every_route_is_served(day: list[Step]) -> None:
    assert all(one.at <= other.at for one, other in pairwise(day))
    assert {step.destination_id for step in of_kind(day, Departure)} == set(ROUTES)


def test_every_seat_is_sold_in_the_vehicle_that_is_first(day: list[Step]) -> None:
    """Played by the rules of the desk, every act does what the plan has it do."""
    queues: dict[str, list[str]] = {destination: [] for destination in ROUTES}
    sold: Counter[str] = Counter()
    for step in day:
        match step:
            case Arrival(license_plate=plate, destination_id=destination):
                assert all(plate not in queue for queue in queues.values())
                queues[destination].append(plate)
                sold[plate] = 0
            case Sale(license_plate=plate, destination_id=destination):
                first = next(waiting for waiting in queues[destination] if sold[waiting] < SEATS)
                assert first == plate
                sold[plate] += 1
            case Cancellation(license_plate=plate):
                assert 0 < sold[plate] < SEATS
                sold[plate] -= 1
            case Departure(license_plate=plate, destination_id=destination):
                assert sold[plate] == SEATS
                queues[destination].remove(plate)
    assert sum(map(len, queues.values())) == WAITING_AT_THE_END


def test_the_same_seed_is_the_same_day() -> None:
    assert busiest_day(7) == busiest_day(7)
    assert busiest_day(7) != busiest_day(8)


def test_a_day_can_end_early() -> None:
    day = busiest_day(1)
    morning = up_to(day, "08:30")
    assert morning == day[: len(morning)]
    assert morning[-1].at <= seconds_of("08:30") < day[len(morning)].at
    assert up_to(day, None) == day


def test_most_within_counts_any_window() -> None:
    assert most_within([0, 10, 59, 60, 61], 60) == 4
    assert most_within([5], 60) == 1

"""A whole day at the station as a list of acts in their order: the busiest one seen, from a seed. Pure.

The same seed gives the same day. 97 vehicles buy a day pass, 93 of them leave 322 times, full, and four still wait at
the end. A vehicle belongs to one route; on each route they leave in the order they came in, as the queue has it. Seats
are sold one by one, while the vehicle is the first of its queue; some are given back and sold again. Times are seconds
of the day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from services.station.departure_times import FIRST, departure_times

SEATS = 8
VEHICLES = 93
WAITING_AT_THE_END = 4
CANCELLATIONS = 40
ROUTES: Mapping[str, int] = {
    "station-jemmal": 28,
    "station-moknin": 23,
    "station-ksar-hellal": 19,
    "station-teboulba": 14,
    "station-sahline": 9,
}
"""How many of the vehicles that leave belong to each route."""

CHANGES_PER_DEPARTURE = 30
"""Rows that change when a vehicle comes, is filled by eight single bookings and leaves."""

_AT_THE_STATION = 1500.0
_DOOR = 0.3
"""Seconds between the last seat and the departure."""


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """Something the desk does at ``at``."""

    at: float


@dataclass(frozen=True, slots=True, order=True)
class Arrival(Step):
    """A vehicle enters the queue."""

    license_plate: str
    destination_id: str


@dataclass(frozen=True, slots=True, order=True)
class Sale(Step):
    """One seat is sold to a destination; the plan has it in that vehicle."""

    destination_id: str
    license_plate: str


@dataclass(frozen=True, slots=True, order=True)
class Cancellation(Step):
    """The latest booking of a vehicle is given back."""

    license_plate: str


@dataclass(frozen=True, slots=True, order=True)
class Departure(Step):
    """A vehicle leaves."""

    license_plate: str
    destination_id: str


@dataclass(frozen=True, slots=True)
class _Trip:
    license_plate: str
    destination_id: str
    enters_at: float
    loads_from: float
    leaves_at: float


def busiest_day(seed: int) -> list[Step]:
    """Return the day's acts in order."""
    random = Random(seed)  # noqa: S311 - a simulation, not a secret
    plates = _plates(random)
    trips = _trips(random, departure_times(random), plates)
    steps = [step for trip in trips for step in _arrival_and_departure(trip)]
    cancelled = set(random.sample(range(len(trips)), CANCELLATIONS))
    for place, trip in enumerate(trips):
        steps.extend(_sales(random, trip, is_one_cancelled=place in cancelled))
    ends_at = max(trip.leaves_at for trip in trips)
    for place, plate in enumerate(plates[VEHICLES:]):
        steps.append(Arrival(ends_at - 60.0 * (place + 1), plate, list(ROUTES)[place]))
    return sorted(steps, key=lambda step: step.at)


def up_to(steps: Sequence[Step], clock_time: str | None) -> list[Step]:
    """Return the acts until ``HH:MM``, all of them for None."""
    return [step for step in steps if clock_time is None or step.at <= seconds_of(clock_time)]


def expected_changes(steps: Sequence[Step]) -> int:
    """Return how many watched rows the day changes where nobody else is at the desk and no vehicle had a pass."""
    cancellations = sum(isinstance(step, Cancellation) for step in steps)
    departures = sum(isinstance(step, Departure) for step in steps)
    # A booking given back and sold again is two changes each, and lets go of its vehicle at the departure.
    return departures * CHANGES_PER_DEPARTURE + cancellations * 5 + VEHICLES + 2 * WAITING_AT_THE_END


def clock(seconds: float) -> str:
    """Return a time of the day as ``HH:MM``."""
    return f"{int(seconds) // 3600:02d}:{int(seconds) // 60 % 60:02d}"


def seconds_of(clock_time: str) -> float:
    """Return ``HH:MM`` as seconds of the day."""
    hours, minutes = clock_time.split(":")
    return float(int(hours) * 3600 + int(minutes) * 60)


def _plates(random: Random) -> list[str]:
    numbers = random.sample(range(1000, 10_000), VEHICLES + WAITING_AT_THE_END)
    return [f"{random.randrange(120, 250)} TUN {number}" for number in numbers]


def _trips(random: Random, times: Sequence[float], plates: Sequence[str]) -> list[_Trip]:
    """Share the departures out to the routes by their vehicles, and on each route to the vehicles in turn."""
    fleets: dict[str, list[str]] = {}
    taken = 0
    for destination, size in ROUTES.items():
        fleets[destination] = list(plates[taken : taken + size])
        taken += size
    turns: dict[str, list[float]] = {destination: [] for destination in ROUTES}
    for time, destination in zip(times, _interleaved(random, len(times)), strict=True):
        turns[destination].append(time)
    return [
        trip for destination, own in turns.items() for trip in _queue(random, destination, own, fleets[destination])
    ]


def _interleaved(random: Random, count: int) -> list[str]:
    """Return *count* destinations, each as often as its vehicles have it, evenly mixed."""
    marks: list[tuple[float, str]] = []
    for destination, size in ROUTES.items():
        share = round(count * size / VEHICLES)
        offset = random.random()
        marks.extend(((turn + offset) / share, destination) for turn in range(share))
    names = [destination for _, destination in sorted(marks)]
    while len(names) < count:
        names.append(next(iter(ROUTES)))
    return names[:count]


def _queue(random: Random, destination: str, times: Sequence[float], fleet: Sequence[str]) -> Iterator[_Trip]:
    """Yield the trips of one route: they enter in the order they leave, each when the one before has left loads."""
    entered, left = 0.0, FIRST - _AT_THE_STATION
    for turn, leaves_at in enumerate(times):
        enters_at = max(entered + 1.0, leaves_at - random.uniform(0.4, 1.0) * _AT_THE_STATION)
        loads_from = max(enters_at, left) + 0.2
        yield _Trip(fleet[turn % len(fleet)], destination, enters_at, loads_from, leaves_at)
        entered, left = enters_at, leaves_at


def _arrival_and_departure(trip: _Trip) -> Iterator[Step]:
    yield Arrival(trip.enters_at, trip.license_plate, trip.destination_id)
    yield Departure(trip.leaves_at, trip.license_plate, trip.destination_id)


def _sales(random: Random, trip: _Trip, *, is_one_cancelled: bool) -> Iterator[Step]:
    last = trip.leaves_at - _DOOR
    times = sorted(random.uniform(trip.loads_from, last - 0.2) for _ in range(SEATS - 1))
    yield from (Sale(at, trip.destination_id, trip.license_plate) for at in [*times, last])
    if is_one_cancelled:
        before, after = list(pairwise(times))[random.randrange(1, SEATS - 2)]
        yield Cancellation(before + (after - before) / 3, trip.license_plate)
        yield Sale(before + (after - before) * 2 / 3, trip.destination_id, trip.license_plate)

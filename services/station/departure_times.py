"""When vehicles leave on the busiest day seen: drawn from a seed, with that day's figures. Pure; seconds of the day.

322 departures from 06:50 to 18:52, 47 of them in the busiest hour and 9 in the worst minute, whatever hour or minute
is looked at. The busiest hour is drawn first, with a burst in it and a lull on both sides; the rest of the day is
spread evenly, with jitter. A draw in which another hour came out busier is thrown away.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from random import Random

DEPARTURES = 322
BUSIEST_HOUR = 47
WORST_MINUTE = 9
FIRST, LAST = 6 * 3600 + 50 * 60, 18 * 3600 + 52 * 60
"""The first and the last departure, in seconds of the day."""

_HOUR, _MINUTE = 3600.0, 60.0
_LULL = 300.0
"""Seconds without a departure before and after the busiest hour, so that no other hour overlaps enough of it."""


def departure_times(random: Random) -> list[float]:
    """Return the times in order, 322 of them."""
    while True:
        times = _draw(random)
        if most_within(times, _HOUR) == BUSIEST_HOUR and most_within(times, _MINUTE) == WORST_MINUTE:
            return times


def most_within(times: Sequence[float], window: float) -> int:
    """Return the largest number of *times*, in order, in any half-open window of that many seconds."""
    return max(bisect_left(times, time + window) - place for place, time in enumerate(times))


def _draw(random: Random) -> list[float]:
    begin = random.uniform(7.2, 7.6) * _HOUR
    end = begin + _HOUR
    quiet_before, quiet_after = begin - _LULL - FIRST, LAST - end - _LULL
    others = DEPARTURES - BUSIEST_HOUR - 2
    before = round(others * quiet_before / (quiet_before + quiet_after))
    times = [
        float(FIRST),
        *_spread(random, FIRST + 30, begin - _LULL, before),
        *_busiest_hour(random, begin, end),
        *_spread(random, end + _LULL, LAST - 30, others - before),
        float(LAST),
    ]
    return sorted(round(time, 1) for time in times)


def _busiest_hour(random: Random, begin: float, end: float) -> list[float]:
    middle = (begin + end) / 2
    burst = [middle + 6.0 * place + random.uniform(0, 3) for place in range(WORST_MINUTE)]
    rest = BUSIEST_HOUR - WORST_MINUTE
    halves = [(begin, middle - _MINUTE, rest // 2), (middle + 2 * _MINUTE, end - 1, rest - rest // 2)]
    return burst + [time for first, last, count in halves for time in _spread(random, first, last, count)]


def _spread(random: Random, first: float, last: float, count: int) -> list[float]:
    """Return *count* times between two, each somewhere in a share of its own."""
    share = (last - first) / max(count, 1)
    return [first + share * (place + random.uniform(0.1, 0.9)) for place in range(count)]

"""A bucket, whatever comes when: never more than it says, and never less than it says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.rates import Bucket

steps = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), min_size=1, max_size=200)
"""Pauses in tenths of a second, and amounts."""


@given(steps, st.integers(1, 30), st.integers(20, 100))
def test_in_no_time_it_takes_more_than_a_rush_and_what_drains(
    steps: list[tuple[int, int]], rate: int, burst: int
) -> None:
    bucket, now = Bucket(), 1_000_000
    taken: list[tuple[int, int]] = []
    for pause, amount in steps:
        now += pause
        if bucket.takes(amount, now / 10, rate=rate, burst=burst):
            taken.append((now, amount))
    for first, (since, _) in enumerate(taken):
        total = 0
        for at, amount in taken[first:]:
            total += amount
            assert total <= burst + rate * (at - since) / 10 + 1e-3


@given(steps, st.integers(20, 100))
def test_who_stays_within_the_rate_is_never_refused(steps: list[tuple[int, int]], burst: int) -> None:
    bucket, now, rate = Bucket(), 0.0, 7
    for _, amount in steps:
        assert bucket.takes(amount, now, rate=rate, burst=burst)
        now += amount / rate + 1e-9


@given(steps, st.integers(1, 30), st.integers(20, 100))
def test_who_waits_as_long_as_it_says_has_room(steps: list[tuple[int, int]], rate: int, burst: int) -> None:
    bucket, now = Bucket(), 0.0
    for pause, amount in steps:
        now += pause / 10
        if not bucket.takes(amount, now, rate=rate, burst=burst):
            wait = bucket.wait(amount, now, rate=rate, burst=burst)
            assert wait > 0
            now += wait + 1e-6
            assert bucket.takes(amount, now, rate=rate, burst=burst)

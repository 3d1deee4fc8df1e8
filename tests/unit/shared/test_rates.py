"""Counts of a second, and buckets that drain."""

from __future__ import annotations

from shared.rates import Bucket, Rate


def test_the_limit_itself_is_allowed_and_each_second_counts_anew() -> None:
    rate = Rate()
    assert [rate.exceeds(2, 7.0 + step / 10) for step in range(4)] == [False, False, True, True]
    assert [rate.exceeds(2, 8.0), rate.exceeds(2, 8.9), rate.exceeds(2, 8.95)] == [False, False, True]


def test_a_bucket_takes_a_rush_and_then_what_drains() -> None:
    bucket = Bucket()
    assert [bucket.takes(1, 5e9, rate=2, burst=3) for _ in range(5)] == [True, True, True, False, False]
    assert bucket.wait(1, 5e9, rate=2, burst=3) == 0.5
    assert [bucket.takes(1, 5e9 + 1, rate=2, burst=3) for _ in range(3)] == [True, True, False]
    assert [bucket.takes(1, 5e9 + 100, rate=2, burst=3) for _ in range(4)] == [True, True, True, False]


def test_a_bucket_takes_what_fits_and_nothing_of_what_does_not() -> None:
    bucket = Bucket()
    assert not bucket.takes(11, 0.0, rate=1, burst=10)
    assert bucket.takes(10, 0.0, rate=1, burst=10)
    assert bucket.wait(4, 1.0, rate=1, burst=10) == 3.0


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    bucket = Bucket()
    assert [bucket.takes(1, 1e9, rate=1, burst=2) for _ in range(3)] == [True, True, False]
    assert not bucket.takes(1, 0.0, rate=1, burst=2)
    assert [bucket.takes(1, float(second), rate=1, burst=2) for second in range(1, 4)] == [True, True, True]

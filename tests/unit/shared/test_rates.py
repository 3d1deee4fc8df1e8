"""The count of a second."""

from __future__ import annotations

from shared.rates import Rate


def test_the_limit_itself_is_allowed_and_each_second_counts_anew() -> None:
    rate = Rate()
    assert [rate.exceeds(2, 7.0 + step / 10) for step in range(4)] == [False, False, True, True]
    assert [rate.exceeds(2, 8.0), rate.exceeds(2, 8.9), rate.exceeds(2, 8.95)] == [False, False, True]

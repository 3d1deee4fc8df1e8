"""The backoff's delays stay under a doubling ceiling and start anew after success."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from shared.backoff import Backoff


@given(failures=st.integers(0, 200), first=st.floats(0.01, 5), cap=st.floats(5, 60), seed=st.integers())
def test_delay_is_under_the_doubled_ceiling_and_the_cap(failures: int, first: float, cap: float, seed: int) -> None:
    backoff = Backoff(first=first, cap=cap, rng=random.Random(seed))
    delays = [backoff.next_delay() for _ in range(failures + 1)]
    for attempt, delay in enumerate(delays):
        assert 0 <= delay <= min(cap, first * 2.0 ** min(attempt, 32))


def test_many_peers_spread_over_the_whole_interval() -> None:
    first_delays = [Backoff(first=1.0, rng=random.Random(seed)).next_delay() for seed in range(1000)]
    for tenth in range(10):
        inside = [delay for delay in first_delays if tenth / 10 <= delay < (tenth + 1) / 10]
        assert len(inside) > 50, "without jitter all peers of one failure come back in the same instant"


def test_success_starts_anew() -> None:
    backoff = Backoff(first=0.5, cap=30)
    for _ in range(20):
        backoff.next_delay()
    backoff.succeeded()
    assert backoff.next_delay() <= 0.5

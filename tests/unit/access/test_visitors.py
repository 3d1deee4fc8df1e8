"""The rates of sites: each its own, and never more of them than are remembered."""

from __future__ import annotations

from shared.access.visitors import MAX_SITES, SiteRates


def test_each_site_has_its_own_rate() -> None:
    rates = SiteRates(rate=1, burst=2)
    assert [rates.takes(1, 0.0) for _ in range(3)] == [True, True, False]
    assert rates.takes(2, 0.0)
    assert (rates.wait(1, 0.0), rates.wait(2, 0.0), rates.wait(3, 0.0)) == (1.0, 0.0, 0.0)


def test_what_is_larger_than_a_rush_counts_as_one() -> None:
    rates = SiteRates(rate=1, burst=10)
    assert rates.takes(1, 0.0, 1_000_000)
    assert not rates.takes(1, 0.0, 1)
    assert rates.takes(1, 10.0, 1_000_000)


def test_whoever_comes_from_everywhere_takes_no_memory_and_who_keeps_coming_is_remembered() -> None:
    rates = SiteRates(rate=1, burst=3)
    assert [rates.takes(0, 0.0) for _ in range(2)] == [True, True]
    for stranger in range(1, 3 * MAX_SITES):
        rates.takes(stranger, 0.0)
        if stranger == MAX_SITES // 2:
            assert rates.takes(0, 0.0)
        if stranger == MAX_SITES:
            assert not rates.takes(0, 0.0)
    assert len(rates) == MAX_SITES

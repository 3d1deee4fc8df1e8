"""The ring's bounds, and that it never hands out a hole."""

from __future__ import annotations

import pytest

from services.gateway.entries import ENTRY_OVERHEAD, Entry
from services.gateway.history import History
from services.gateway.ring import Page, Ring


def entry(seq: int, size: int = 10) -> Entry:
    return Entry(seq, "INSERT", "t", "c", None, False, b"x" * size)


def entries(first: int, last: int) -> list[Entry]:
    return [entry(seq) for seq in range(first, last + 1)]


def test_a_ring_holds_the_most_recent_events() -> None:
    ring = Ring(max_events=3, max_bytes=10**6)
    ring.reset("e", 10)
    ring.extend(entries(11, 15))
    assert (ring.after_seq, ring.top, len(ring)) == (12, 15, 3)
    assert [ring.holds(seq) for seq in (12, 13, 15, 16)] == [False, True, True, False]
    assert [item.seq for item in ring.after(12, 2)] == [13, 14]
    assert [item.seq for item in ring.after(15, 2)] == []


def test_a_ring_is_bounded_by_bytes_and_keeps_at_least_the_newest() -> None:
    ring = Ring(max_events=100, max_bytes=3 * (ENTRY_OVERHEAD + 10))
    ring.reset("e", 0)
    ring.extend(entries(1, 10))
    assert (len(ring), ring.bytes) == (3, 3 * (ENTRY_OVERHEAD + 10))
    ring.extend([entry(11, size=10**6)])
    assert (ring.after_seq, ring.top) == (10, 11)


def test_positions_survive_the_removal_of_thousands() -> None:
    ring = Ring(max_events=5, max_bytes=10**6)
    ring.reset("e", 0)
    for first in range(1, 10_000, 7):
        ring.extend(entries(first, first + 6))
        assert [item.seq for item in ring.after(ring.after_seq, 10)] == list(range(first + 2, first + 7))


def test_an_event_out_of_order_is_a_defect() -> None:
    ring = Ring(max_events=5, max_bytes=10**6)
    with pytest.raises(AssertionError, match="in order"):
        ring.extend([entry(2)])
    with pytest.raises(AssertionError, match="holds"):
        ring.after(7, 1)


def test_history_finds_the_page_of_a_position_and_forgets_the_oldest() -> None:
    history = History(max_pages=2, page_events=10)
    for after in (0, 10, 20):
        history.add(Page(after, entries(after + 1, after + 10)))
    assert history.holding(5) is None
    page = history.holding(12)
    assert page is not None
    assert [item.seq for item in page.after(11, 2)] == [12, 13]
    history.clear()
    assert history.holding(12) is None


def test_a_page_under_way_counts_for_whoever_stands_within_it() -> None:
    history = History(max_pages=2, page_events=10)
    history.ask(100)
    assert [history.is_asked(seq) for seq in (99, 100, 109, 110)] == [False, True, True, False]
    history.answered(100)
    assert not history.is_asked(100)

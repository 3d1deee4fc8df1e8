"""What a listener keeps until the stream holds it."""

from __future__ import annotations

import pytest

from shared.bus.jetstream.backlog import Backlog, fitting
from shared.bus.messages import Batch
from shared.events import Event


def batch(after_seq: int, count: int, *, epoch: str = "e", size: int = 10) -> Batch:
    events = [
        Event(seq, "INSERT", "t", "c", None, 1.0, b"x" * size) for seq in range(after_seq + 1, after_seq + count + 1)
    ]
    return Batch(epoch, after_seq, events, float(after_seq), float(after_seq))


def seqs(taken: Batch | None) -> list[int]:
    return [] if taken is None else [event.seq for event in taken.events]


def filled(*batches: Batch, max_batches: int = 10) -> Backlog:
    backlog = Backlog(max_batches)
    for each in batches:
        backlog.offer(each)
    return backlog


def test_batches_are_joined_from_the_position_on() -> None:
    backlog = filled(batch(0, 3), batch(3, 2), batch(5, 1))
    taken = backlog.take(1, 100, 10_000)
    assert taken is not None
    assert (seqs(taken), taken.after_seq, taken.published_at) == ([2, 3, 4, 5, 6], 1, 0.0)


@pytest.mark.parametrize(("events", "size", "expected"), [(2, 10_000, [1, 2]), (100, 25, [1, 2]), (100, 1, [1])])
def test_no_more_is_taken_than_fits_and_one_always_does(events: int, size: int, expected: list[int]) -> None:
    assert seqs(filled(batch(0, 3), batch(3, 3)).take(0, events, size)) == expected


def test_nothing_follows_the_top() -> None:
    assert filled(batch(0, 3)).take(3, 100, 100) is None
    assert Backlog(5).take(0, 100, 100) is None


def test_what_is_stored_is_let_go() -> None:
    backlog = filled(batch(0, 3), batch(3, 3))
    backlog.stored(4)
    assert (backlog.after_seq, backlog.top, seqs(backlog.take(4, 100, 1000))) == (3, 6, [5, 6])
    backlog.stored(6)
    assert (backlog.after_seq, backlog.top) == (6, 6)


def test_the_oldest_go_first_when_there_are_too_many() -> None:
    assert filled(*(batch(seq, 1) for seq in range(5)), max_batches=2).after_seq == 3


@pytest.mark.parametrize("other", [batch(0, 2, epoch="f"), batch(9, 1), batch(1, 1)])
def test_what_does_not_continue_begins_anew(other: Batch) -> None:
    backlog = filled(batch(0, 3), other)
    assert (backlog.epoch, backlog.after_seq, backlog.top) == (other.epoch, other.after_seq, other.events[-1].seq)


def test_events_that_fit_are_the_first_ones() -> None:
    assert [event.seq for event in fitting(batch(0, 5).events, 3, 1000)] == [1, 2, 3]

"""Where the answer to a replay request comes from, and what it holds."""

from __future__ import annotations

import pytest

from services.pg_listener.replay import RecentEvents
from shared.bus.messages import ReplayRequest
from shared.events import Event


def event(seq: int, size: int = 100) -> Event:
    return Event(seq, "INSERT", "bookings", "booking_events", None, 0.0, b"x" * size)


def events(first: int, last: int, size: int = 100) -> list[Event]:
    return [event(seq, size) for seq in range(first, last + 1)]


def asks(after_seq: int, *, epoch: str = "e1", max_events: int = 1000, max_bytes: int = 1_000_000) -> ReplayRequest:
    return ReplayRequest(9, epoch, after_seq, max_events, max_bytes)


@pytest.fixture
def recent() -> RecentEvents:
    """Seqs 101 to 110."""
    recent = RecentEvents(max_events=10, max_bytes=1_000_000)
    recent.restart("e1", 100)
    recent.append(events(101, 110))
    return recent


@pytest.mark.parametrize("after_seq", [100, 104, 109])
def test_what_memory_holds_is_answered_from_memory(recent: RecentEvents, after_seq: int) -> None:
    reply = recent.answer(asks(after_seq))
    assert reply is not None
    assert [event.seq for event in reply.events] == list(range(after_seq + 1, 111))
    assert (reply.request_id, reply.epoch, reply.after_seq, reply.top_seq) == (9, "e1", after_seq, 110)
    assert not reply.expired


@pytest.mark.parametrize("after_seq", [110, 111, 10_000])
def test_a_reader_at_the_top_or_ahead_of_it_gets_no_events(recent: RecentEvents, after_seq: int) -> None:
    reply = recent.answer(asks(after_seq))
    assert reply is not None
    assert (reply.events, reply.top_seq, reply.expired) == ([], 110, False)


def test_another_epoch_gets_the_one_in_force_and_no_events(recent: RecentEvents) -> None:
    reply = recent.answer(asks(50, epoch="e0"))
    assert reply is not None
    assert (reply.epoch, reply.events, reply.expired) == ("e1", [], False)


def test_what_memory_no_longer_holds_is_asked_of_the_log(recent: RecentEvents) -> None:
    assert recent.answer(asks(99)) is None
    recent.append(events(111, 111))
    assert recent.answer(asks(100)) is None


def test_an_answer_is_bounded_by_events_and_by_bytes_but_gets_on(recent: RecentEvents) -> None:
    def answered(**limits: int) -> list[int]:
        reply = recent.answer(asks(100, **limits))
        assert reply is not None
        return [event.seq for event in reply.events]

    assert answered(max_events=3) == [101, 102, 103]
    assert answered(max_bytes=250) == [101, 102]
    assert answered(max_bytes=1) == [101]
    assert answered(max_events=0) == [101]


def test_memory_is_bounded_by_bytes() -> None:
    recent = RecentEvents(max_events=1000, max_bytes=10_000)
    recent.restart("e1", 0)
    for seq in range(1, 101):
        recent.append([event(seq, 1000)])
    assert recent.answer(asks(50)) is None
    reply = recent.answer(asks(97))
    assert reply is not None
    assert len(reply.events) == 3


def test_an_event_larger_than_all_memory_is_not_kept() -> None:
    recent = RecentEvents(max_events=10, max_bytes=1000)
    recent.restart("e1", 0)
    recent.append([event(1, 5000)])
    assert recent.top_seq == 1
    assert recent.answer(asks(0)) is None


def test_a_new_epoch_forgets_the_old_events(recent: RecentEvents) -> None:
    recent.restart("e2", 5)
    recent.append(events(6, 6))
    assert recent.answer(asks(4, epoch="e2")) is None
    reply = recent.answer(asks(5, epoch="e2"))
    assert reply is not None
    assert [event.seq for event in reply.events] == [6]


@pytest.mark.parametrize("seqs", [(112,), (110,), (111, 113), (111, 111)])
def test_a_hole_or_a_repetition_is_never_taken_in(recent: RecentEvents, seqs: tuple[int, ...]) -> None:
    with pytest.raises(AssertionError, match="without a hole"):
        recent.append([event(seq) for seq in seqs])


class TestFromTheLog:
    def test_consecutive_events(self, recent: RecentEvents) -> None:
        reply = recent.reply_from_log(asks(50), "e1", events(51, 60))
        assert [event.seq for event in reply.events] == list(range(51, 61))
        assert not reply.expired

    @pytest.mark.parametrize("kept", [[], events(80, 90)], ids=["nothing", "a later part"])
    def test_a_position_that_the_log_dropped_is_expired(self, recent: RecentEvents, kept: list[Event]) -> None:
        reply = recent.reply_from_log(asks(50), "e1", kept)
        assert reply.expired
        assert reply.events == []

    def test_the_epoch_changed_meanwhile(self, recent: RecentEvents) -> None:
        reply = recent.reply_from_log(asks(50), "e2", events(51, 60))
        assert (reply.events, reply.expired) == ([], False)

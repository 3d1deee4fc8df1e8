"""What the intake decides where the bus stores the stream."""

from __future__ import annotations

from services.gateway.intake import MAX_ASKING_DELAY, STORED_WITHIN, Ask, Intake, Joined
from shared.bus.contract import Standing
from shared.bus.messages import Batch, Beat
from shared.events import Event
from shared.line_book import FORGOTTEN_AFTER, SILENT_AFTER, LineBook, LineState

STORE = "the stream"


def beat(top: int, *, epoch: str = "e", leading: bool = True) -> Beat:
    return Beat("l", leading, epoch, top, True, 0.0, 1, 0.0)


def batch(first: int, last: int) -> Batch:
    return Batch("e", first - 1, [Event(n, "INSERT", "t", "c", None, 0.0, b"x") for n in range(first, last + 1)], 0, 0)


def intake() -> Intake:
    return Intake(100, 10**6, shared_stream=True)


def test_without_any_listener_the_stream_says_where_to_join() -> None:
    made = intake()
    assert made.on_standing(STORE, Standing("e", 7), 0.0) == Joined("e", 7, "epoch_changed")
    assert [event.seq for event in made.on_batch(STORE, batch(7, 9), 0.1)] == [8, 9]


def test_what_the_stream_holds_and_did_not_come_is_asked_for_of_the_stream() -> None:
    made = intake()
    made.on_standing(STORE, Standing("e", 7), 0.0)
    assert made.on_standing(STORE, Standing("e", 9), 1.0) is None
    assert made.next_request(1.0 + STORED_WITHIN + MAX_ASKING_DELAY) == Ask(STORE, "e", 7)


def test_events_that_a_beat_has_overtaken_are_awaited_not_asked_for() -> None:
    made = intake()
    made.on_beat("a", beat(5), 0.0)
    made.on_beat("a", beat(9), 1.0)
    assert made.next_request(1.0 + STORED_WITHIN) is None
    made.on_batch(STORE, batch(6, 9), 1.0 + STORED_WITHIN)
    assert not made.wants_request


def test_a_listener_is_believed_before_the_stream() -> None:
    made = intake()
    made.on_beat("a", beat(5, epoch="new"), 0.0)
    assert made.on_standing(STORE, Standing("old", 90), 0.5) is None
    assert (made.epoch, made.top) == ("new", 5)
    assert made.on_standing(STORE, Standing("old", 90), SILENT_AFTER + 1) is None, "it is not known to be over"
    assert (made.epoch, made.top) == ("new", 5)


def test_an_epoch_that_the_stream_named_and_a_listener_confirmed_stays_too() -> None:
    made = intake()
    made.on_standing(STORE, Standing("e", 5), 0.0)
    made.on_beat("a", beat(5), 0.1)
    assert made.on_standing(STORE, Standing("other", 90), SILENT_AFTER + 1) is None
    assert made.epoch == "e"


def test_a_listener_that_has_not_seen_the_database_keeps_nobody_from_joining() -> None:
    made = intake()
    made.on_beat("a", Beat("l", False, "", 0, False, 0.0, 0, 0.0), 0.0)
    assert made.on_standing(STORE, Standing("e", 7), 0.1) == Joined("e", 7, "epoch_changed")


def test_a_listener_that_beats_is_asked_rather_than_the_stream_alone() -> None:
    made = intake()
    made.on_standing(STORE, Standing("e", 7), 0.0)
    made.on_beat("a", beat(9), 0.1)
    assert made.best_line(0.2) == "a"
    assert made.best_line(0.2 + SILENT_AFTER + 1) == STORE


def test_a_listener_whose_events_come_by_the_stream_loses_none() -> None:
    made = intake()
    made.on_beat("a", beat(5), 0.0)
    made.on_batch(STORE, batch(6, 9), 0.1)
    made.on_beat("a", beat(9), 0.2)
    (verdict,) = made.book.judge(3.0)
    assert verdict.state is not LineState.LOSING
    assert (made.arrivals[STORE].first, made.arrivals["a"].missed) == (4, 0)


def test_a_listener_that_nobody_has_configured_is_forgotten_when_it_is_gone() -> None:
    book = LineBook()
    book.expect(["configured"], 0.0)
    for line in ("configured", "met"):
        book.hear(line, beat(1), 0.0)
    assert [verdict.line for verdict in book.judge(FORGOTTEN_AFTER)] == ["configured", "met"]
    assert [verdict.line for verdict in book.judge(FORGOTTEN_AFTER + 1)] == ["configured"]

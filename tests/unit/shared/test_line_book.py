"""What ails a line, when it is said, and when it is over."""

from __future__ import annotations

import pytest

from shared.bus.messages import Beat
from shared.line_book import PATIENCE, REMEMBERED_FOR, SILENT_AFTER, UNHEARD_AFTER, LineBook, LineState, Verdict

A, B = "tcp://10.0.0.1:8767", "tcp://10.0.0.2:8767"
A_LITTLE = 0.01


def beat(top: int = 10, *, leading: bool = False, epoch: str = "e", up: bool = True) -> Beat:
    return Beat("l", leading, epoch, top, up, 0.0, 1, 0.0)


def of(book: LineBook, line: str, now: float) -> Verdict:
    return next(verdict for verdict in book.judge(now) if verdict.line == line)


def state(book: LineBook, line: str, now: float) -> LineState:
    return of(book, line, now).state


@pytest.fixture
def book() -> LineBook:
    """A leads, B stands by, both are where they should be."""
    book = LineBook()
    book.expect([A, B], 0.0)
    book.hear(A, beat(leading=True), 0.0)
    book.hear(B, beat(), 0.0)
    return book


def test_two_lines_that_stand_level_are_good(book: LineBook) -> None:
    assert [(verdict.line, verdict.state, verdict.remark) for verdict in book.judge(1.0)] == [
        (A, LineState.GOOD, None),
        (B, LineState.GOOD, None),
    ]


def test_a_configured_line_is_awaited_before_it_is_missed() -> None:
    book = LineBook()
    book.expect([A], 5.0)
    assert state(book, A, 5.0 + UNHEARD_AFTER) is LineState.AWAITED
    assert of(book, A, 5.0).remark is None
    assert state(book, A, 5.1 + UNHEARD_AFTER) is LineState.UNHEARD
    assert of(book, A, 11.0).remark == f"the listener at {A} was never heard from"


def test_a_line_without_beats_is_silent_for_as_long_as_they_are_missing(book: LineBook) -> None:
    book.hear(B, beat(), 1.0)
    assert state(book, B, 1.0 + SILENT_AFTER) is LineState.GOOD
    verdict = of(book, B, 4.0)
    assert (verdict.state, verdict.age) == (LineState.SILENT, 3.0)
    book.hear(B, beat(), 4.0)
    assert state(book, B, 4.0) is LineState.GOOD


def test_a_standby_without_its_database_could_not_take_over(book: LineBook) -> None:
    for second in range(1, 5):
        book.hear(B, beat(up=False), float(second))
    assert state(book, B, 1.0 + PATIENCE - A_LITTLE) is LineState.GOOD
    assert state(book, B, 1.0 + PATIENCE) is LineState.NO_DATABASE
    book.hear(B, beat(), 4.0)
    assert state(book, B, 4.0) is LineState.GOOD


def test_a_line_that_does_not_reach_in_time_what_another_had_is_behind(book: LineBook) -> None:
    book.hear(A, beat(50, leading=True), 1.0)
    for at in (1.1, 2.0, 3.0):
        book.hear(B, beat(20), at)
    assert state(book, B, 1.0 + PATIENCE) is LineState.GOOD, "it is given its time"
    verdict = of(book, B, 1.1 + PATIENCE)
    assert (verdict.state, verdict.behind) == (LineState.BEHIND, 30)


def test_a_line_that_follows_is_not_behind_however_fast_the_other_goes(book: LineBook) -> None:
    """Under a flood a standby is always a few batches short, and what it is short of is never the same for long."""
    for step in range(1, 40):
        now = step * 0.25
        book.hear(A, beat(1000 * step, leading=True), now)
        book.hear(B, beat(1000 * (step - 2)), now)
        assert state(book, B, now) is LineState.GOOD
        assert of(book, B, now).behind > 0


def test_a_silent_leader_is_what_the_others_have_to_reach(book: LineBook) -> None:
    book.hear(A, beat(50, leading=True), 1.0)
    for at in (1.1, 2.0, 4.0):
        book.hear(B, beat(20), at)
    assert (state(book, A, 4.0), state(book, B, 4.0)) == (LineState.SILENT, LineState.BEHIND)
    book.hear(B, beat(50), 4.1)
    assert state(book, B, 4.1) is LineState.GOOD


def test_a_line_of_another_history_is_told_apart_and_not_compared(book: LineBook) -> None:
    for at in (1.0, 2.0, 3.0):
        book.hear(A, beat(leading=True), at)
        book.hear(B, beat(5000, epoch="other"), at)
    assert state(book, B, 3.0) is LineState.ELSEWHERE
    assert state(book, A, 3.0) is LineState.GOOD
    assert of(book, A, 3.0).behind == of(book, B, 3.0).behind == 0


def test_the_history_in_force_is_the_leaders_and_stays_so_while_it_leads(book: LineBook) -> None:
    book.hear(B, beat(7, leading=True, epoch="new"), 1.0)
    assert book.epoch == "e"
    book.hear(B, beat(7, leading=True, epoch="new"), 3.0)
    assert book.epoch == "new"
    assert state(book, B, 3.0) is LineState.GOOD


def test_a_new_history_begins_without_old_faults(book: LineBook) -> None:
    book.hear(A, beat(5000, leading=True), 1.0)
    book.hear(B, beat(10), 1.0)
    for at in (4.0, 5.0, 6.0):
        book.hear(A, beat(3, leading=True, epoch="new"), at)
        book.hear(B, beat(3, epoch="new"), at)
    assert [verdict.state for verdict in book.judge(6.0)] == [LineState.GOOD, LineState.GOOD]


def test_a_line_that_lost_events_is_said_to_lose_them_for_a_while(book: LineBook) -> None:
    book.lost(B, 1.0)
    for second in range(1, 12):
        book.hear(B, beat(), float(second))
    assert state(book, B, 1.0 + REMEMBERED_FOR - A_LITTLE) is LineState.LOSING
    assert state(book, B, 1.0 + REMEMBERED_FOR) is LineState.GOOD


def test_a_listener_that_starts_is_given_time(book: LineBook) -> None:
    book.hear(B, beat(0, epoch="", up=False), 1.0)
    assert state(book, B, 1.5) is LineState.GOOD
    book.hear(B, beat(10), 2.0)
    assert state(book, B, 3.5) is LineState.GOOD


def test_each_change_is_told_once(book: LineBook) -> None:
    assert book.changes(0.1) == []
    assert [(verdict.line, verdict.state) for verdict in book.changes(3.0)] == [
        (A, LineState.SILENT),
        (B, LineState.SILENT),
    ]
    assert book.changes(3.1) == []
    book.hear(A, beat(leading=True), 3.2)
    assert [(verdict.line, verdict.state) for verdict in book.changes(3.3)] == [(A, LineState.GOOD)]
    assert book.changes(3.4) == []


def test_every_ailment_has_its_words() -> None:
    for each in LineState:
        remark = Verdict(A, each, 0.0).remark
        assert (remark is None) is (each in {LineState.GOOD, LineState.AWAITED})

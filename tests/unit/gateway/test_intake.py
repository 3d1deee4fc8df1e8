"""What the intake decides, case by case."""

from __future__ import annotations

import random

from services.gateway.intake import MAX_ASKING_DELAY, Ask, Intake, Joined
from shared.bus.messages import Batch, Beat, ReplayReply
from shared.events import Event
from shared.line_book import SILENT_AFTER


def event(seq: int) -> Event:
    return Event(seq, "INSERT", "t", "c", None, 0.0, b"x")


def batch(first: int, last: int, epoch: str = "e") -> Batch:
    return Batch(epoch, first - 1, [event(seq) for seq in range(first, last + 1)], 0.0, 0.0)


def beat(top: int, *, epoch: str = "e", leading: bool = True, up: bool = True) -> Beat:
    return Beat("l", leading, epoch, top, up, 0.0, 1, 0.0)


def reply(first: int, last: int, *, top: int, epoch: str = "e", expired: bool = False) -> ReplayReply:
    return ReplayReply(1, epoch, first - 1, [event(seq) for seq in range(first, last + 1)], top, expired)


def joined_at(top: int, *, max_held: int = 100) -> Intake:
    intake = Intake(max_held, 10**6, random.Random(1))
    assert intake.on_beat("a", beat(top), 0.0) == Joined("e", top, "epoch_changed")
    return intake


def test_the_first_beat_with_an_epoch_is_where_the_stream_begins() -> None:
    intake = Intake(10, 10**6)
    assert intake.on_beat("a", beat(0, epoch="", up=False), 0.0) is None
    assert not intake.on_batch("a", batch(1, 2), 0.0)
    assert intake.on_beat("a", beat(5, leading=False), 0.1) == Joined("e", 5, "epoch_changed")
    assert [item.seq for item in intake.on_batch("a", batch(5, 7), 0.2)] == [6, 7]


def test_nothing_is_asked_while_nothing_is_missing() -> None:
    intake = joined_at(3)
    intake.on_batch("a", batch(4, 5), 0.1)
    intake.on_beat("a", beat(5), 0.2)
    assert not intake.wants_request
    assert intake.next_request(10.0) is None
    assert intake.seconds_to_request(10.0) is None


def test_a_batch_ahead_of_a_gap_is_held_and_the_gap_is_asked_for_soon() -> None:
    intake = joined_at(3)
    assert not intake.on_batch("a", batch(6, 7), 1.0)
    delay = intake.seconds_to_request(1.0)
    assert delay is not None
    assert 0 <= delay <= MAX_ASKING_DELAY
    assert intake.next_request(1.0 + MAX_ASKING_DELAY) == Ask("a", "e", 3)
    assert intake.next_request(2.0) is None, "one request at a time"
    taken = intake.on_reply(reply(4, 5, top=7), 2.0)
    assert not isinstance(taken, Joined)
    assert [item.seq for item in taken] == [4, 5, 6, 7]
    assert (intake.gaps, intake.held, intake.behind) == (1, 0, 0)


def test_a_beat_ahead_of_the_stream_is_a_loss() -> None:
    intake = joined_at(3)
    intake.on_beat("a", beat(4), 1.0)
    assert intake.next_request(1.0 + MAX_ASKING_DELAY) == Ask("a", "e", 3)


def test_another_line_that_delivers_makes_the_request_unnecessary() -> None:
    intake = joined_at(3)
    intake.on_beat("a", beat(4), 1.0)
    assert [item.seq for item in intake.on_batch("a", batch(4, 4), 1.01)] == [4]
    assert intake.next_request(2.0) is None


def test_a_reply_that_is_not_enough_is_followed_by_the_next_request_at_once() -> None:
    intake = joined_at(0)
    intake.on_beat("a", beat(10), 1.0)
    assert intake.next_request(2.0) == Ask("a", "e", 0)
    intake.on_reply(reply(1, 4, top=10), 2.0)
    assert intake.next_request(2.0) == Ask("a", "e", 4)


def test_a_failed_line_is_avoided_when_there_is_another() -> None:
    intake = joined_at(0)
    intake.on_beat("a", beat(10), 1.0)
    intake.on_beat("b", beat(10, leading=False), 1.0)
    assert intake.next_request(1.1) == Ask("a", "e", 0)
    intake.on_failure(1.5)
    assert intake.next_request(2.5) == Ask("b", "e", 0)


def test_a_standby_that_is_behind_is_not_the_last_word() -> None:
    intake = joined_at(0)
    intake.on_beat("b", beat(10, leading=False), 1.0)
    assert intake.next_request(1.1) == Ask("a", "e", 0)
    assert not intake.on_reply(reply(1, 0, top=0), 1.2)
    assert intake.next_request(2.0) == Ask("b", "e", 0)


def test_the_leader_is_asked_before_a_standby_and_silent_lines_not_at_all() -> None:
    intake = joined_at(0)
    intake.on_beat("b", beat(0, leading=False), 0.0)
    assert intake.best_line(0.1) == "a"
    intake.on_beat("b", beat(0, leading=False), 5.0)
    assert intake.best_line(5.1) == "b"
    assert intake.best_line(5.1 + SILENT_AFTER) is None


def test_what_is_held_is_bounded_and_comes_by_replay() -> None:
    intake = joined_at(0, max_held=3)
    intake.on_batch("a", batch(2, 10), 1.0)
    assert (intake.held, intake.dropped) == (3, 6)
    intake.next_request(2.0)
    taken = intake.on_reply(reply(1, 1, top=10), 2.0)
    assert not isinstance(taken, Joined)
    assert [item.seq for item in taken] == [1, 2, 3, 4]
    assert intake.next_request(2.0) == Ask("a", "e", 4)


def test_a_position_that_left_the_log_is_jumped_over() -> None:
    intake = joined_at(3)
    intake.on_batch("a", batch(90, 91), 1.0)
    intake.next_request(2.0)
    assert intake.on_reply(reply(4, 3, top=91, expired=True), 2.0) == Joined("e", 91, "position_expired")
    assert (intake.held, intake.behind) == (0, 0)
    assert [item.seq for item in intake.on_batch("a", batch(92, 92), 2.1)] == [92]


def test_another_epoch_of_the_leader_is_followed() -> None:
    intake = joined_at(3)
    intake.on_batch("a", batch(9, 9), 0.5)
    assert not intake.on_batch("a", batch(1, 2, "f"), 0.9)
    assert intake.on_beat("a", beat(2, epoch="f"), 1.0) == Joined("f", 2, "epoch_changed")
    assert intake.held == 0
    assert [item.seq for item in intake.on_batch("a", batch(3, 3, "f"), 1.1)] == [3]


def test_another_epoch_is_not_believed_while_a_leader_of_this_one_beats() -> None:
    intake = joined_at(3)
    assert intake.on_beat("b", beat(9, epoch="f"), 0.5) is None
    assert intake.on_beat("b", beat(9, epoch="f", up=False), 5.0) is None
    assert intake.on_beat("b", beat(9, epoch="f"), 5.0) == Joined("f", 9, "epoch_changed")


def test_a_standby_of_another_epoch_is_followed_once_nobody_holds_this_one() -> None:
    intake = joined_at(0)
    intake.on_beat("c", beat(0, leading=False), 4.0)
    assert intake.on_beat("b", beat(9, epoch="f", leading=False), 5.0) is None
    assert intake.on_beat("b", beat(9, epoch="f", leading=False, up=False), 7.0) is None
    assert intake.on_beat("b", beat(9, epoch="f", leading=False), 7.0) == Joined("f", 9, "epoch_changed")


def test_a_reply_of_another_epoch_is_of_no_use() -> None:
    intake = joined_at(3)
    intake.on_beat("a", beat(4), 1.0)
    intake.next_request(2.0)
    assert not intake.on_reply(reply(4, 3, top=1, epoch="f"), 2.0)
    assert intake.top == 3


def test_an_answer_to_a_question_of_the_former_epoch_is_of_no_use() -> None:
    intake = joined_at(3)
    intake.on_beat("a", beat(4), 1.0)
    intake.next_request(2.0)
    intake.on_beat("a", beat(3, epoch="f"), 2.1)
    assert not intake.on_reply(reply(4, 4, top=4), 2.2)
    assert (intake.epoch, intake.top) == ("f", 3)


def counted(intake: Intake, line: str) -> tuple[int, int]:
    arrivals = intake.arrivals[line]
    return arrivals.first, arrivals.duplicates


def test_who_had_an_event_first_is_counted_by_line() -> None:
    intake = joined_at(3)
    intake.on_batch("a", batch(4, 6), 0.1)
    intake.on_batch("b", batch(4, 8), 0.2)
    intake.on_batch("a", batch(7, 7), 0.3)
    intake.on_batch("a", batch(8, 9), 0.4)
    assert (counted(intake, "a"), counted(intake, "b")) == ((4, 2), (2, 3))


def test_what_waits_behind_a_gap_was_won_and_is_not_won_again() -> None:
    intake = joined_at(3)
    intake.on_batch("a", batch(6, 7), 0.1)
    intake.on_batch("b", batch(4, 7), 0.2)
    assert (counted(intake, "a"), counted(intake, "b")) == ((2, 0), (2, 2))


def test_what_did_not_fit_was_neither_won_nor_there_already() -> None:
    intake = joined_at(0, max_held=3)
    intake.on_batch("a", batch(2, 10), 1.0)
    assert counted(intake, "a") == (3, 0)


def test_a_loss_on_a_line_that_is_not_needed_ails_that_line() -> None:
    intake = joined_at(3)
    intake.on_beat("b", beat(3, leading=False), 0.1)
    intake.on_batch("a", batch(4, 9), 0.2)
    intake.on_beat("a", beat(9), 0.3)
    intake.on_beat("b", beat(9, leading=False), 0.4)
    assert (intake.arrivals["a"].missed, intake.arrivals["b"].missed, intake.gaps) == (0, 6, 0)
    assert [str(verdict.state) for verdict in intake.book.judge(0.5)] == ["good", "losing"]


def test_a_line_of_another_epoch_is_asked_last() -> None:
    intake = joined_at(3)
    intake.on_beat("b", beat(900, epoch="f", leading=False), 0.1)
    intake.on_beat("a", beat(3, leading=False), 0.1)
    assert intake.best_line(0.2) == "a"
    assert intake.best_line(0.2, avoid=["a"]) == "b"


def test_gateways_do_not_all_ask_at_once() -> None:
    """Every gateway hears of a loss at the same moment."""
    delays = []
    for seed in range(100):
        intake = Intake(100, 10**6, random.Random(seed))
        intake.on_beat("a", beat(3), 0.0)
        intake.on_beat("a", beat(9), 1.0)
        delays.append(intake.seconds_to_request(1.0))
    assert all(delay is not None and 0 <= delay <= MAX_ASKING_DELAY for delay in delays)
    assert max(delays) - min(delays) > MAX_ASKING_DELAY / 2  # type: ignore[type-var, operator]


def test_a_listener_that_cannot_answer_is_asked_ever_more_rarely_and_at_random() -> None:
    """Twenty seconds without an answer, each question lost at once: a few dozen questions, never two in step."""
    asked = {seed: asks_without_answer(seed) for seed in range(20)}
    assert all(10 <= len(times) <= 60 for times in asked.values())
    assert len({times[-1] for times in asked.values()}) == len(asked)


def asks_without_answer(seed: int) -> list[float]:
    intake = Intake(100, 10**6, random.Random(seed))
    intake.on_beat("a", beat(0), 0.0)
    times: list[float] = []
    for step in range(20_000):
        now = step / 1000
        if step % 250 == 0:
            intake.on_beat("a", beat(9), now)
        if intake.next_request(now) is not None:
            times.append(now)
            intake.on_failure(now)
    return times

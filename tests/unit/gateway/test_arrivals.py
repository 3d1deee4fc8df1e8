"""Losses of one line, seen by its own beats."""

from __future__ import annotations

from services.gateway.arrivals import Arrivals
from shared.bus.messages import Batch, Beat
from shared.events import Event


def batch(first: int, last: int, epoch: str = "e") -> Batch:
    events = [Event(seq, "INSERT", "t", "c", None, 0.0, b"x") for seq in range(first, last + 1)]
    return Batch(epoch, first - 1, events, 0.0, 0.0)


def beat(top: int, *, listener: str = "l", epoch: str = "e") -> Beat:
    return Beat(listener, False, epoch, top, True, 0.0, 1, 0.0)


def heard(*messages: Batch | Beat) -> list[int]:
    """Return what was found lost at each beat."""
    arrivals, lost = Arrivals(), []
    for message in messages:
        if isinstance(message, Beat):
            lost.append(arrivals.on_beat(message))
        else:
            arrivals.came(message)
    assert arrivals.missed == sum(lost)
    return lost


def test_what_came_between_two_beats_is_not_lost() -> None:
    assert heard(beat(5), batch(6, 8), batch(9, 9), beat(9), beat(9)) == [0, 0, 0]


def test_what_a_beat_tells_of_and_did_not_come_is() -> None:
    assert heard(beat(5), beat(9)) == [0, 4]
    assert heard(beat(5), batch(6, 7), batch(10, 11), beat(12)) == [0, 3]


def test_it_is_counted_once() -> None:
    assert heard(beat(5), beat(9), beat(9), batch(10, 10), beat(10)) == [0, 4, 0, 0]


def test_what_was_before_the_first_beat_is_nobodys_loss() -> None:
    assert heard(batch(3, 5), beat(9)) == [0]


def test_a_listener_that_was_restarted_begins_anew() -> None:
    assert heard(beat(5), batch(20, 21), beat(21, listener="other"), batch(22, 22), beat(22, listener="other")) == [
        0,
        0,
        0,
    ]


def test_another_epoch_begins_anew() -> None:
    assert heard(beat(0, epoch=""), beat(500), batch(1, 2, "f"), beat(2, epoch="f"), beat(3, epoch="f")) == [0, 0, 0, 1]

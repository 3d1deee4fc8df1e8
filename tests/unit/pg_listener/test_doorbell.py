"""The doorbell step by step; which interleavings it withstands is tested in properties."""

from __future__ import annotations

import pytest

from services.pg_listener.doorbell import Act, Doorbell, Pace, State, Wait

PACE = Pace(busy=0.005, watchful=0.02, release_after=0.25, safety=1.0)


def drain(doorbell: Doorbell, now: float, *, found: bool = False, more: bool = False, xmin: int = 100) -> None:
    assert doorbell.next(now) is Act.DRAIN
    doorbell.draining(now)
    doorbell.drained(found=found, more=more, xmin=xmin, now=now)


def let_go(doorbell: Doorbell, *, horizon: int) -> float:
    """Drain, take K, stay quiet, release; return when."""
    drain(doorbell, 0.0)
    doorbell.took(held=True)
    drain(doorbell, 0.25)
    assert doorbell.next(0.25) is Act.RELEASE
    doorbell.released(horizon, 0.25)
    return 0.25


@pytest.fixture
def doorbell() -> Doorbell:
    return Doorbell(PACE, audible=True, now=0.0)


def test_it_drains_first_then_takes_the_lock_then_polls(doorbell: Doorbell) -> None:
    drain(doorbell, 0.0, found=True)
    assert doorbell.next(0.0) is Act.TAKE
    doorbell.took(held=True)
    assert doorbell.next(0.0) == Wait(0.005, wakeable=False)
    assert doorbell.next(0.005) is Act.DRAIN


def test_a_lock_that_was_not_had_is_tried_again_after_the_next_drain(doorbell: Doorbell) -> None:
    drain(doorbell, 0.0, found=True)
    doorbell.took(held=False)
    assert doorbell.next(0.0) == Wait(0.005, wakeable=False)
    drain(doorbell, 0.005)
    assert doorbell.next(0.005) is Act.TAKE


def test_without_the_lock_it_never_sleeps(doorbell: Doorbell) -> None:
    for tenths in range(100):
        drain(doorbell, tenths / 10)
        doorbell.took(held=False)
        assert doorbell.state is State.BUSY


def test_more_to_drain_leaves_no_pause_and_takes_the_lock_in_between(doorbell: Doorbell) -> None:
    drain(doorbell, 0.0, found=True, more=True)
    assert doorbell.next(0.0) is Act.TAKE
    doorbell.took(held=True)
    assert doorbell.next(0.0) is Act.DRAIN


def test_it_sleeps_once_everyone_who_could_have_skipped_has_ended(doorbell: Doorbell) -> None:
    now = let_go(doorbell, horizon=200)
    drain(doorbell, now, xmin=200)  # somebody below the horizon still runs
    assert doorbell.state is State.LETTING_GO
    drain(doorbell, now + 0.005, xmin=201)
    assert doorbell.state is State.IDLE
    assert doorbell.next(now + 0.005) == Wait(pytest.approx(now + 1.005), wakeable=True)


def test_a_long_transaction_elsewhere_slows_the_polls_but_the_bell_is_heard_at_once(doorbell: Doorbell) -> None:
    now = let_go(doorbell, horizon=200)
    drain(doorbell, now + 1.0, xmin=150)
    assert doorbell.next(now + 1.0) == Wait(pytest.approx(now + 1.02), wakeable=True)
    doorbell.rang()
    assert doorbell.next(now + 1.0) is Act.DRAIN


def test_events_while_letting_go_make_it_busy_again(doorbell: Doorbell) -> None:
    now = let_go(doorbell, horizon=200)
    drain(doorbell, now, found=True, xmin=201)
    assert doorbell.state is State.BUSY
    assert doorbell.next(now) is Act.TAKE


def test_a_ring_that_found_nothing_leaves_it_asleep(doorbell: Doorbell) -> None:
    now = let_go(doorbell, horizon=200)
    drain(doorbell, now, xmin=201)
    doorbell.rang()
    drain(doorbell, now + 0.1, xmin=201)
    assert doorbell.state is State.IDLE


def test_a_ring_during_a_drain_is_answered_by_another(doorbell: Doorbell) -> None:
    now = let_go(doorbell, horizon=200)
    drain(doorbell, now, xmin=201)
    doorbell.rang()
    assert doorbell.next(now) is Act.DRAIN
    doorbell.draining(now)
    doorbell.rang()
    doorbell.drained(found=False, more=False, xmin=201, now=now)
    assert doorbell.next(now) is Act.DRAIN


@pytest.mark.parametrize(("took", "pause"), [(0.0, 0.005), (0.001, 0.005), (0.004, 0.012), (5.0, 0.02)])
def test_the_longer_a_drain_takes_the_longer_it_rests(doorbell: Doorbell, took: float, pause: float) -> None:
    assert doorbell.next(0.0) is Act.DRAIN
    doorbell.draining(0.0)
    doorbell.drained(found=True, more=False, xmin=100, now=took)
    doorbell.took(held=True)
    assert doorbell.next(took) == Wait(pytest.approx(took + pause), wakeable=False)


def test_what_was_left_over_is_drained_without_a_rest(doorbell: Doorbell) -> None:
    doorbell.draining(0.0)
    doorbell.drained(found=True, more=True, xmin=100, now=5.0)
    doorbell.took(held=True)
    assert doorbell.next(5.0) is Act.DRAIN


def test_the_safety_poll_stays_under_everything(doorbell: Doorbell) -> None:
    now = let_go(doorbell, horizon=200)
    drain(doorbell, now, xmin=201)
    drain(doorbell, now + 1.0, found=True)
    assert doorbell.state is State.BUSY


def test_without_a_bell_it_polls_for_ever() -> None:
    doorbell = Doorbell(PACE, audible=False, now=0.0)
    drain(doorbell, 0.0)
    doorbell.took(held=True)
    drain(doorbell, 60.0)
    assert doorbell.next(60.0) == Wait(60.02, wakeable=False)
    drain(doorbell, 60.02, found=True)
    assert doorbell.next(60.02) == Wait(pytest.approx(60.025), wakeable=False)


def test_a_lost_bell_wakes_it(doorbell: Doorbell) -> None:
    now = let_go(doorbell, horizon=200)
    drain(doorbell, now, xmin=201)
    doorbell.hear(False, now)
    assert doorbell.state is State.BUSY
    assert doorbell.next(now) is Act.TAKE


def test_a_bell_lost_during_the_release_means_taking_the_lock_again(doorbell: Doorbell) -> None:
    drain(doorbell, 0.0)
    doorbell.took(held=True)
    drain(doorbell, 0.25)
    doorbell.hear(False, 0.25)
    doorbell.released(200, 0.25)
    assert doorbell.state is State.BUSY
    assert not doorbell.held
    assert doorbell.next(0.25) is Act.TAKE


def test_only_a_held_lock_is_released(doorbell: Doorbell) -> None:
    with pytest.raises(AssertionError, match="by who holds it"):
        doorbell.released(200, 0.0)


def test_after_an_event_that_came_alone_a_dozen_polls_are_all_until_writers_ring() -> None:
    doorbell, now, polls = Doorbell(Pace(), audible=True, now=0.0), 0.0, 0
    drain(doorbell, now, found=True)
    while doorbell.state is not State.IDLE:
        match doorbell.next(now):
            case Act.TAKE:
                doorbell.took(held=True)
            case Act.RELEASE:
                doorbell.released(50, now)
            case Act.DRAIN:
                drain(doorbell, now)
                polls += 1
            case Wait(until=until):
                now = until
    assert polls <= 12
    assert now < 0.1


def test_polling_without_a_bell_becomes_watchful_after_half_a_second() -> None:
    doorbell = Doorbell(Pace(), audible=False, now=0.0)
    drain(doorbell, 0.0, found=True)
    doorbell.took(held=True)
    drain(doorbell, 0.45)
    assert doorbell.next(0.45) == Wait(pytest.approx(0.455), wakeable=False)
    drain(doorbell, 0.55)
    assert doorbell.next(0.55) == Wait(pytest.approx(0.57), wakeable=False)

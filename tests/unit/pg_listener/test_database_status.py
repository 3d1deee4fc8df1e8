"""What is said of the database, and since when."""

from __future__ import annotations

from services.pg_listener.database_status import START_PATIENCE, DatabaseStatus


def test_it_is_down_until_the_session_works() -> None:
    status = DatabaseStatus(now=10.0)
    assert (status.up, status.since) == (False, 10.0)
    assert status.connected(now=11.0)
    assert (status.up, status.since, status.reason) == (True, 11.0, "")


def test_a_lost_session_is_told_once_and_since_stays() -> None:
    status = DatabaseStatus(now=10.0)
    status.connected(now=11.0)
    assert status.lost("the server went away", now=20.0)
    assert not status.lost("the server went away", now=21.0)
    assert (status.up, status.since, status.reason) == (False, 20.0, "the server went away")


def test_another_reason_is_told_but_it_was_down_all_the_while() -> None:
    status = DatabaseStatus(now=10.0)
    assert status.lost("the server went away", now=20.0)
    assert status.lost("the schema is missing", now=25.0)
    assert status.since == 10.0


def test_silence_is_down_until_an_answer() -> None:
    status = DatabaseStatus(now=10.0)
    status.connected(now=11.0)
    assert status.silent("no answer", now=15.0)
    assert (status.up, status.reason) == (False, "no answer")
    assert status.answered(now=16.0)
    assert (status.up, status.since) == (True, 16.0)


def test_an_answer_to_the_other_session_does_not_make_up_for_a_lost_one() -> None:
    status = DatabaseStatus(now=10.0)
    status.lost("the schema is missing", now=11.0)
    assert not status.answered(now=12.0)
    assert (status.up, status.reason) == (False, "the schema is missing")


def test_a_database_that_was_never_up_is_starting_for_a_while() -> None:
    status = DatabaseStatus(100.0)
    status.lost("not there yet", 101.0)
    assert status.is_starting(100.0 + START_PATIENCE - 1)
    assert not status.is_starting(100.0 + START_PATIENCE)


def test_a_database_that_was_up_is_not_starting() -> None:
    status = DatabaseStatus(100.0)
    status.connected(101.0)
    status.lost("gone", 102.0)
    assert not status.is_starting(103.0)

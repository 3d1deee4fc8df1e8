"""When the database counts as up."""

from __future__ import annotations

from services.gateway.database_status import DatabaseStatus, next_status
from shared.bus.messages import Beat
from shared.line_book import SILENT_AFTER, Heard

UP = DatabaseStatus(up=True, since=100.0)
DOWN = DatabaseStatus(up=False, since=100.0)


def heard(*, up: bool, since: float, at: float = 0.0) -> Heard:
    return Heard(Beat("l", True, "e", 0, up, since, 1, 0.0), at)


def test_it_is_silent_while_nothing_changes() -> None:
    assert next_status(UP, [heard(up=True, since=5.0)], 0.0, 200.0) is UP
    assert next_status(DOWN, [heard(up=False, since=5.0)], 0.0, 200.0) is DOWN
    assert next_status(DOWN, [], 0.0, 200.0) is DOWN


def test_one_listener_that_reaches_the_database_is_enough() -> None:
    lines = [heard(up=False, since=7.0), heard(up=True, since=5.0)]
    assert next_status(DOWN, lines, 0.0, 200.0) == DatabaseStatus(up=True, since=5.0)


def test_it_is_down_since_the_listener_says_so() -> None:
    assert next_status(UP, [heard(up=False, since=150.0)], 0.0, 200.0) == DatabaseStatus(up=False, since=150.0)


def test_silence_counts_as_down_from_now() -> None:
    lines = [heard(up=True, since=5.0)]
    assert next_status(UP, lines, SILENT_AFTER, 200.0) is UP
    assert next_status(UP, lines, SILENT_AFTER + 0.1, 200.0) == DatabaseStatus(up=False, since=200.0)

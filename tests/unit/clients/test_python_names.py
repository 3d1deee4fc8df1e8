"""What the shared vectors do not tell of the Python client's local names."""

from __future__ import annotations

import logging

import pytest
from wasla_client import Problem
from wasla_client.listeners import Listeners
from wasla_client.names import RESERVED, brings_changes, names_of_broadcast


@pytest.mark.parametrize("name", ["custom_event", "notice", "gave_up"])
def test_no_broadcast_is_told_under_a_name_of_the_clients_own(name: str) -> None:
    assert names_of_broadcast(name.upper()) == ("custom-event",)


@pytest.mark.parametrize("name", ["custom-event", "price_changed", *sorted(RESERVED - {"realtime-event"})])
def test_who_listens_to_something_else_wants_no_changes(name: str) -> None:
    listeners = Listeners()
    listeners.add(name, print)
    assert not brings_changes(name)
    assert not listeners.want_changes


def test_changes_are_wanted_as_long_as_somebody_listens_to_them() -> None:
    listeners = Listeners()
    remove = listeners.add("bookings-insert", print)
    assert listeners.want_changes
    remove()
    assert not listeners.want_changes


@pytest.mark.parametrize("name", ["", None, 5])
def test_a_name_is_a_text(name: object) -> None:
    with pytest.raises(ValueError, match="Expected the name of an event such as 'connected', got "):
        Listeners().add(name, print)  # type: ignore[arg-type]


def test_a_listener_that_raises_harms_nobody_and_is_told_to_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "wasla_client")
    listeners = Listeners()
    told: list[Problem] = []
    heard: list[object] = []
    mistake = ZeroDivisionError("mistake")

    def mistaken(_: object) -> None:
        raise mistake

    listeners.add("error", mistaken)
    listeners.add("error", told.append)
    listeners.add("insert", mistaken)
    listeners.add("insert", heard.append)
    listeners.tell("insert", 1)
    assert heard == [1]
    sentence = "A listener of insert raised ZeroDivisionError('mistake')."
    assert told == [Problem("handler_failed", sentence, cause=mistake)]

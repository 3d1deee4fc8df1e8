"""The words of ``--watch``."""

from __future__ import annotations

import pytest

from services.cli.targets import Target


@pytest.mark.parametrize(
    ("word", "target"),
    [
        ("bookings", Target("bookings")),
        ("bookings:booking_events", Target("bookings", "booking_events")),
        ("audit.entries:log", Target("audit.entries", "log")),
        ('"od:d"', Target('"od:d"')),
        ('"od:d":c', Target('"od:d"', "c")),
        (
            "bookings:booking_events:notify_booking_change",
            Target("bookings", "booking_events", "notify_booking_change"),
        ),
        ("bookings::notify_booking_change", Target("bookings", None, "notify_booking_change")),
    ],
)
def test_a_target_is_read(word: str, target: Target) -> None:
    assert Target.parse(word) == target


@pytest.mark.parametrize("word", ["", ":", ":channel", "bookings:", "bookings:a:", "a:b:c:d"])
def test_what_is_no_target_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=r"expected TABLE\[:CHANNEL\[:CAPTURE\]\], got"):
        Target.parse(word)

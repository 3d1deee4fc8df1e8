"""What is said where."""

from __future__ import annotations

import pytest

from shared.bus.jetstream.subjects import STRETCH, Subjects, token


@pytest.mark.parametrize(
    ("name", "expected"), [("host.example/pg-listener:1", "host_example/pg-listener:1"), ("a b*>", "a_b__"), ("", "_")]
)
def test_a_name_is_one_token(name: str, expected: str) -> None:
    assert token(name) == expected


def test_a_position_has_its_stretch() -> None:
    subjects = Subjects("site")
    assert subjects.stream == "SITE"
    assert subjects.events("e", STRETCH - 1) == subjects.stretch("e", 0) == "site.events.e.0"
    assert subjects.events("e", STRETCH) == "site.events.e.1"

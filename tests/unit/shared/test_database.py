"""A URL of several hosts: one attempt for each, and a name for people without the password."""

from __future__ import annotations

import pytest

from shared.database import describe, one_by_one


@pytest.mark.parametrize(
    ("url", "each"),
    [
        ("postgresql://u:p%40x@h/db", ["postgresql://u:p%40x@h/db"]),
        ("postgresql:///db?host=/run/a&port=4", ["postgresql:///db?host=/run/a&port=4"]),
        (
            "postgresql://u:p@h1:5,[::1]:6/db?target_session_attrs=read-write",
            [
                "postgresql://u:p@h1:5/db?target_session_attrs=read-write",
                "postgresql://u:p@[::1]:6/db?target_session_attrs=read-write",
            ],
        ),
    ],
)
def test_each_host_is_tried_by_itself(url: str, each: list[str]) -> None:
    assert one_by_one(url) == each


def test_a_database_is_named_without_its_password() -> None:
    assert describe("postgresql://u:p@h1:5,h2/db") == "PostgreSQL at h1:5,h2/db"
    assert describe("postgresql:///db?host=/run/a") == "PostgreSQL at the local socket/db"

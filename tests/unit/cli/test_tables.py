"""Plain text: columns that stay aligned, characters that cannot steer a terminal."""

from __future__ import annotations

import pytest

from services.cli.tables import columns, printable


def test_columns_are_aligned_and_never_cut() -> None:
    assert columns(["name", "n"], [["a", "1"], ["bookings" * 40, "22"]]) == [
        "name" + " " * 316 + "  n",
        "a" + " " * 319 + "  1",
        "bookings" * 40 + "  22",
    ]


def test_a_table_without_rows_is_its_header() -> None:
    assert columns(["name", "value"], []) == ["name  value"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\u001b[31mred"),
        ("\x9b31m", "\\u009b31m"),
        ("two\nlines\r\t", "two\\u000alines\\u000d\\u0009"),
        ("\u202etxet", "\\u202etxet"),
        ("Temps réel, لواج\u200d \U0001f690", "Temps réel, لواج\u200d \U0001f690"),
    ],
)
def test_control_characters_are_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown

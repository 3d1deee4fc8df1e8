"""Whatever rows hold, what is shown cannot steer a terminal, and stays aligned."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from services.cli.tables import columns, printable

CELLS = st.text(max_size=20)


@given(CELLS)
def test_no_control_character_is_left(text: str) -> None:
    assert not any(unicodedata.category(character) == "Cc" for character in printable(text))


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs"])))
def test_what_is_printable_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


@given(st.lists(st.tuples(CELLS, CELLS, CELLS)))
def test_every_row_is_one_line_and_columns_begin_where_the_header_says(rows: list[tuple[str, str, str]]) -> None:
    lines = columns(("one", "two", "three"), rows)
    assert len(lines) == len(rows) + 1
    place = lines[0].index("two")
    for line, row in zip(lines[1:], rows, strict=True):
        assert line[place:].startswith(printable(row[1]).rstrip())

"""Named queries: each file is one statement, and asking for one without a file is a defect."""

from __future__ import annotations

import pytest

from shared.queries import SQL_DIRECTORY, query


@pytest.mark.parametrize("name", sorted(path.stem for path in (SQL_DIRECTORY / "queries").glob("*.sql")))
def test_every_query_is_one_statement(name: str) -> None:
    assert query(name).strip()
    assert query(name).strip().rstrip(";").count(";") == 0


def test_a_query_without_a_file_is_a_defect() -> None:
    with pytest.raises(FileNotFoundError):
        query("no_such_query")

"""Named queries: each file is asked by somebody, and asking for one without a file is a defect."""

from __future__ import annotations

import pytest

from shared.queries import SQL_DIRECTORY, query

ROOT = SQL_DIRECTORY.parent
QUERIES = SQL_DIRECTORY / "queries"
NAMES = sorted(str(path.relative_to(QUERIES).with_suffix("")) for path in QUERIES.rglob("*.sql"))


@pytest.mark.parametrize("name", NAMES)
def test_every_query_is_asked_by_somebody(name: str) -> None:
    asked = f'"{name}"'
    assert any(asked in path.read_text(encoding="utf-8") for path in (ROOT / "services").rglob("*.py"))


def test_a_query_without_a_file_is_a_defect() -> None:
    with pytest.raises(FileNotFoundError):
        query("no_such_query")

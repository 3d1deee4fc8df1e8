"""Named queries: the SQL lives in ``sql/queries``, one statement a file; folders hold what one service alone asks.

Python asks for a query by its file's name (``read_log``, ``cli/server``) and never holds SQL itself, so that the
database half can be read, run and explained by itself.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

SQL_DIRECTORY = Path(__file__).resolve().parent.parent / "sql"


@cache
def query(name: str) -> str:
    """Return the text of the named query; a name without a file is a defect and raises FileNotFoundError."""
    return (SQL_DIRECTORY / "queries" / f"{name}.sql").read_text(encoding="utf-8")

"""Reads the files of ``sql/`` that an install runs."""

from __future__ import annotations

from pathlib import Path

from services.setup.plan import Script
from shared.queries import SQL_DIRECTORY

INSTALL_DIRECTORY = SQL_DIRECTORY / "install"
ROLES_DIRECTORY = SQL_DIRECTORY / "roles"
STATION_DIRECTORY = SQL_DIRECTORY / "station"
REMOVAL = SQL_DIRECTORY / "remove.sql"


def read(path: Path) -> Script:
    """Read one file."""
    return Script(path.stem, path.read_text(encoding="utf-8"))


def read_all(directory: Path) -> list[Script]:
    """Read every ``.sql`` file of a directory, by name."""
    return [read(path) for path in sorted(directory.glob("*.sql"))]

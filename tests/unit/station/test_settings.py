"""Where the demo is offered without being asked for."""

from __future__ import annotations

import pytest

from services.station.settings import StationSettings


@pytest.mark.parametrize(
    ("database", "switch", "is_offered"),
    [(None, None, True), ("postgresql://h/d", None, False), ("postgresql://h/d", "1", True), (None, "0", False)],
)
def test_only_on_its_own_database_unless_told(
    monkeypatch: pytest.MonkeyPatch, database: str | None, switch: str | None, is_offered: bool
) -> None:
    for name, value in {"WASLA_DATABASE_URL": database, "WASLA_STATION_DEMO": switch}.items():
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert StationSettings.load().is_offered is is_offered

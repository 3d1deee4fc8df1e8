"""``wasla config`` knows every setting without being told."""

from __future__ import annotations

import pytest

from services.cli.settings_table import HEADERS, HIDDEN, Row, rows, structures
from shared.errors import ConfigurationError


def row(variable: str) -> Row:
    return next(row for row in rows() if row.variable == variable)


def test_every_services_settings_are_found() -> None:
    assert {"monitor", "gateway", "pg-listener", "postgres"} <= {service for service, _ in structures()}


def test_every_row_is_complete() -> None:
    for found in rows():
        assert found.variable.startswith("WASLA_")
        assert found.description, found.variable
        assert len(found.cells()) == len(HEADERS)


def test_a_shared_setting_is_listed_once() -> None:
    assert [found.services for found in rows() if found.variable == "WASLA_DATA_DIR"] == [["all"]]


def test_a_setting_of_two_services_is_listed_once_with_both() -> None:
    found = [found for found in rows() if found.variable == "WASLA_PORT"]
    assert [sorted(row.services) for row in found] == [["gateway", "monitor"]]


def test_a_variable_means_one_thing() -> None:
    """One variable sets every service that reads it: two defaults or units would be two settings under one name."""
    meanings: dict[str, set[tuple[str, str]]] = {}
    for found in rows():
        meanings.setdefault(found.variable, set()).add((str(found.default), found.unit))
    assert {variable: several for variable, several in meanings.items() if len(several) > 1} == {}


def test_value_and_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (row("WASLA_PROBE_INTERVAL").value, row("WASLA_PROBE_INTERVAL").origin) == (3.0, "default")
    monkeypatch.setenv("WASLA_PROBE_INTERVAL", "7")
    changed = row("WASLA_PROBE_INTERVAL")
    assert (changed.value, changed.default, changed.unit, changed.origin) == (7.0, 3.0, "s", "environment")


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_PROBE_INTERVAL", "")
    assert row("WASLA_PROBE_INTERVAL").origin == "default"


def test_a_secret_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_DATABASE_URL", "postgresql://u:hunter2@/d")
    assert row("WASLA_DATABASE_URL").value == HIDDEN
    assert not any("hunter2" in cell for found in rows() for cell in found.cells())


def test_a_password_in_an_address_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process takes it; somebody may have tried."""
    monkeypatch.setenv("WASLA_BUS", "nats://u:hunter2@h:4222,nats://u:a/hunter2@i:4222")
    assert row("WASLA_BUS").value == f"nats://{HIDDEN}@i:4222"
    assert not any("hunter2" in cell for found in rows() for cell in found.cells())


def test_a_value_that_does_not_fit_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_PROBE_INTERVAL", "soon")
    with pytest.raises(ConfigurationError, match=r"WASLA_PROBE_INTERVAL: .*got 'soon'"):
        rows()

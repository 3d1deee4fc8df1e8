"""Wrong settings end the start with a sentence that names the variable, what was expected and what came."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.database import database_url, describe, url_file
from shared.errors import ConfigurationError
from shared.settings import Settings, setting, variable


class Tuned(Settings):
    interval: float = setting(1.0, unit="s", description="how often", gt=0)


def test_a_wrong_value_names_variable_and_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_INTERVAL", "soon")
    with pytest.raises(ConfigurationError, match=r"WASLA_INTERVAL: input should be a valid number.*got 'soon'"):
        Tuned.load()


def test_every_wrong_variable_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_INTERVAL", "-1")
    monkeypatch.setenv("WASLA_LOG_LEVEL", "LOUD")
    with pytest.raises(ConfigurationError) as caught:
        Tuned.load()
    assert "WASLA_INTERVAL" in str(caught.value)
    assert "WASLA_LOG_LEVEL" in str(caught.value)


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_INTERVAL", "")
    assert Tuned.load().interval == 1.0


def test_the_password_is_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_DATABASE_URL", "postgresql://u:s3cret@db/app")
    settings = Tuned.load()
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in describe(database_url(settings))


def test_variables_are_the_upper_case_field_names() -> None:
    assert variable("poll_busy_interval") == "WASLA_POLL_BUSY_INTERVAL"


def test_without_a_database_the_error_says_both_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WASLA_DATABASE_URL", raising=False)
    monkeypatch.setenv("WASLA_DATA_DIR", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"WASLA_DATABASE_URL.*\./run"):
        database_url(Tuned.load())


def test_the_embedded_servers_address_is_read_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WASLA_DATABASE_URL", raising=False)
    monkeypatch.setenv("WASLA_DATA_DIR", str(tmp_path))
    url_file(tmp_path).parent.mkdir()
    url_file(tmp_path).write_text("postgresql://wasla:pw@/wasla?host=/run/x\n")
    assert database_url(Tuned.load()) == "postgresql://wasla:pw@/wasla?host=/run/x"

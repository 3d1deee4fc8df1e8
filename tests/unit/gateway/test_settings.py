"""The settings' bounds are sentences."""

from __future__ import annotations

import pytest

from services.gateway.settings import GatewaySettings
from shared.errors import ConfigurationError


def test_the_defaults_are_as_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in GatewaySettings.model_fields:
        monkeypatch.delenv(f"WASLA_{name.upper()}", raising=False)
    settings = GatewaySettings.load()
    assert (settings.host, settings.port) == ("127.0.0.1", 8765)
    assert settings.ping_timeout == 2 * settings.ping_interval


@pytest.mark.parametrize(("name", "value"), [("PORT", "http"), ("PORT", "70000"), ("RING_MAX_EVENTS", "0")])
def test_a_value_that_does_not_fit_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"WASLA_{name}", value)
    with pytest.raises(ConfigurationError, match=f"WASLA_{name}: .*{value}"):
        GatewaySettings.load()

"""The monitor's settings: where the probe connects to, and what is refused."""

from __future__ import annotations

from inspect import signature

import pytest

from services.monitor.settings import MonitorSettings
from shared.bus.heartbeats import beat_heart
from shared.errors import ConfigurationError

HEARTBEAT_INTERVAL = signature(beat_heart).parameters["interval"].default


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, "ws://127.0.0.1:8765"),
        ({"WASLA_HOST": "0.0.0.0", "WASLA_PORT": "9000"}, "ws://127.0.0.1:9000"),
        ({"WASLA_HOST": "::"}, "ws://[::1]:8765"),
        ({"WASLA_HOST": "192.168.1.5"}, "ws://192.168.1.5:8765"),
        ({"WASLA_HOST": "192.168.1.5", "WASLA_GATEWAY_URL": "ws://gateway:80"}, "ws://gateway:80"),
    ],
)
def test_the_probe_goes_where_the_gateways_listen(
    environment: dict[str, str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert MonitorSettings.load().probe_url == url


def test_a_process_is_not_lost_before_it_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_LATE_AFTER", "5")
    with pytest.raises(ConfigurationError, match=r"expected WASLA_LATE_AFTER < WASLA_LOST_AFTER .*, got 5\.0, 3\.0"):
        MonitorSettings.load()


def test_the_programs_that_must_beat_are_names() -> None:
    assert MonitorSettings.load().beating_groups == {"pg-listener", "gateway", "gateway-extra"}


def test_nothing_is_killed_that_the_watchdog_lets_live() -> None:
    """A loop that turns as rarely as the watchdog allows still sends a heartbeat before its silence is too long."""
    settings = MonitorSettings.load()
    assert settings.watchdog_timeout + HEARTBEAT_INTERVAL <= settings.restart_after


def test_a_process_stopped_from_outside_is_noticed_within_three_seconds() -> None:
    assert MonitorSettings.load().restart_after <= 3.0

"""Nothing that other machines reach is opened to everybody by accident."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.gateway.access.admission import Door
from services.gateway.access.gatekeeper import Gatekeeper
from services.gateway.settings import GatewaySettings
from services.monitor.door import Door as PageDoor
from services.monitor.settings import MonitorSettings
from shared.access.client_key import write_client_key
from shared.access.exposure import is_loopback
from shared.errors import ConfigurationError

REMOTE = ["0.0.0.0", "::", "", "192.168.1.5", "till.example", "127.example", "::ffff:10.0.0.1"]


def door(settings: GatewaySettings) -> Door:
    return Gatekeeper(settings).door


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ALLOW_ANONYMOUS", "CLIENT_KEY", "CLIENT_KEY_FILE", "TOKEN_KEYS"):
        monkeypatch.delenv(f"WASLA_{name}", raising=False)
    monkeypatch.setenv("WASLA_DATA_DIR", str(tmp_path))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost", "LOCALHOST."])
def test_this_machine_alone(host: str) -> None:
    assert is_loopback(host)
    assert not door(GatewaySettings(host=host)).asks
    PageDoor(MonitorSettings(status_host=host))


@pytest.mark.parametrize("host", REMOTE)
def test_other_machines_and_nobody_asked_is_refused_with_the_three_ways_out(host: str) -> None:
    assert not is_loopback(host)
    for variable, opening in (
        ("WASLA_HOST", lambda: door(GatewaySettings(host=host))),
        ("WASLA_STATUS_HOST", lambda: PageDoor(MonitorSettings(status_host=host))),
    ):
        with pytest.raises(ConfigurationError) as caught:
            opening()
        text = str(caught.value)
        advice = ("wasla keys --only clients", f"{variable}=127.0.0.1", "WASLA_ALLOW_ANONYMOUS=1")
        for part in (f"{variable}={host}", *advice):
            assert part in text


def test_each_way_out(tmp_path: Path) -> None:
    assert not door(GatewaySettings(host="0.0.0.0", allow_anonymous=True)).asks
    PageDoor(MonitorSettings(status_host="0.0.0.0", allow_anonymous=True))
    write_client_key(tmp_path / "client.key")
    assert door(GatewaySettings(host="0.0.0.0")).asks
    PageDoor(MonitorSettings(status_host="0.0.0.0"))


def test_a_key_is_asked_for_on_this_machine_too(tmp_path: Path) -> None:
    write_client_key(tmp_path / "client.key")
    assert door(GatewaySettings()).asks


def test_tokens_need_a_key_for_the_tools_beside_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"WASLA_TOKEN_KEYS: .*wasla keys --only clients"):
        door(GatewaySettings(token_keys="keys.json"))
    write_client_key(tmp_path / "client.key")
    assert door(GatewaySettings(token_keys="keys.json")).tokens is not None

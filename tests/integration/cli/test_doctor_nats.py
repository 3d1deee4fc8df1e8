"""What the doctor sees of real NATS servers."""

from __future__ import annotations

import json

import pytest

from services.cli.doctor import examine_nats
from tests.integration.cli.commands import wasla
from tests.nats_servers import nats_server
from tests.ports import free_ports


async def bus_findings() -> list[tuple[str, str]]:
    found = json.loads((await wasla("doctor", "--json")).stdout)
    assert "bus key" not in {finding["subject"] for finding in found}
    return [(finding["level"], finding["what"]) for finding in found if finding["subject"] == "bus"]


async def test_the_server_in_use_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine_nats, "PATIENCE", 60.0)
    with nats_server() as server:
        nowhere = f"nats://127.0.0.1:{free_ports(1)}"
        monkeypatch.setenv("WASLA_BUS", f"{nowhere},{server.url}")
        ((level, what),) = await bus_findings()
    assert level == "ok"
    assert what.endswith(server.url)


async def test_servers_that_are_away_are_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_BUS", f"nats://127.0.0.1:{free_ports(1)}")
    ((level, what),) = await bus_findings()
    assert level == "problem"
    assert "no NATS server can be used" in what

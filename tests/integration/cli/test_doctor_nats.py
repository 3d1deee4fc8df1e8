"""What the doctor sees of real NATS servers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.cli.doctor import examine_nats
from tests.certificates import make_certificate
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


async def test_what_is_amiss_with_tls_and_credentials_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(examine_nats, "PATIENCE", 60.0)
    files = make_certificate(tmp_path)
    with nats_server(f'tls {{ cert_file: "{files.cert}", key_file: "{files.key}" }}', scheme="tls") as server:
        monkeypatch.setenv("WASLA_BUS", server.url)
        monkeypatch.setenv("WASLA_BUS_CA", str(files.cert))
        ((level, what),) = await bus_findings()
        assert (level, what.endswith(server.url)) == ("ok", True)
        assert "eof_received" not in caplog.text
        files.cert.chmod(0o644)
        monkeypatch.setenv("WASLA_BUS_CREDENTIALS", str(files.cert))
        ((level, what),) = await bus_findings()
        monkeypatch.delenv("WASLA_BUS_CREDENTIALS")
        monkeypatch.delenv("WASLA_BUS_CA")
        monkeypatch.setattr(examine_nats, "PATIENCE", 3.0)
        ((unverified, why),) = await bus_findings()
    assert level == unverified == "problem"
    assert what.startswith(f"expected {files.cert} to be readable by its owner alone")
    assert what.endswith(f"; run chmod 600 {files.cert}")
    assert "certificate verify failed" in why

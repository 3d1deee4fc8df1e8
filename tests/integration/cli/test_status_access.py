"""``wasla status`` where the monitor asks for a key, or speaks TLS and this terminal does not know."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from services.monitor.door import Door
from services.monitor.service import observe
from services.monitor.settings import MonitorSettings
from services.monitor.web import serving
from shared.access.tls import certificate
from tests.certificates import make_certificate
from tests.integration.cli.commands import wasla
from tests.ports import free_ports


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    found = free_ports(1)
    monkeypatch.setenv("WASLA_STATUS_PORT", str(found))
    return found


@asynccontextmanager
async def monitor(port: int, **settings: Any) -> AsyncIterator[None]:
    """Serve on loopback what believes that it is reached from elsewhere, and so asks."""
    made = MonitorSettings(status_host="0.0.0.0", **settings)
    door = Door(made).middleware
    async with serving(observe(made), host="127.0.0.1", port=port, door=door, certificate=certificate(made)):
        yield


async def test_a_replaced_key_is_said_with_what_to_do(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async with monitor(port, client_key="k" * 40):
        monkeypatch.setenv("WASLA_CLIENT_KEY", "n" * 40)
        answer = await wasla("status")
    assert answer.exit_code == 1
    assert answer.stderr.startswith(f"wasla: the monitor at http://127.0.0.1:{port} has another client key")
    assert "signal HUP monitor, or copy the key" in answer.stderr


async def test_a_missing_key_is_said_with_what_to_do(port: int) -> None:
    async with monitor(port, client_key="k" * 40):
        answer = await wasla("status")
    assert answer.exit_code == 1
    assert "asks for the client key, and there is none here" in answer.stderr


async def test_a_sentence_names_the_address_that_is_spoken(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = make_certificate(tmp_path)
    monkeypatch.setenv("WASLA_TLS_CERT", str(files.cert))
    monkeypatch.setenv("WASLA_TLS_KEY", str(files.key))
    assert f"no monitor answers at https://127.0.0.1:{port} " in (await wasla("status")).stderr


async def test_a_terminal_without_the_certificate_hears_of_it(port: int, tmp_path: Path) -> None:
    files = make_certificate(tmp_path)
    async with monitor(port, client_key="k" * 40, tls_cert=files.cert, tls_key=files.key):
        answer = await wasla("status")
    assert answer.exit_code == 3
    assert "if it speaks https, set WASLA_TLS_CERT and WASLA_TLS_KEY in this terminal, too" in answer.stderr

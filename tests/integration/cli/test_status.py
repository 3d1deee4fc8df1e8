"""``wasla status`` and the doctor's look at this machine, against the monitor's real port."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.cli.doctor import ports
from services.monitor.observations import Observations
from services.monitor.service import observe
from services.monitor.settings import MonitorSettings
from services.monitor.web import make_app
from tests.integration.cli.commands import wasla


@contextlib.asynccontextmanager
async def serving(app: web.Application, variable: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    async with TestServer(app) as server:
        monkeypatch.setenv(variable, str(server.port))
        yield


@pytest.fixture
async def seen(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Observations]:
    """What the monitor knows, served at WASLA_STATUS_PORT; what was measured stays good for as long as a test takes."""
    for variable in ("WASLA_PROBE_INTERVAL", "WASLA_PROBE_LATE_AFTER"):
        monkeypatch.setenv(variable, "3600")
    found = observe(MonitorSettings.load())
    async with serving(make_app(found), "WASLA_STATUS_PORT", monkeypatch):
        yield found


def deliver(seen: Observations) -> None:
    now = time.monotonic()
    seen.round_trip.begin("n", now)
    seen.round_trip.arrive({}, sent_at=time.time(), received_at=time.time(), now=now)
    seen.database.found_up(time.time())
    seen.websocket.is_up = True


async def test_delivering_is_exit_code_0(seen: Observations) -> None:
    deliver(seen)
    result = await wasla("status")
    assert result.exit_code == 0, result.output
    assert "ok       Temps réel: " in result.stdout


async def test_not_delivering_is_exit_code_1_and_says_why(seen: Observations) -> None:
    seen.database.found_down("nobody there", time.time())
    result = await wasla("status")
    assert result.exit_code == 1
    assert "problem  DB: down" in result.stdout
    assert "problem  the database is down: nobody there" in result.stdout


async def test_a_database_before_setup_is_said_to_be_that(seen: Observations) -> None:
    seen.database.found_down("the schema wasla is not installed here", time.time(), is_installed=False)
    result = await wasla("status")
    assert result.exit_code == 1
    assert "problem  DB: not installed in this database yet: run wasla setup" in result.stdout
    assert "down" not in result.stdout


async def test_the_json_is_the_monitors(seen: Observations) -> None:
    deliver(seen)
    found = json.loads((await wasla("status", "--json")).stdout)
    assert found["ready"] is True
    assert found["machine"] == seen.machine


async def test_without_a_monitor_it_is_exit_code_3() -> None:
    result = await wasla("status")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("wasla: no monitor answers at http://127.0.0.1:")
    assert result.stderr.rstrip().endswith("or correct WASLA_STATUS_HOST and WASLA_STATUS_PORT")


async def test_something_else_at_the_address_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(somebody_else(), "WASLA_STATUS_PORT", monkeypatch):
        result = await wasla("status")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "expected the monitor's status at http://127.0.0.1:" in result.stderr


def somebody_else() -> web.Application:
    """A server that says ok to everything."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    app = web.Application()
    app.add_routes([web.get("/{path:.*}", answer)])
    return app


async def port_findings() -> list[tuple[str, str]]:
    found = json.loads((await wasla("doctor", "--json")).stdout)
    return [(finding["level"], finding["what"]) for finding in found if finding["subject"] == "ports"]


@pytest.mark.parametrize("variable", ["WASLA_PORT", "WASLA_STATUS_PORT"])
async def test_the_doctor_names_a_port_taken_by_somebody_else(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(somebody_else(), variable, monkeypatch):
        ((level, what),) = await port_findings()
    assert level == "problem"
    assert what.startswith("somebody else answers at 127.0.0.1:")


async def test_the_doctor_names_a_port_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setenv("WASLA_HEARTBEAT_ADDRESS", f"tcp://127.0.0.1:{mute.getsockname()[1]}")
        ((level, what),) = await port_findings()
    assert level == "problem"
    assert "accepts connections and says nothing" in what


async def test_the_doctor_knows_our_own(seen: Observations) -> None:
    deliver(seen)
    assert await port_findings() == [("ok", "none is taken by somebody else")]

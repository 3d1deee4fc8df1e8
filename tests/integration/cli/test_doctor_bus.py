"""What the doctor sees of the bus's key: the file that the processes would read, and real refusals in the metrics."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.cli.doctor import examine_bus as examination
from shared.bus.keys import write_key
from tests.integration.cli.commands import wasla

BEYOND = "tcp://127.0.0.1:8767,tcp://192.0.2.7:8767"


@pytest.fixture(autouse=True)
def _two_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_BUS_CONNECT", BEYOND)
    monkeypatch.setattr(examination, "LATELY", 0.0)


async def key_findings() -> list[tuple[str, str]]:
    found = json.loads((await wasla("doctor", "--json")).stdout)
    return [(finding["level"], finding["what"]) for finding in found if finding["subject"] == "bus key"]


async def test_a_missing_key_is_a_problem_where_the_bus_leaves_the_machine(tmp_path: Path) -> None:
    ((level, what),) = await key_findings()
    assert level == "problem"
    assert "tcp://192.0.2.7:8767 is not on this machine alone" in what
    assert str(tmp_path / "data" / "bus.key") in what


async def test_on_this_machine_alone_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_BUS_CONNECT", "tcp://127.0.0.1:8767")
    assert await key_findings() == [("ok", "none is needed, the bus stays on this machine")]


async def test_the_key_is_looked_for_where_the_processes_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_key(tmp_path / "data" / "bus.key")
    assert await key_findings() == [("ok", f"in {tmp_path}/data/bus.key")]
    monkeypatch.setenv("WASLA_BUS_KEY_FILE", "named.key")
    ((level, what),) = await key_findings()
    assert level == "problem"
    assert f"expected a key file at {tmp_path}/named.key, found none" in what


async def test_a_key_that_others_may_read_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "data" / "bus.key"
    write_key(path)
    path.chmod(0o644)
    ((level, what),) = await key_findings()
    assert level == "problem"
    assert f"run chmod 600 {path}" in what


@pytest.fixture
async def refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[list[int]]:
    """The monitor's metrics, in which the refusals stand that this list holds for each look, the last one for ever."""
    write_key(tmp_path / "data" / "bus.key")
    counts: list[int] = [0]

    async def metrics(_request: web.Request) -> web.Response:
        count = counts.pop(0) if len(counts) > 1 else counts[0]
        return web.Response(
            text="# TYPE wasla_bus_refused gauge\n"
            f'wasla_bus_refused{{process="pg-listener:pg-listener",reason="other_key"}} {count}.0\n'
            'wasla_bus_refused{process="pg-listener:pg-listener",reason="broken"} 7.0\n'
        )

    app = web.Application()
    app.add_routes([web.get("/metrics", metrics)])
    async with TestServer(app) as server:
        monkeypatch.setenv("WASLA_STATUS_PORT", str(server.port))
        yield counts


async def test_a_machine_with_another_key_is_told_of_while_it_knocks(refused: list[int]) -> None:
    refused[:] = [3, 5]
    _, (level, what) = await key_findings()
    assert (level, what) == ("warning", "the listener here keeps refusing processes that have another bus key")


async def test_one_that_has_stopped_knocking_is_a_note(refused: list[int]) -> None:
    refused[:] = [3]
    _, (level, what) = await key_findings()
    assert level == "note"
    assert what.startswith("3 connections of processes that have another bus key were refused earlier")


async def test_connections_that_broke_say_nothing_of_keys(refused: list[int]) -> None:
    assert [level for level, _ in await key_findings()] == ["ok"]

"""The monitor under a real supervisord: what hangs is restarted, what is dead is supervisord's."""

from __future__ import annotations

import os
import platform
import signal
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.integration.monitor.supervised import Supervised, supervised

pytestmark = pytest.mark.timeout(400)

FROZEN, OTHER = "gateway:gateway-00", "gateway:gateway-01"


@pytest.fixture
async def fleet(free_ports: Callable[[int], list[int]]) -> AsyncIterator[Supervised]:
    status_port, heartbeat_port, bus_port, gateway_port = free_ports(4)
    environment = {
        "WASLA_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "WASLA_BUS_CONNECT": f"tcp://127.0.0.1:{bus_port}",
        "WASLA_PORT": str(gateway_port),
        "WASLA_PROBE_INTERVAL": "0.5",
    }
    async with supervised([status_port, heartbeat_port], environment) as fleet:
        yield fleet


def processes(status: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {process["process"]: process for process in status["processes"]}


def programs(status: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {program["name"]: program for program in status["programs"] or ()}


def all_present(status: dict[str, Any]) -> bool:
    seen = processes(status)
    return {FROZEN, OTHER, "monitor:monitor"} <= seen.keys() and all(p["presence"] == "present" for p in seen.values())


async def test_a_frozen_process_is_restarted_and_its_siblings_are_not(fleet: Supervised) -> None:
    before = processes(await fleet.until("everybody present", all_present))
    os.kill(before[FROZEN]["pid"], signal.SIGSTOP)
    after = processes(
        await fleet.until("a new pid", lambda status: processes(status)[FROZEN]["pid"] != before[FROZEN]["pid"])
    )
    assert after[FROZEN]["restarts"] == 1
    assert after[OTHER]["pid"] == before[OTHER]["pid"]
    assert after["monitor:monitor"]["pid"] == before["monitor:monitor"]["pid"]
    kills = f'wasla_process_kills_total{{machine="{platform.node()}",process="monitor:monitor",program="{FROZEN}"}} 1.0'
    await fleet.until_metrics(kills)


async def test_what_supervisord_gave_up_and_what_is_down_is_told(fleet: Supervised) -> None:
    status = await fleet.until(
        "a program given up",
        lambda status: (
            programs(status).get("broken:broken", {}).get("state") == "FATAL"
            and status["database"]["up"] is status["websocket"]["up"] is False
        ),
    )
    assert any("supervisord gave up on broken:broken" in warning for warning in status["warnings"])
    assert status["ready"] is False
    assert "does not answer" in status["database"]["reason"]
    assert status["realtime"]["missing_hop"] == "connected"


async def test_a_process_stopped_on_purpose_is_no_alarm(fleet: Supervised) -> None:
    await fleet.until("everybody present", all_present)
    await fleet.control("stop", FROZEN)
    status = await fleet.until("gone", lambda status: FROZEN not in processes(status))
    assert not [warning for warning in status["warnings"] if FROZEN in warning]

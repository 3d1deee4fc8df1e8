"""What stands in the way of a start is said before anything is started, one sentence each."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.monitor.settings import MonitorSettings
from services.pg_listener.settings import ListenerSettings
from services.preflight import Place, hindrances, places

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def supervisor_socket() -> Iterator[Path]:
    """Where supervisord would listen, on a path that is short enough."""
    with tempfile.TemporaryDirectory(prefix="wasla-", dir="/tmp") as directory:
        yield Path(directory) / "supervisor.sock"


def test_every_port_of_ours_is_looked_at() -> None:
    found = places(MonitorSettings(), ListenerSettings())
    assert [(place.port, place.variable) for place in found] == [
        (8765, "WASLA_PORT"),
        (8766, "WASLA_STATUS_PORT"),
        (8767, "WASLA_BUS_BIND and WASLA_BUS_CONNECT"),
        (8768, "WASLA_BUS_BIND and WASLA_BUS_CONNECT"),
        (8769, "WASLA_HEARTBEAT_ADDRESS"),
    ]


def test_sockets_in_the_file_system_take_no_port() -> None:
    monitor = MonitorSettings(heartbeat_address="ipc:///tmp/heartbeats")
    found = places(monitor, ListenerSettings(bus_bind="ipc:///tmp/bus"))
    assert [place.port for place in found] == [8765, 8766]


def test_a_free_port_is_no_hindrance(supervisor_socket: Path) -> None:
    assert list(hindrances([Place("127.0.0.1", 0, "the gateways", "WASLA_PORT")], supervisor_socket)) == []


def test_a_taken_port_even_one_that_is_shared(supervisor_socket: Path) -> None:
    """Gateways share their port with each other: one left behind by an earlier run must be seen all the same."""
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as server:
        port = server.getsockname()[1]
        found = list(hindrances([Place("127.0.0.1", port, "the gateways", "WASLA_PORT")], supervisor_socket))
    (sentence,) = found
    assert sentence == (
        f"127.0.0.1 port {port}, where the gateways should listen, cannot be used (Address already in use): "
        "end what listens there, or set WASLA_PORT"
    )


def test_an_address_of_another_machine(supervisor_socket: Path) -> None:
    found = list(hindrances([Place("192.0.2.1", 8765, "the gateways", "WASLA_PORT")], supervisor_socket))
    assert len(found) == 1
    assert "Cannot assign requested address" in found[0]


def test_it_runs_already(supervisor_socket: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(supervisor_socket))
        server.listen()
        found = list(hindrances([], supervisor_socket))
    assert len(found) == 1
    assert found[0].startswith("this project runs here already: ")


def test_a_socket_left_behind_is_no_hindrance(supervisor_socket: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(supervisor_socket))
    assert list(hindrances([], supervisor_socket)) == []


def test_a_path_too_long_for_supervisord() -> None:
    found = list(hindrances([], Path("/" + "x" * 90 + "/supervisor.sock")))
    assert len(found) == 1
    assert found[0].endswith("move the project to a shorter path")


def test_a_wrong_setting_is_said_and_nothing_starts() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "services.preflight"],
        cwd=ROOT,
        env={**os.environ, "WASLA_STATUS_PORT": "many"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert result.stderr.startswith("run: WASLA_STATUS_PORT: ")
    assert result.stderr.count("\n") == 1

"""What the command line's tests share: an environment that leads nowhere but to what the test itself started."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from services.cli.doctor import examine_database, ports

_PORTS = {
    "WASLA_PORT": "{}",
    "WASLA_STATUS_PORT": "{}",
    "WASLA_HEARTBEAT_ADDRESS": "tcp://127.0.0.1:{}",
}


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No variable of the caller's, addresses where nobody listens, and a directory without a project."""
    for variable in [name for name in os.environ if name.startswith("WASLA_")]:
        monkeypatch.delenv(variable)
    # On a machine with other work an answer may take longer than somebody at a terminal should wait.
    monkeypatch.setattr(examine_database, "NOTIFICATION_TIMEOUT", 60.0)
    monkeypatch.setattr(ports, "TIMEOUT", 60.0)
    with ExitStack() as held:
        for variable, form in _PORTS.items():
            monkeypatch.setenv(variable, form.format(_mute_port(held)))
        monkeypatch.setenv("WASLA_BUS_BIND", f"ipc://{tmp_path}/bus")
        monkeypatch.setenv("WASLA_DATA_DIR", str(tmp_path / "data"))
        (tmp_path / "supervisord.conf").write_text("[unix_http_server]\nfile=%(here)s/s.sock\n")
        monkeypatch.chdir(tmp_path)
        yield


def _mute_port(held: ExitStack) -> int:
    """Return a port that nobody else can take during the test and that refuses connections: bound, not listening."""
    bound = held.enter_context(socket.socket())
    bound.bind(("127.0.0.1", 0))
    port: int = bound.getsockname()[1]
    return port


@pytest.fixture
def url(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database that the commands are pointed at."""
    monkeypatch.setenv("WASLA_DATABASE_URL", database_url)
    return database_url

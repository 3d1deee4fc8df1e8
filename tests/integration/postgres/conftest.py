"""A launcher of its own for each test."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.postgres.launch import prepare
from services.postgres.settings import PostgresSettings
from tests.integration.postgres.launcher import Launcher


@pytest.fixture
def reachable_directory() -> Iterator[Path]:
    """A directory whose parents anybody can enter: pytest's own are for their owner only."""
    with tempfile.TemporaryDirectory(prefix="wasla-test-", dir="/tmp", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)
        yield directory


@pytest.fixture
def launcher(reachable_directory: Path) -> Iterator[Launcher]:
    """Nothing started yet."""
    launcher = Launcher(reachable_directory, reachable_directory / "data-dir")
    yield launcher
    launcher.close()


@pytest.fixture(scope="session")
def made_once() -> Iterator[Path]:
    """What a first start leaves."""
    with tempfile.TemporaryDirectory(prefix="wasla-test-", dir="/tmp") as name:
        directory = Path(name)
        directory.chmod(0o755)
        ready = asyncio.run(prepare(PostgresSettings(data_dir=directory)))
        os.close(ready.lock)
        yield directory


@pytest.fixture
def settled(launcher: Launcher, made_once: Path) -> Launcher:
    """A launcher that was run before."""
    subprocess.run(["cp", "-a", made_once, launcher.data_dir], check=True)
    return launcher


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def unused_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port

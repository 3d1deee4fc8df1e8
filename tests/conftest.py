"""The database fixtures, whose promises are written in :mod:`tests.servers`, and a directory for sockets."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.databases import fresh_database
from tests.servers import VERSIONS, Server, ServerPool, temporary_server

HERE = Path(__file__).parent
PROCESSES = tuple(HERE / name for name in ("attacks", "contracts", "deploy", "e2e", "faults", "machines"))
"""Where tests wait for other processes, several times one after the other."""
PATIENCE = 400
"""Seconds that such a test may take on the slowest machine, where it does not say itself."""


def pytest_configure() -> None:
    """A shell starts what runs in its background deaf to Ctrl-C, and whatever that starts; the tests press it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each of several waits of a test end by itself, and say what it waited for."""
    for item in items:
        is_waiting = any(item.path.is_relative_to(directory) for directory in PROCESSES)
        if is_waiting and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(PATIENCE))


@pytest.fixture(scope="session")
def servers() -> Iterator[ServerPool]:
    """Every shared server of the session."""
    pool = ServerPool()
    yield pool
    pool.close()


@pytest.fixture(params=VERSIONS, ids=lambda version: f"pg{version}")
def postgres_version(request: pytest.FixtureRequest) -> int:
    """The versions a test runs on."""
    version: int = request.param
    return version


@pytest.fixture
def postgres_server(servers: ServerPool, postgres_version: int) -> Server:
    """A shared server with two-phase commit off, as PostgreSQL ships."""
    return servers.get(postgres_version)


@pytest.fixture
def two_phase_server(servers: ServerPool, postgres_version: int) -> Server:
    """A shared server that allows prepared transactions."""
    return servers.get(postgres_version, max_prepared_transactions=10)


@pytest.fixture
def private_server(postgres_version: int) -> Iterator[Server]:
    """A server for one test, to stop, kill and start."""
    with temporary_server(postgres_version) as server:
        yield server


@pytest.fixture
async def database_url(postgres_server: Server) -> AsyncIterator[str]:
    """An empty database."""
    async with fresh_database(postgres_server, "empty") as url:
        yield url


@pytest.fixture
async def installed_database_url(postgres_server: Server) -> AsyncIterator[str]:
    """A database with the schema ``wasla`` and nothing watched but the probe."""
    async with fresh_database(postgres_server, "installed") as url:
        yield url


@pytest.fixture
async def station_database_url(postgres_server: Server) -> AsyncIterator[str]:
    """A database with the station's demo tables, watched."""
    async with fresh_database(postgres_server, "station") as url:
        yield url


@pytest.fixture
def short_directory() -> Iterator[Path]:
    """A directory with a name short enough for a unix socket."""
    with tempfile.TemporaryDirectory(prefix="wasla-") as name:
        yield Path(name)

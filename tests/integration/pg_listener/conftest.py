"""A bench for listeners; the databases are of ``tests/conftest.py``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest

from tests.integration.pg_listener.bench import Bench


@pytest.fixture
async def bench(short_directory: Path) -> AsyncIterator[Bench]:
    """Starts listeners and readers on any database; they end with the test."""
    async with AsyncExitStack() as stack:
        yield Bench(short_directory, stack)


@pytest.fixture
async def writer(station_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """An application's session on the station's database."""
    connection = await asyncpg.connect(station_database_url, server_settings={"application_name": "counter"})
    yield connection
    await connection.close()

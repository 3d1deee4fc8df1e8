"""A writer and the sequencing session, over a database of one's own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.setup import watch
from tests.integration.sql.sequencer import Sequencer, leading


@pytest.fixture
async def writer(installed_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """An application's session, beside a watched table ``items``."""
    connection = await asyncpg.connect(installed_database_url, server_settings={"application_name": "counter-1"})
    await connection.execute("CREATE TABLE items (id int PRIMARY KEY, label text, amount numeric)")
    await watch(connection, "items")
    yield connection
    await connection.close()


@pytest.fixture
async def sequencer(installed_database_url: str) -> AsyncIterator[Sequencer]:
    """The leading session of ``writer``'s database."""
    async with leading(installed_database_url) as session:
        yield session


@pytest.fixture
async def clerk(station_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """An application's session at the station."""
    connection = await asyncpg.connect(station_database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def station(station_database_url: str) -> AsyncIterator[Sequencer]:
    """The leading session of ``clerk``'s database."""
    async with leading(station_database_url) as session:
        yield session

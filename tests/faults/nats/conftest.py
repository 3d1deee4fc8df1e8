"""A fleet over one NATS server that the test may kill."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import uvloop

from tests.faults.nats.fleet import Fleet, fleet_over
from tests.nats_servers import NatsServer, nats_server


@pytest.fixture
def server() -> Iterator[NatsServer]:
    """One server for one test."""
    with nats_server() as running:
        yield running


@pytest.fixture
async def fleet(server: NatsServer, installed_database_url: str, short_directory: Path) -> AsyncIterator[Fleet]:
    """Nothing of it runs yet."""
    async with fleet_over(installed_database_url, server.url, short_directory) as made:
        yield made


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run these tests on the loop that the processes run on."""
    return {"uvloop": uvloop.new_event_loop}

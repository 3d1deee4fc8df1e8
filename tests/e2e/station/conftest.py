"""The station's page in a real browser, over the fleet of the end-to-end tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Browser

from tests.e2e.fleet import Fleet
from tests.e2e.station.station_page import StationPage

OpenStation = Callable[..., AbstractAsyncContextManager[StationPage]]


@pytest.fixture
async def database(fleet: Fleet) -> AsyncIterator[asyncpg.Connection]:
    """The fleet's own database, with the queue that the demo begins with."""
    connection = await asyncpg.connect(fleet.database_url)
    await connection.execute("DELETE FROM vehicle_queue")
    await connection.execute(
        "INSERT INTO vehicle_queue (id, vehicle_id, destination_id, destination_name, queue_position, base_price) "
        "VALUES "
        "('queue-1', 'vehicle-1', 'station-jemmal', 'JEMMAL', 1, 1.750), "
        "('queue-2', 'vehicle-2', 'station-jemmal', 'JEMMAL', 2, 1.750), "
        "('queue-3', 'vehicle-3', 'station-moknin', 'MOKNIN', 1, 2.000)"
    )
    yield connection
    await connection.close()


@pytest.fixture
def open_station(fleet: Fleet, browser: Browser) -> OpenStation:
    """Open the page in a context of its own, given Playwright's options of a context."""

    @asynccontextmanager
    async def opened(**options: Any) -> AsyncIterator[StationPage]:
        context = await browser.new_context(**{"locale": "fr-FR", **options})
        try:
            station = StationPage(await context.new_page())
            await station.open(f"http://127.0.0.1:{fleet.base_port + 1}/station")
            await station.linked()
            yield station
            assert station.errors == []
            own = (f"{fleet.status_url}/", f"{fleet.gateway_url}/")
            assert [url for url in station.requests if not url.startswith(own)] == []
        finally:
            await context.close()

    return opened

"""How it ends: told to, everything in order; without supervisord, the events flow on."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.clients import connected
from tests.e2e.fleet import Fleet
from tests.e2e.sales import sell

pytestmark = pytest.mark.timeout(300)


async def test_told_to_end_everything_ends(own_fleet: Fleet) -> None:
    """Exit code 0, clients are sent elsewhere, no process is left, the database was shut down in order."""
    async with connected(own_fleet.gateway_url) as client:
        leaving = asyncio.create_task(client.closed())
        assert await asyncio.to_thread(own_fleet.terminate) == 0
        assert await leaving == 1001
    assert own_fleet.processes() == []
    assert "database system is shut down" in own_fleet.log
    assert not (own_fleet.directory / ".wasla" / "postgres" / "data" / "postmaster.pid").exists()


async def test_events_flow_on_without_supervisord(own_fleet: Fleet) -> None:
    assert own_fleet.supervisord is not None
    own_fleet.supervisord.kill()
    own_fleet.supervisord.wait()
    async with connected(own_fleet.gateway_url) as client:
        sold = await sell(own_fleet.database_url, 5)
        await client.read_until(lambda: len(client.ids()) >= 5, stay=True)
        assert client.ids() == sold

"""Listeners and gateways of this loop over a primary, and the replicas that take its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest
import uvloop

from services.gateway.service import Gateway
from tests.integration.gateway.conftest import running_gateway
from tests.integration.pg_listener.bench import Bench
from tests.oracle.reference import DEADLINE
from tests.servers import Server


class Stage:
    """Two listeners on one database address, and two gateways that hear both."""

    def __init__(self, directory: Path, stack: AsyncExitStack) -> None:
        self._directory = directory
        self._stack = stack
        self.bench = Bench(directory, stack)
        self.gateways: list[Gateway] = []

    async def begin(self, url: str, *, listeners: int = 2, gateways: int = 2) -> None:
        """Start them; returns when every gateway has joined the stream."""
        lines = [(await self.bench.listener(url))[1] for _ in range(listeners)]
        for line in lines:
            reader = await self.bench.reader(line)
            await reader.until(lambda reader=reader, line=line: reader.beats[line].catalog_version)  # type: ignore[misc]
        for _ in range(gateways):
            await self.add_gateway(",".join(lines))

    async def add_gateway(self, lines: str) -> None:
        gateway = await self._stack.enter_async_context(running_gateway(lines, self._directory))
        self.gateways.append(gateway)
        async with asyncio.timeout(DEADLINE):
            while not gateway.hub.catalog:  # noqa: ASYNC110 - it has no event of its own
                await asyncio.sleep(0.01)

    @property
    def addresses(self) -> list[str]:
        return [f"ws://127.0.0.1:{gateway.port}" for gateway in self.gateways]


@pytest.fixture
async def stage(short_directory: Path) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        yield Stage(short_directory, stack)


async def until_replayed(primary: Server, replica: Server) -> None:
    """Wait until the replica has everything that the primary has written."""
    source, target = await asyncpg.connect(primary.url("postgres")), await asyncpg.connect(replica.url("postgres"))
    # A switch of the WAL file flushes what asynchronous commits have left in memory, which is what a replica is sent.
    wanted = await source.fetchval("SELECT pg_switch_wal()")
    async with asyncio.timeout(DEADLINE):
        while not await target.fetchval("SELECT pg_last_wal_replay_lsn() >= $1", wanted):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.02)
    await source.close()
    await target.close()


def database_name(url: str) -> str:
    return url.rpartition("?")[0].rpartition("/")[2]


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run these tests on the loop that the processes run on."""
    return {"uvloop": uvloop.new_event_loop}

"""Writers ring when nobody is awake, keep quiet when somebody is, and never where two-phase commit is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from services.setup import unwatch, watch
from shared.queries import query
from tests.databases import fresh_database
from tests.integration.sql.sequencer import Sequencer
from tests.servers import Server

END = "END"
TIMEOUT = 60.0


class Porch:
    """What rang, in order; notifications of one session arrive in the order of the commits."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self._heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    async def listen(self, *channels: str) -> None:
        for channel in channels:
            await self.connection.add_listener(channel, lambda *a: self._heard.put_nowait((a[2], a[3])))

    async def rung(self) -> list[tuple[str, str]]:
        """Return what was notified up to now: a notification of our own marks the end."""
        await self.connection.execute(f"SELECT pg_notify('wasla_wake', '{END}')")
        heard: list[tuple[str, str]] = []
        async with asyncio.timeout(TIMEOUT):
            while (notification := await self._heard.get()) != ("wasla_wake", END):
                heard.append(notification)
        return heard


@asynccontextmanager
async def porch_of(url: str) -> AsyncIterator[Porch]:
    connection = await asyncpg.connect(url)
    porch = Porch(connection)
    await porch.listen("wasla_wake", "wasla_log")
    yield porch
    await connection.close()


async def test_a_writer_rings_once_a_transaction(writer: asyncpg.Connection, installed_database_url: str) -> None:
    async with porch_of(installed_database_url) as porch:
        await writer.execute("INSERT INTO items VALUES (1)")
        async with writer.transaction():
            await writer.execute("INSERT INTO items VALUES (2)")
            await writer.execute("DELETE FROM items")
        await writer.execute("UPDATE items SET label = 'no row'")
        assert await porch.rung() == [("wasla_wake", "")] * 2


async def test_nobody_rings_while_the_sign_hangs(
    writer: asyncpg.Connection, sequencer: Sequencer, installed_database_url: str
) -> None:
    async with porch_of(installed_database_url) as porch:
        assert await sequencer.connection.fetchval(query("hang_sign"))
        await writer.execute("INSERT INTO items VALUES (1)")
        assert await porch.rung() == []
        assert await sequencer.connection.fetchval(query("take_sign_down"))
        await writer.execute("INSERT INTO items VALUES (2)")
        assert await porch.rung() == [("wasla_wake", "")]


async def test_a_writer_leaves_the_sign_free(
    writer: asyncpg.Connection, sequencer: Sequencer, installed_database_url: str
) -> None:
    """The lock that a writer tries is given back at once, so an open transaction keeps no listener from hanging it."""
    async with writer.transaction():
        await writer.execute("INSERT INTO items VALUES (1)")
        assert await sequencer.connection.fetchval(query("hang_sign"))


async def test_a_drain_tells_the_standbys(
    writer: asyncpg.Connection, sequencer: Sequencer, installed_database_url: str
) -> None:
    async with porch_of(installed_database_url) as porch:
        await sequencer.drain()
        await writer.execute("INSERT INTO items VALUES (1), (2)")
        await sequencer.drain()
        await sequencer.drain()
        assert await porch.rung() == [("wasla_wake", ""), ("wasla_log", "")]


async def test_watching_refreshes_the_catalogue(writer: asyncpg.Connection, installed_database_url: str) -> None:
    async with porch_of(installed_database_url) as porch:
        await watch(writer, "items", channel="stock")
        await unwatch(writer, "items")
        assert await porch.rung() == [("wasla_wake", "catalog")] * 2


async def test_the_truncation_of_a_partition_rings(writer: asyncpg.Connection, installed_database_url: str) -> None:
    await writer.execute("""
        CREATE TABLE trips (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE trips_low PARTITION OF trips FOR VALUES FROM (0) TO (10);
    """)
    await watch(writer, "trips")
    async with porch_of(installed_database_url) as porch:
        await writer.execute("TRUNCATE trips_low")
        assert await porch.rung() == [("wasla_wake", "")]


async def test_nobody_rings_where_two_phase_commit_is_allowed(two_phase_server: Server) -> None:
    async with fresh_database(two_phase_server) as url, porch_of(url) as porch:
        writer = await asyncpg.connect(url)
        await writer.execute("CREATE TABLE items (id int PRIMARY KEY)")
        await watch(writer, "items")
        await writer.execute("INSERT INTO items VALUES (1)")
        await writer.execute("DROP TABLE wasla.outbox, wasla.capture_failure")
        await writer.execute("INSERT INTO items VALUES (2)")
        assert await porch.rung() == [("wasla_wake", "catalog")]
        await writer.close()

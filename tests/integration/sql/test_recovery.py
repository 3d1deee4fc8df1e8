"""A replica numbers nothing; promoted, it begins another epoch. A crash loses nothing that was committed."""

from __future__ import annotations

import asyncpg
import pytest

from services.setup import install, watch
from shared.errors import DatabaseRefused
from shared.queries import query
from tests.integration.sql.sequencer import leading, sequencing_session
from tests.servers import Server, only_newest

DATABASE = "postgres"


async def prepare(server: Server) -> None:
    connection = await asyncpg.connect(server.url(DATABASE))
    await install(connection)
    await connection.execute("CREATE TABLE items (id int PRIMARY KEY)")
    await watch(connection, "items")
    await connection.execute("INSERT INTO items VALUES (1), (2)")
    await connection.close()


def restart_as_replica(server: Server) -> None:
    server.stop()
    (server.directory / "data" / "standby.signal").touch()
    server.start()


@only_newest
async def test_a_replica_numbers_nothing_and_a_promoted_one_begins_an_epoch(private_server: Server) -> None:
    await prepare(private_server)
    async with leading(private_server.url(DATABASE)) as sequencer:
        await sequencer.drain(1)
        epoch = sequencer.status.epoch
    restart_as_replica(private_server)
    replica = await asyncpg.connect(private_server.url(DATABASE))
    async with sequencing_session(private_server.url(DATABASE)) as sequencer:
        with pytest.raises(asyncpg.PostgresError, match="in recovery: only a primary numbers events"):
            await sequencer.drain()
        position = await replica.fetchrow(query("log_position"))
        assert (position["epoch"], position["seq"], position["in_recovery"]) == (epoch, 1, True)
        with pytest.raises(DatabaseRefused, match="got a replica in recovery"):
            await install(replica)
        assert await replica.fetchval("SELECT pg_promote()")
        [event] = await sequencer.drain()
        assert (event.row_id, event.seq) == ("2", 2)
        assert sequencer.status.epoch != epoch
    await replica.close()


@only_newest
async def test_a_crash_loses_nothing_that_was_committed(private_server: Server) -> None:
    # With fsync off a killed server still keeps what it handed to the kernel; the commits below are waited for.
    await prepare(private_server)
    connection = await asyncpg.connect(private_server.url(DATABASE), server_settings={"synchronous_commit": "on"})
    async with leading(private_server.url(DATABASE)) as sequencer:
        await sequencer.drain(1)
        epoch = sequencer.status.epoch
    await connection.execute("INSERT INTO items VALUES (3)")
    connection.terminate()
    private_server.kill()
    private_server.start()
    async with leading(private_server.url(DATABASE)) as sequencer:
        events = await sequencer.drain_all()
        logged = await sequencer.log()
    assert [event.row_id for event in events] == [event.row_id for event in logged][-len(events) :]
    assert [event.row_id for event in logged] == ["1", "2", "3"]
    assert [event.seq for event in logged] == [1, 2, 3]
    assert sequencer.status.epoch == epoch

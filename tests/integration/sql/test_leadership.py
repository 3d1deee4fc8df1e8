"""One sequencer in the world, and an epoch that changes when its numbers cannot be continued."""

from __future__ import annotations

import asyncpg
import pytest

from shared.database import DRIVER_ERRORS
from shared.queries import query
from tests.databases import fresh_database
from tests.integration.sql.sequencer import Sequencer, leading, sequencing_session
from tests.servers import Server, only_newest


async def test_only_one_session_leads(sequencer: Sequencer, installed_database_url: str) -> None:
    async with sequencing_session(installed_database_url) as other:
        assert not await other.connection.fetchval(query("try_lead"))


async def test_a_session_that_does_not_lead_cannot_sequence(
    writer: asyncpg.Connection, sequencer: Sequencer, installed_database_url: str
) -> None:
    await writer.execute("INSERT INTO items VALUES (1)")
    async with sequencing_session(installed_database_url) as other:
        with pytest.raises(asyncpg.LockNotAvailableError, match="another session leads"):
            await other.drain()
    assert len(await sequencer.drain()) == 1


async def test_leadership_passes_with_the_session(writer: asyncpg.Connection, installed_database_url: str) -> None:
    async with leading(installed_database_url) as first:
        await writer.execute("INSERT INTO items VALUES (1), (2)")
        [one, *_] = await first.drain()
        process = first.connection.get_server_pid()
        await writer.execute("SELECT pg_terminate_backend($1, 10000)", process)
        with pytest.raises(DRIVER_ERRORS):
            await first.drain()
    async with leading(installed_database_url) as second:
        await writer.execute("INSERT INTO items VALUES (3)")
        [three] = await second.drain()
        assert (three.row_id, three.seq) == ("3", one.seq + 2)


async def test_a_stale_look_cannot_be_written(writer: asyncpg.Connection, installed_database_url: str) -> None:
    """A session whose snapshot is older than another's drain fails instead of giving a number twice."""
    await writer.execute("INSERT INTO items VALUES (1)")
    async with sequencing_session(installed_database_url) as stale, sequencing_session(installed_database_url) as fresh:
        transaction = stale.connection.transaction(isolation="repeatable_read")
        await transaction.start()
        await stale.connection.fetchval("SELECT pg_current_snapshot()::text")
        assert len(await fresh.drain()) == 1
        with pytest.raises(asyncpg.SerializationError):
            await stale.drain()
        await transaction.rollback()
        assert [event.row_id for event in await fresh.log()] == ["1"]


async def test_the_session_must_be_at_repeatable_read(installed_database_url: str) -> None:
    connection = await asyncpg.connect(installed_database_url)
    with pytest.raises(asyncpg.PostgresError, match="REPEATABLE READ"):
        await connection.fetch(query("sequence"), 10, 1000, False, [], 1000, False)
    await connection.close()


async def test_the_epoch_is_stable(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await sequencer.drain()
    epoch = sequencer.status.epoch
    await writer.execute("INSERT INTO items VALUES (1)")
    await sequencer.drain()
    position = await writer.fetchrow(query("log_position"))
    assert sequencer.status.epoch == epoch == position["epoch"]
    assert (position["seq"], position["oldest_seq"], position["in_recovery"]) == (1, 1, False)


async def test_a_copy_of_the_database_has_another_epoch(postgres_server: Server) -> None:
    """A restored copy goes its own way: same install, other database."""
    async with fresh_database(postgres_server) as original:
        async with leading(original) as sequencer:
            await sequencer.drain()
            epoch = sequencer.status.epoch
        admin = await asyncpg.connect(postgres_server.url("postgres"))
        name = original.split("@/")[1].split("?")[0]
        await admin.execute(f"CREATE DATABASE {name}_copy TEMPLATE {name}")
        try:
            async with leading(postgres_server.url(f"{name}_copy")) as sequencer:
                await sequencer.drain()
                assert sequencer.status.epoch != epoch
        finally:
            await admin.execute(f"DROP DATABASE {name}_copy")
            await admin.close()


async def test_two_installations_have_two_epochs(postgres_server: Server) -> None:
    epochs = set()
    for _ in range(2):
        async with fresh_database(postgres_server) as url, leading(url) as sequencer:
            await sequencer.drain()
            epochs.add(sequencer.status.epoch)
    assert len(epochs) == 2


async def test_a_new_epoch_looks_at_everything(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    """After a restore the stored snapshot speaks of transactions of another history."""
    await writer.execute("INSERT INTO items VALUES (1)")
    await sequencer.drain()
    before = sequencer.status.epoch
    await writer.execute("INSERT INTO items VALUES (2)")
    await writer.execute("UPDATE wasla.position SET seen = '900000:900000:', install_id = gen_random_uuid()")
    events = await sequencer.drain()
    assert [event.row_id for event in events] == ["2"]
    assert sequencer.status.epoch != before
    assert await sequencer.drain() == []


async def test_the_safety_look_finds_what_the_window_hides(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("INSERT INTO items VALUES (1)")
    await sequencer.drain()
    await writer.execute("UPDATE wasla.position SET seen = '900000:900000:'")
    await writer.execute("INSERT INTO items VALUES (2)")
    assert await sequencer.drain() == []
    assert [event.row_id for event in await sequencer.drain_completely()] == ["2"]


@only_newest
async def test_a_drain_reports_its_snapshot(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    async with writer.transaction():
        xid = await writer.fetchval("SELECT pg_current_xact_id()::text::bigint")
        await sequencer.drain()
        assert sequencer.status.xmin <= xid
    await sequencer.drain()
    assert sequencer.status.xmin > xid

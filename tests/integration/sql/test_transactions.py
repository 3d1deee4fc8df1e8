"""What a transaction did arrives whole, in its order, when it has committed, and never before."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.setup import watch
from tests.databases import fresh_database
from tests.integration.sql.sequencer import Sequencer, assert_well_formed, leading
from tests.servers import Server


async def test_two_statements_of_one_transaction(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    async with writer.transaction():
        await writer.execute("INSERT INTO items VALUES (2), (1)")
        await writer.execute("UPDATE items SET label = 'x' WHERE id = 1")
        xid = await writer.fetchval("SELECT pg_current_xact_id()::text::bigint")
        assert await sequencer.drain() == []
    events = await sequencer.drain()
    assert [(e.event_type, e.row_id, e.tx_index, e.tx_size) for e in events] == [
        ("INSERT", "2", 0, 3),
        ("INSERT", "1", 1, 3),
        ("UPDATE", "1", 2, 3),
    ]
    assert {e.tx_id for e in events} == {xid}


async def test_a_rolled_back_transaction_is_silent(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    async with writer.transaction():
        await writer.execute("INSERT INTO items VALUES (0)")
    transaction = writer.transaction()
    await transaction.start()
    await writer.execute("INSERT INTO items VALUES (1)")
    await transaction.rollback()
    assert [event.row_id for event in await sequencer.drain()] == ["0"]


async def test_savepoints(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("""
        BEGIN;
        INSERT INTO items VALUES (1);
        SAVEPOINT a;
        INSERT INTO items VALUES (2);
        ROLLBACK TO a;
        INSERT INTO items VALUES (3);
        SAVEPOINT b;
        UPDATE items SET label = 'kept' WHERE id = 3;
        RELEASE b;
        SAVEPOINT c;
        DELETE FROM items;
        ROLLBACK TO c;
        COMMIT
    """)
    events = await sequencer.drain()
    assert [(event.event_type, event.row_id) for event in events] == [("INSERT", "1"), ("INSERT", "3"), ("UPDATE", "3")]
    assert_well_formed(events)


async def test_a_statement_that_fails_leaves_the_rest_of_a_procedure(
    writer: asyncpg.Connection, sequencer: Sequencer
) -> None:
    """A caught error is a subtransaction: what it did is gone, what came before and after stands."""
    await writer.execute("""
        DO $$ BEGIN
            INSERT INTO items VALUES (1);
            BEGIN
                INSERT INTO items VALUES (2);
                INSERT INTO items VALUES (1);
            EXCEPTION WHEN unique_violation THEN
                INSERT INTO items VALUES (3);
            END;
        END $$
    """)
    events = await sequencer.drain()
    assert [event.row_id for event in events] == ["1", "3"]
    assert_well_formed(events)


async def test_serializable_transactions(installed_database_url: str, sequencer: Sequencer) -> None:
    settings = {"default_transaction_isolation": "serializable"}
    first = await asyncpg.connect(installed_database_url, server_settings=settings)
    second = await asyncpg.connect(installed_database_url, server_settings=settings)
    try:
        await first.execute("CREATE TABLE posts (id int PRIMARY KEY, label text)")
        await watch(first, "posts")
        one, other = first.transaction(), second.transaction()
        await one.start()
        await other.start()
        await first.execute("INSERT INTO posts VALUES (1, 'a')")
        await second.execute("INSERT INTO posts VALUES (2, 'b')")
        await first.execute("UPDATE posts SET label = 'c' WHERE id = 1")
        await one.commit()
        await other.commit()
    finally:
        await first.close()
        await second.close()
    events = await sequencer.drain()
    assert sorted((event.event_type, event.row_id or "") for event in events) == [
        ("INSERT", "1"),
        ("INSERT", "2"),
        ("UPDATE", "1"),
    ]
    assert_well_formed(events)


async def test_a_long_writing_transaction_delays_nobody(
    writer: asyncpg.Connection, sequencer: Sequencer, installed_database_url: str
) -> None:
    slow = await asyncpg.connect(installed_database_url)
    try:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute("INSERT INTO items VALUES (100)")
        for number in range(5):
            await writer.execute("INSERT INTO items VALUES ($1)", number)
            assert [event.row_id for event in await sequencer.drain()] == [str(number)]
        await transaction.commit()
        assert [event.row_id for event in await sequencer.drain()] == ["100"]
    finally:
        await slow.close()


async def test_a_long_transaction_in_another_database_delays_nobody(
    writer: asyncpg.Connection, sequencer: Sequencer, postgres_server: Server
) -> None:
    elsewhere = await asyncpg.connect(postgres_server.url("postgres"))
    try:
        transaction = elsewhere.transaction()
        await transaction.start()
        await elsewhere.execute("SELECT pg_current_xact_id()")
        await writer.execute("INSERT INTO items VALUES (1)")
        assert len(await sequencer.drain()) == 1
        await transaction.rollback()
    finally:
        await elsewhere.close()


@pytest.fixture
async def two_phase_url(two_phase_server: Server) -> AsyncIterator[str]:
    async with fresh_database(two_phase_server) as url:
        yield url


async def test_a_prepared_transaction_arrives_when_it_is_committed(two_phase_url: str) -> None:
    writer = await asyncpg.connect(two_phase_url)
    try:
        await writer.execute("CREATE TABLE items (id int PRIMARY KEY)")
        await watch(writer, "items")
        async with leading(two_phase_url) as sequencer:
            await sequencer.drain()
            await writer.execute("BEGIN; INSERT INTO items VALUES (1), (2); PREPARE TRANSACTION 'kept'")
            await writer.execute("BEGIN; INSERT INTO items VALUES (3); PREPARE TRANSACTION 'dropped'")
            await writer.execute("INSERT INTO items VALUES (4)")
            assert [event.row_id for event in await sequencer.drain()] == ["4"]
            await writer.execute("ROLLBACK PREPARED 'dropped'")
            await writer.execute("COMMIT PREPARED 'kept'")
            events = await sequencer.drain()
            assert [(e.row_id, e.tx_index, e.tx_size) for e in events] == [("1", 0, 2), ("2", 1, 2)]
    finally:
        await writer.close()


async def test_a_failed_capture_does_not_spoil_a_prepared_transaction(two_phase_url: str) -> None:
    writer = await asyncpg.connect(two_phase_url)
    try:
        await writer.execute("CREATE TABLE items (id int PRIMARY KEY)")
        await watch(writer, "items")
        await writer.execute("DROP TABLE wasla.outbox, wasla.capture_failure CASCADE")
        await writer.execute("BEGIN; INSERT INTO items VALUES (1); PREPARE TRANSACTION 'sale'")
        await writer.execute("COMMIT PREPARED 'sale'")
        assert await writer.fetchval("SELECT count(*) FROM items") == 1
    finally:
        await writer.close()

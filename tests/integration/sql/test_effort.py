"""What a drain reads follows its batch: neither the rest of a large transaction nor dead rows cost it anything.

Counted in rows and index entries, by PostgreSQL's own statistics of the transaction, not in time.
"""

from __future__ import annotations

import asyncpg

from tests.integration.sql.sequencer import Sequencer

READ = """
    SELECT pg_stat_get_xact_tuples_returned('wasla.outbox'::regclass)
         + pg_stat_get_xact_tuples_fetched('wasla.outbox'::regclass) AS rows,
           pg_stat_get_xact_tuples_returned('wasla.outbox_pkey'::regclass) AS entries
"""


async def effort(sequencer: Sequencer, max_rows: int) -> tuple[int, int, int]:
    """Drain in a transaction, and return the events, the rows and the index entries of the outbox that it read."""
    connection = sequencer.connection
    async with connection.transaction(isolation="repeatable_read"):
        before = await connection.fetchrow(READ)
        events = await sequencer.drain(max_rows)
        after = await connection.fetchrow(READ)
    return len(events), after["rows"] - before["rows"], after["entries"] - before["entries"]


async def test_a_batch_does_not_read_the_rest_of_its_transaction(
    writer: asyncpg.Connection, sequencer: Sequencer
) -> None:
    await writer.execute("INSERT INTO items SELECT n FROM generate_series(1, 10000) AS n")
    await sequencer.drain(100)  # plans the whole
    for _ in range(8):  # past the calls that are planned for their arguments
        events, rows, entries = await effort(sequencer, 100)
        assert events == 100
        assert max(rows, entries) < 5 * events


async def test_a_batch_does_not_read_the_other_transactions(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    await writer.execute("DO $$ BEGIN FOR n IN 1..3000 LOOP INSERT INTO items VALUES (n); COMMIT; END LOOP; END $$")
    await sequencer.drain(100)
    for _ in range(8):
        events, rows, entries = await effort(sequencer, 100)
        assert events == 100
        assert max(rows, entries) < 5 * events


async def test_statistics_of_an_empty_outbox_do_no_harm(writer: asyncpg.Connection, sequencer: Sequencer) -> None:
    """What autovacuum most often finds: pages, and no row in them."""
    await writer.execute("INSERT INTO items SELECT n FROM generate_series(1, 100) AS n")
    await sequencer.drain_all()
    await writer.execute("ANALYZE wasla.outbox")
    for first in range(1000, 6000, 1000):
        await writer.execute("INSERT INTO items SELECT n FROM generate_series($1::integer, $1 + 999) AS n", first)
    await sequencer.drain(100)
    for _ in range(8):
        events, rows, entries = await effort(sequencer, 100)
        assert events == 100
        assert max(rows, entries) < 5 * events


async def test_a_poll_does_not_read_the_dead(
    writer: asyncpg.Connection, sequencer: Sequencer, installed_database_url: str
) -> None:
    """Somebody's old snapshot keeps the dead rows from being swept; polls must not wade through them."""
    keeper = await asyncpg.connect(installed_database_url)
    async with keeper.transaction(isolation="repeatable_read"):
        await keeper.fetchval("SELECT count(*) FROM items")
        await writer.execute("INSERT INTO items SELECT n FROM generate_series(1, 5000) AS n")
        await sequencer.drain_all()
        assert await effort(sequencer, 1000) == (0, 0, 0)
        await writer.execute("INSERT INTO items VALUES (0)")
        events, rows, entries = await effort(sequencer, 1000)
        assert events == 1
        assert max(rows, entries) < 10
    await keeper.close()

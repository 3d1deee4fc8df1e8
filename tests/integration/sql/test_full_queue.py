"""A LISTEN consumer that never reads fills the server's notification queue; a full one would fail every commit."""

from __future__ import annotations

import asyncpg
import pytest

from services.setup import install, watch
from tests.integration.sql.sequencer import leading
from tests.servers import temporary_server

FILLED = 0.8
"""Share of the queue; past 0.5 the public channels and the doorbell are silent, past 0.75 the word to the standbys."""

ENOUGH_FOR_A_PAGE = 400
"""The queue is measured in pages of 8 kB, and one of our short notifications takes about 30 bytes."""


@pytest.mark.parametrize("postgres_version", [18])
async def test_a_filling_queue_is_filled_no_further_by_us(postgres_version: int) -> None:
    # The queue's size is a setting since version 17; 64 pages are the least.
    with temporary_server(postgres_version, max_notify_queue_pages="64") as server:
        url = server.url("postgres")
        writer, deaf = await asyncpg.connect(url), await asyncpg.connect(url)
        await install(writer)
        await writer.execute("CREATE TABLE items (id int PRIMARY KEY)")
        await watch(writer, "items")
        async with leading(url) as sequencer:
            await deaf.execute("LISTEN anything")
            await deaf.execute("BEGIN; SELECT 1")  # in a transaction nothing is delivered, so nothing is swept
            while await writer.fetchval("SELECT pg_notification_queue_usage()") <= FILLED:
                await writer.execute("SELECT pg_notify('anything', repeat(n::text, 7000)) FROM generate_series(1, 3) n")
            filled = await writer.fetchval("SELECT pg_notification_queue_usage()")
            for number in range(ENOUGH_FOR_A_PAGE):
                await writer.execute("INSERT INTO items VALUES ($1)", number)
                assert len(await sequencer.drain()) == 1
                assert sequencer.status.notifications_skipped
            assert await writer.fetchval("SELECT pg_notification_queue_usage()") == filled
            await deaf.execute("COMMIT")
            await writer.execute("INSERT INTO items VALUES (-1)")
            await sequencer.drain()
            assert not sequencer.status.notifications_skipped
        await writer.close()
        await deaf.close()

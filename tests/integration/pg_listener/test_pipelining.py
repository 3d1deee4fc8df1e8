"""More than a batch is waiting: PostgreSQL numbers the next one while the former is encoded and published."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import pytest

from services.pg_listener.encoding import Row
from tests.integration.pg_listener.bench import PATIENCE, Bench

ROWS = 100


async def _until_numbered(url: str, beyond: int) -> None:
    connection = await asyncpg.connect(url)
    async with asyncio.timeout(PATIENCE):
        while await connection.fetchval("SELECT seq FROM wasla.position") <= beyond:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await connection.close()


async def test_the_next_batch_is_numbered_while_one_is_published(
    bench: Bench, installed_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = await asyncpg.connect(installed_database_url)
    await writer.execute("CREATE TABLE ticks (n int PRIMARY KEY)")
    await writer.execute("SELECT wasla.watch('ticks')")
    listener, line = await bench.listener(installed_database_url, batch_max_events=ROWS // 4)
    reader = await bench.reader(line)
    beat = await reader.until_leading()
    publish = listener.feed.publish
    published: list[int] = []

    def publish_slowly(rows: Sequence[Row], now: float) -> None:
        """Hold the listener's only thread up until the log is ahead of what is published, while there is more."""
        published.extend(row["seq"] for row in rows)
        if len(published) < ROWS:
            with ThreadPoolExecutor(1) as thread:
                thread.submit(asyncio.run, _until_numbered(installed_database_url, published[-1])).result()
        publish(rows, now)

    monkeypatch.setattr(listener.feed, "publish", publish_slowly)
    await writer.execute("INSERT INTO ticks SELECT generate_series(1, $1::int)", ROWS)
    events = await reader.until_events(ROWS)
    assert [event.seq for event in events] == published == list(range(beat.top_seq + 1, beat.top_seq + 1 + ROWS))
    await writer.close()

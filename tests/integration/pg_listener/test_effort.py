"""What a pg-listener asks of the database follows the batches, not the events. Counted, not timed."""

from __future__ import annotations

import asyncpg
import pytest

from services.pg_listener.service import Listener
from shared.queries import query
from tests.integration.pg_listener.bench import Bench

EVENTS = 1000
BATCH = 250


def drains(listener: Listener) -> float:
    """Return how many looks at the outbox found something."""
    value = listener.metrics.registry.get_sample_value("wasla_drains_total", {"outcome": "events"})
    return value or 0.0


async def test_events_cost_a_statement_a_batch_and_no_other(
    bench: Bench, installed_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = await asyncpg.connect(installed_database_url)
    await writer.execute("CREATE TABLE ticks (n int PRIMARY KEY)")
    await writer.execute("SELECT wasla.watch('ticks')")
    listener, line = await bench.listener(installed_database_url, batch_max_events=BATCH)
    reader = await bench.reader(line)
    await reader.until_leading()
    asked: list[str] = []
    fetch = asyncpg.Connection.fetch

    async def counted(self: asyncpg.Connection, text: str, *arguments: object, **options: object) -> object:
        asked.append(text)
        return await fetch(self, text, *arguments, **options)

    before = drains(listener)
    monkeypatch.setattr(asyncpg.Connection, "fetch", counted)
    await writer.execute("INSERT INTO ticks SELECT generate_series(1, $1::int)", EVENTS)
    await reader.until_events(EVENTS)
    assert drains(listener) - before == EVENTS // BATCH
    assert len(reader.batches[line]) == EVENTS // BATCH
    assert query("read_log") not in asked, "what was numbered is at hand, and not read again"
    await writer.close()

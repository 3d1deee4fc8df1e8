"""The probe through a real database, listener and gateway, and what it says when one of them stops."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.monitor.pipeline import Pipeline, running_pipeline
from tests.servers import only_newest

pytestmark = [only_newest, pytest.mark.timeout(400)]


@pytest.fixture
async def pipeline(
    installed_database_url: str, free_ports: Callable[[int], list[int]], tmp_path: Path
) -> AsyncIterator[Pipeline]:
    async with running_pipeline(installed_database_url, free_ports(3), tmp_path) as pipeline:
        yield pipeline


def is_up(status: dict[str, Any]) -> tuple[bool, bool]:
    """Return what is said of the database and of the WebSocket; a round that lasts may be late before they are."""
    return status["database"]["up"], status["websocket"]["up"]


def missing(hop: str) -> Callable[[dict[str, Any]], bool]:
    return lambda status: status["realtime"]["missing_hop"] == hop


def everybody_was_heard(status: dict[str, Any]) -> bool:
    leading, processes = [line["leading"] for line in status["lines"]], status["processes"]
    return leading == [True] and [process["presence"] for process in processes] == ["present"] * 3


async def test_a_round_trip_is_stamped_at_every_hop(pipeline: Pipeline) -> None:
    status = await pipeline.until(200, everybody_was_heard)
    assert list(status["realtime"]["hops"]) == ["captured", "sequenced", "published", "gateway", "received"]
    assert is_up(status) == (True, True)
    assert {process["role"] for process in status["processes"]} == {"pg-listener", "gateway", "monitor"}
    async with pipeline.session.get(f"{pipeline.url}/metrics") as answer:
        families = {family.name: family for family in text_string_to_metric_families(await answer.text())}
    assert {sample.value for sample in families["wasla_up"].samples} == {1}
    assert families["wasla_metrics_malformed"].samples[0].value == 0
    assert "wasla_clients" in families
    assert "wasla_events_sequenced" in families


async def test_the_missing_hop_has_a_name_and_heals(pipeline: Pipeline) -> None:
    await pipeline.until(200)
    pipeline.signal("pg_listener", signal.SIGSTOP)
    await pipeline.until(503, missing("sequenced"))
    pipeline.signal("pg_listener", signal.SIGCONT)
    await pipeline.until(200)
    pipeline.signal("gateway", signal.SIGSTOP)
    await pipeline.until(503, lambda status: missing("connected")(status) and is_up(status) == (True, False))
    pipeline.signal("gateway", signal.SIGCONT)
    await pipeline.until(200)


async def test_a_database_that_lost_its_schema_is_down_with_the_reason(
    pipeline: Pipeline, installed_database_url: str
) -> None:
    await pipeline.until(200)
    connection = await asyncpg.connect(installed_database_url)
    await connection.execute("ALTER TABLE wasla.probe RENAME TO gone")
    status = await pipeline.until(503, lambda status: missing("captured")(status) and not status["database"]["up"])
    assert "run wasla setup" in status["database"]["reason"]
    assert status["database"]["installed"] is False
    assert "not installed in this database yet: run wasla setup" in status["reasons"]
    await connection.execute("ALTER TABLE wasla.gone RENAME TO probe")
    await connection.close()
    await pipeline.until(200)


async def test_a_trigger_that_was_switched_off_is_named(pipeline: Pipeline, installed_database_url: str) -> None:
    await pipeline.until(200)
    connection = await asyncpg.connect(installed_database_url)
    await connection.execute("ALTER TABLE wasla.probe DISABLE TRIGGER USER")
    unnoted = "no trigger of wasla.probe noted it"
    status = await pipeline.until(503, lambda status: unnoted in (status["realtime"]["reason"] or ""))
    assert (status["realtime"]["missing_hop"], status["database"]["up"]) == ("captured", True)
    await connection.execute("ALTER TABLE wasla.probe ENABLE TRIGGER USER")
    await connection.close()
    await pipeline.until(200)


async def test_told_to_stop_it_ends_in_order(pipeline: Pipeline) -> None:
    await pipeline.until(200)
    pipeline.signal("monitor", signal.SIGTERM)
    assert await pipeline.processes["monitor"].wait() == 0

"""What the doctor sees of locks in foreign hands, of tables that were altered, and of triggers where none belong."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.cli.doctor.database_verdicts import judge_database
from services.cli.doctor.examine_database import examine_database
from services.cli.doctor.finding import Finding

TABLES = """
CREATE TABLE trips (id int PRIMARY KEY, day date NOT NULL);
CREATE TABLE visits (id int NOT NULL, day date NOT NULL) PARTITION BY RANGE (day);
ALTER TABLE visits ADD PRIMARY KEY (id, day);
CREATE TABLE visits_2025 PARTITION OF visits FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
SELECT wasla.watch('trips'), wasla.watch('visits');
"""


@pytest.fixture
async def database(installed_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(installed_database_url, server_settings={"application_name": "till"})
    await connection.execute(TABLES)
    yield connection
    await connection.close()


async def findings(url: str) -> list[Finding]:
    found = judge_database(await examine_database(url))
    return [finding for finding in found if finding.level in {"warning", "problem"}]


async def test_nothing_is_wrong(database: asyncpg.Connection, installed_database_url: str) -> None:
    assert await findings(installed_database_url) == []


@pytest.mark.parametrize("table", ["outbox", "watched", "position", "revocation"])
async def test_a_table_of_the_schema_was_dropped(
    database: asyncpg.Connection, installed_database_url: str, table: str
) -> None:
    await database.execute(f"DROP TABLE wasla.{table} CASCADE")
    (finding,) = await findings(installed_database_url)
    assert (finding.level, finding.subject) == ("problem", "schema wasla")
    assert f"wasla.{table} is missing" in finding.sentence


async def test_a_schema_that_is_older_lacks_nothing(database: asyncpg.Connection, installed_database_url: str) -> None:
    await database.execute("DROP TABLE wasla.revocation; DELETE FROM wasla.migration WHERE name = '002_revocations'")
    (finding,) = await findings(installed_database_url)
    assert (finding.subject, finding.advice) == ("schema wasla", "run wasla setup")
    assert "older than this program" in finding.sentence


@pytest.mark.parametrize(("lock", "level"), [(1, "warning"), (2, "problem")])
@pytest.mark.parametrize("how", ["pg_advisory_lock", "pg_advisory_lock_shared"])
async def test_a_lock_in_foreign_hands(
    database: asyncpg.Connection, installed_database_url: str, lock: int, level: str, how: str
) -> None:
    await database.execute(f"SELECT {how}(1463898956, {lock})")
    (finding,) = await findings(installed_database_url)
    assert (finding.level, finding.subject) == (level, "locks")
    assert f"session {database.get_server_pid()} (postgres, till)" in finding.sentence


async def test_a_pg_listener_may_hold_them(database: asyncpg.Connection, installed_database_url: str) -> None:
    await database.execute("SET application_name = 'wasla pg-listener'")
    await database.execute("SELECT pg_advisory_lock(1463898956, 1), pg_advisory_lock(1463898956, 2)")
    assert await findings(installed_database_url) == []


async def test_a_table_renamed_and_mended_as_advised(database: asyncpg.Connection, installed_database_url: str) -> None:
    await database.execute("ALTER TABLE trips RENAME TO journeys")
    (finding,) = await findings(installed_database_url)
    assert finding.sentence.endswith("run wasla watch journeys --channel trips_events --capture notify_change")
    await database.execute("SELECT wasla.watch('journeys', 'trips_events')")
    assert await findings(installed_database_url) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER TABLE trips RENAME id TO number", "its key is (number) now, and ids are made of (id)"),
        ("ALTER TABLE trips DROP CONSTRAINT trips_pkey, ADD PRIMARY KEY (id, day)", "its key is (id, day) now"),
        ("ALTER TABLE trips DROP CONSTRAINT trips_pkey", "its key is gone"),
    ],
)
async def test_a_key_changed(database: asyncpg.Connection, installed_database_url: str, change: str, said: str) -> None:
    await database.execute(change)
    (finding,) = await findings(installed_database_url)
    assert (finding.level, finding.subject) == ("problem", "trips")
    assert said in finding.sentence


async def test_a_detached_partition_keeps_its_triggers(
    database: asyncpg.Connection, installed_database_url: str
) -> None:
    await database.execute("ALTER TABLE visits DETACH PARTITION visits_2025")
    (finding,) = await findings(installed_database_url)
    assert (finding.level, finding.subject) == ("warning", "visits_2025")
    await database.execute("SELECT wasla.unwatch('visits_2025')")
    assert await findings(installed_database_url) == []

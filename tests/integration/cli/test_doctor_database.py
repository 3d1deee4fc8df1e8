"""What the doctor sees of the database: server, rights, installation, triggers."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from services.cli.doctor.examine_database import examine_database
from tests.integration.cli.commands import wasla
from tests.integration.cli.databases import execute
from tests.servers import Server


async def test_the_doctor_finds_a_sound_database_sound(station_database_url: str) -> None:
    facts = await examine_database(station_database_url)
    assert facts.failure is None
    assert facts.server is not None
    assert facts.server.notifications_arrive
    assert abs(facts.server.clock_ahead) < 1.0 + facts.server.round_trip / 2
    assert facts.server.triggers_off_for == ()
    assert facts.installation is not None
    assert facts.installation.installed
    assert (facts.installation.pending, facts.installation.altered) == ((), ())
    assert [(table.table, table.channel) for table in facts.installation.watched] == [
        ("bookings", "booking_events"),
        ("day_passes", "day_passes_events"),
        ("exit_passes", "exit_passes_events"),
        ("vehicle_queue", "vehicle_events"),
    ]
    assert all(table.exists and not table.missing_triggers for table in facts.installation.watched)
    assert not any(table.disabled_triggers or table.unwatched_partitions for table in facts.installation.watched)


async def doctor(url: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what the doctor finds wrong with the database."""
    monkeypatch.setenv("WASLA_DATABASE_URL", url)
    result = await wasla("doctor", "--json")
    assert result.exit_code == 1, result.output  # no monitor runs in these tests, and that is a problem, too
    return [
        f"{finding['subject']}: {finding['what']}" for finding in json.loads(result.stdout) if finding["level"] != "ok"
    ]


async def test_the_doctor_names_triggers_that_are_gone_or_disabled(
    station_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await execute(
        station_database_url,
        "DROP TRIGGER wasla_insert ON bookings; ALTER TABLE day_passes DISABLE TRIGGER wasla_update;"
        "DROP TABLE exit_passes;",
    )
    found = await doctor(station_database_url, monkeypatch)
    assert "bookings: triggers are missing: wasla_insert" in found
    assert "day_passes: triggers are disabled: wasla_update" in found
    assert "exit_passes: watched, but the table is gone" in found
    assert not any(finding.startswith("vehicle_queue") for finding in found)


async def test_the_doctor_names_partitions_that_came_later(
    installed_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await execute(
        installed_database_url,
        "CREATE TABLE trips (id int PRIMARY KEY) PARTITION BY RANGE (id);"
        "CREATE TABLE trips_1 PARTITION OF trips FOR VALUES FROM (0) TO (10); SELECT wasla.watch('trips');"
        "CREATE TABLE trips_2 PARTITION OF trips FOR VALUES FROM (10) TO (20);",
    )
    found = await doctor(installed_database_url, monkeypatch)
    assert [finding for finding in found if finding.startswith("trips")] == [
        "trips: writes named at these partitions are not seen: trips_2"
    ]
    assert (await wasla("watch", "trips")).exit_code == 0
    assert not any(finding.startswith("trips") for finding in await doctor(installed_database_url, monkeypatch))


async def test_the_doctor_names_a_schema_that_is_not_there_or_not_current(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "schema wasla: not installed" in await doctor(database_url, monkeypatch)
    await wasla("setup", "--no-verify")
    assert "tables: no table is watched" in await doctor(database_url, monkeypatch)
    await execute(database_url, "UPDATE wasla.migration SET checksum = 'another' WHERE name = 'R_010_capture'")
    assert any("R_010_capture" in finding for finding in await doctor(database_url, monkeypatch))


async def test_the_doctor_names_missing_rights(
    postgres_server: Server, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = urlsplit(database_url).path[1:]
    await execute(database_url, f"CREATE ROLE {name}_guest LOGIN")
    try:
        guest = postgres_server.url(name, user=f"{name}_guest")
        assert f"rights: {name}_guest may not create a schema in this database" in await doctor(guest, monkeypatch)
        monkeypatch.setenv("WASLA_DATABASE_URL", guest)
        refused = await wasla("setup", "--no-verify")
        assert refused.exit_code == 1
        assert "GRANT CREATE ON DATABASE" in refused.stdout
        monkeypatch.setenv("WASLA_DATABASE_URL", database_url)
        await wasla("setup", "--no-verify")
        assert any(
            finding.startswith(f"schema wasla: {name}_guest cannot read it")
            for finding in await doctor(guest, monkeypatch)
        )
    finally:
        await execute(database_url, f"DROP ROLE {name}_guest")


async def test_the_doctor_names_those_whose_changes_fire_no_trigger(
    station_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = urlsplit(station_database_url).path[1:]
    await execute(station_database_url, f"ALTER DATABASE {name} SET session_replication_role = replica")
    assert any(
        finding.startswith(f"triggers: session_replication_role is replica for every role in {name}")
        for finding in await doctor(station_database_url, monkeypatch)
    )


async def test_the_doctor_notes_two_phase_commit(two_phase_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await doctor(two_phase_server.url("postgres"), monkeypatch)
    assert any(finding.startswith("two-phase commit: max_prepared_transactions is 10") for finding in found)

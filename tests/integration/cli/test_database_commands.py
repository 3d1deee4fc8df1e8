"""The commands that work on the database, against real servers: each tells the truth and ends with the right code."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from services.cli.doctor.examine_database import examine_database
from tests.integration.cli.commands import wasla
from tests.servers import Server, only_newest

ROOT = Path(__file__).resolve().parents[3]
TABLES = """
CREATE SCHEMA audit;
CREATE TABLE tickets (id int PRIMARY KEY, note text);
CREATE TABLE audit.entries (id int PRIMARY KEY);
CREATE TABLE keyless (note text);
"""


@pytest.fixture
def url(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database that the commands are pointed at."""
    monkeypatch.setenv("WASLA_DATABASE_URL", database_url)
    return database_url


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def watched(url: str) -> dict[str, str]:
    connection = await asyncpg.connect(url)
    try:
        return dict(await connection.fetch("SELECT table_name, channel FROM wasla.watched WHERE NOT internal"))
    finally:
        await connection.close()


async def schema_exists(url: str) -> bool:
    connection = await asyncpg.connect(url)
    try:
        return bool(await connection.fetchval("SELECT to_regnamespace('wasla') IS NOT NULL"))
    finally:
        await connection.close()


async def test_setup_installs_and_watches_and_can_be_repeated(url: str) -> None:
    await execute(url, TABLES)
    words = ("setup", "--no-verify", "--watch", "tickets:ticket_events", "--watch", "audit.entries")
    for _ in range(2):
        result = await wasla(*words)
        assert result.exit_code == 0, result.output
        assert "ok       schema wasla is installed and current" in result.stdout
        assert "skipped  no test event was sent, as asked" in result.stdout
    assert await watched(url) == {"tickets": "ticket_events", "audit.entries": "entries_events"}
    assert "tickets        ticket_events" in result.stdout
    assert url not in result.stdout


async def test_setup_is_one_transaction(url: str) -> None:
    await execute(url, TABLES)
    result = await wasla("setup", "--no-verify", "--watch", "tickets", "--watch", "keyless")
    assert result.exit_code == 1
    assert "failed   keyless is not watched: public.keyless has no key" in result.stdout
    assert "installed" not in result.stdout
    assert not await schema_exists(url)


async def test_setup_checks_the_tables_before_anything_is_changed(url: str) -> None:
    result = await wasla("setup", "--no-verify", "--watch", "nowhere")
    assert result.exit_code == 1
    assert "expected a table nowhere, found none" in result.stdout
    assert not await schema_exists(url)


async def test_setup_without_a_gateway_says_that_nothing_was_proved(url: str) -> None:
    result = await wasla("setup", "--station")
    assert result.exit_code == 3
    assert "ok       the station's demo tables are made and watched" in result.stdout
    assert "failed   no test event was seen arriving: no gateway answers at ws://127.0.0.1:" in result.stdout
    assert "--no-verify" in result.stdout
    assert len(await watched(url)) == 4


async def test_a_dry_run_changes_nothing_and_says_what_would_be(url: str) -> None:
    await execute(url, TABLES)
    result = await wasla("setup", "--dry-run", "--watch", "tickets", "--station", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    steps = [step["text"] for step in found["steps"]]
    assert found["ok"]
    assert "would watch tickets" in steps
    assert any(text.startswith("would run 001_") for text in steps)
    assert not await schema_exists(url)


async def test_a_dry_run_finds_the_table_that_is_not_there(url: str) -> None:
    result = await wasla("setup", "--dry-run", "--watch", "nowhere")
    assert result.exit_code == 1
    assert "expected a table nowhere, found none" in result.stdout


async def test_remove_leaves_no_trace_and_can_be_repeated(url: str) -> None:
    await wasla("setup", "--no-verify", "--station")
    for _ in range(2):
        result = await wasla("remove", "--yes")
        assert result.exit_code == 0, result.output
        assert "schema wasla is removed from PostgreSQL at" in result.stdout
    assert not await schema_exists(url)


@only_newest
@pytest.mark.parametrize(("answer", "code", "remains"), [("n", 1, True), ("y", 0, False)])
async def test_remove_asks_on_a_terminal(url: str, answer: str, code: int, *, remains: bool) -> None:
    await wasla("setup", "--no-verify")
    ours, theirs = pty.openpty()
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.cli", "remove", cwd=ROOT, stdin=theirs, stdout=PIPE, stderr=PIPE
        )
        os.write(ours, f"{answer}\n".encode())
        _, asked = await asyncio.wait_for(process.communicate(), 60)
    finally:
        os.close(ours)
        os.close(theirs)
    assert process.returncode == code
    assert b"Remove schema wasla from PostgreSQL at" in asked
    assert await schema_exists(url) is remains


async def test_watch_and_unwatch(url: str) -> None:
    await execute(url, TABLES)
    await wasla("setup", "--no-verify")
    assert (await wasla("watch", "tickets", "--channel", "t")).exit_code == 0
    assert await watched(url) == {"tickets": "t"}
    assert (await wasla("unwatch", "tickets")).exit_code == 0
    assert await watched(url) == {}


@pytest.mark.parametrize("table", ["tickets", "nowhere"])
async def test_unwatching_what_is_not_watched_is_said_and_fails(url: str, table: str) -> None:
    await execute(url, TABLES)
    await wasla("setup", "--no-verify")
    ended = await wasla("unwatch", table)
    assert ended.exit_code == 1
    assert f"expected a watched table, but {table} is not watched" in ended.stderr


@only_newest
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("watch", "nowhere"), "nowhere is not watched: "),
        (("watch", "keyless"), "keyless is not watched: public.keyless has no key"),
        (("watch", "tickets", "--capture", "nothing"), "expected a capture function of wasla"),
        (("watch", "tickets", "--channel", "x" * 64), "expected a channel name of 1 to 63 bytes, got 64 bytes"),
    ],
)
async def test_what_cannot_be_watched_is_one_sentence(url: str, words: tuple[str, ...], sentence: str) -> None:
    await execute(url, TABLES)
    await wasla("setup", "--no-verify")
    result = await wasla(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("wasla: ")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


@only_newest
async def test_a_table_cannot_be_watched_before_setup(url: str) -> None:
    result = await wasla("watch", "tickets")
    assert result.exit_code == 1
    assert "run wasla setup" in result.stderr


@pytest.mark.parametrize("command", ["setup", "remove", "watch"])
async def test_a_database_that_does_not_answer_is_exit_code_3(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WASLA_DATABASE_URL", f"postgresql://u:hunter2@/d?host={tmp_path}")
    result = await wasla(command, *(["t"] if command == "watch" else []))
    assert result.exit_code == 3
    assert "does not answer" in result.output
    assert "hunter2" not in result.output


@pytest.mark.parametrize("command", ["setup", "remove", "database-url"])
async def test_without_a_database_every_command_says_what_to_do(command: str) -> None:
    result = await wasla(command)
    assert result.exit_code == 78
    assert "set the variable, or start the embedded server with ./run" in result.stderr


async def test_the_url_is_printed_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "data" / "postgres" / "url"
    file.parent.mkdir(parents=True)
    file.write_text("postgresql://wasla:s3cret@/wasla?host=/x\n")
    assert (await wasla("database-url")).stdout == "postgresql://wasla:s3cret@/wasla?host=/x\n"
    monkeypatch.setenv("WASLA_DATABASE_URL", "postgresql://elsewhere/db")
    assert (await wasla("database-url")).stdout == "postgresql://elsewhere/db\n"


async def test_the_doctor_finds_a_sound_database_sound(station_database_url: str) -> None:
    facts = await examine_database(station_database_url)
    assert facts.failure is None
    assert facts.server is not None
    assert facts.server.notifications_arrive
    assert abs(facts.server.clock_ahead) < 1.0
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

"""The commands that work on the database, against real servers: each tells the truth and ends with the right code."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from tests.integration.cli.commands import wasla
from tests.integration.cli.databases import TABLES, execute, schema_exists, watched
from tests.servers import only_newest

ROOT = Path(__file__).resolve().parents[3]


async def test_setup_installs_and_watches_and_can_be_repeated(url: str) -> None:
    await execute(url, TABLES)
    words = ("setup", "--no-verify", "--watch", "tickets:ticket_events", "--watch", "audit.entries")
    for _ in range(2):
        result = await wasla(*words)
        assert result.exit_code == 0, result.output
        assert "ok       schema wasla is " in result.stdout
        assert "skipped  no test event was sent, as asked" in result.stdout
    assert await watched(url) == {"tickets": "ticket_events", "audit.entries": "entries_events"}
    assert "ok       tickets: triggers are in place (notify_change), channel ticket_events" in result.stdout
    assert "tickets        ticket_events" in result.stdout
    assert "status page    http://127.0.0.1:" in result.stdout
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


async def test_the_watched_tables_are_listed(url: str) -> None:
    await execute(url, TABLES)
    before = await wasla("watch")
    assert (before.exit_code, before.stdout) == (1, "")
    assert "expected schema wasla in the database, found none; run wasla setup" in before.stderr
    await wasla("setup", "--no-verify")
    assert (await wasla("watch")).stdout == "no table is watched; run wasla watch TABLE\n"
    assert (await wasla("watch", "--json")).stdout == "[]\n"
    watched_now = await wasla("watch", "tickets", "--json")
    entry = {"table": "tickets", "channel": "tickets_events", "capture": "notify_change", "triggered": True}
    assert json.loads(watched_now.stdout) == [entry]
    await execute(url, "DROP TRIGGER wasla_insert ON tickets")
    assert (await wasla("watch")).stdout.splitlines() == [
        "table    channel         capture        triggers",
        "tickets  tickets_events  notify_change  see wasla doctor",
    ]


async def test_the_manual_shows_what_is_printed(station_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_DATABASE_URL", station_database_url)
    manual = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for words in (("watch",), ("config", "backlog")):
        assert f"$ wasla {' '.join(words)}\n{(await wasla(*words)).stdout}```\n" in manual


async def test_a_channel_without_a_table_is_a_usage_error(url: str) -> None:
    assert (await wasla("watch", "--channel", "t")).exit_code == 2


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


async def test_the_embedded_servers_address_is_said_to_be_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal without the variable takes what an earlier run left, whatever runs now."""
    left = tmp_path / "data" / "postgres" / "url"
    left.parent.mkdir(parents=True)
    left.write_text(f"postgresql://u@/d?host={tmp_path}")
    told = "WASLA_DATABASE_URL is not set in this terminal, so this is the embedded server's address"
    assert told in (await wasla("watch")).stderr
    monkeypatch.setenv("WASLA_DATABASE_URL", left.read_text())
    assert told not in (await wasla("watch")).stderr


async def test_a_second_setup_says_that_nothing_was_missing(url: str) -> None:
    assert "schema wasla is installed and current (" in (await wasla("setup", "--no-verify")).stdout
    again = await wasla("setup", "--no-verify")
    assert "schema wasla is already current, its functions renewed\n" in again.stdout
    await execute(url, "DELETE FROM wasla.migration WHERE name LIKE 'R_%'")
    assert "already current" in (await wasla("setup", "--no-verify")).stdout


async def test_the_demo_names_all_that_it_needs_at_once(url: str) -> None:
    refused = await wasla("demo")
    assert refused.exit_code == 78
    assert "say --yes if that is meant, once wasla setup --station has made its tables" in refused.stderr


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

"""What the shell offers: names from the database where that answers, nothing and no word where it does not."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from services.cli import completion
from shared import database
from tests.integration.cli.commands import wasla
from tests.servers import only_newest

ROOT = Path(__file__).resolve().parents[3]


async def offered(*words: str) -> list[str]:
    """Return what is offered for the last word, as bash asks for it."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "_WASLA_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(["wasla", *words]),
        "COMP_CWORD": str(len(words)),
    }
    command = [sys.executable, "-m", "services.cli"]
    run = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, text=True, timeout=90)
    assert run.stderr == ""
    return run.stdout.split()


@pytest.fixture
async def station(station_database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("WASLA_DATABASE_URL", station_database_url)
    # The program under test is another process, so its second is the test's: the names are asked for here as well.
    monkeypatch.setattr(completion, "TIMEOUT", 60.0)
    connection = await asyncpg.connect(station_database_url)
    await connection.execute("CREATE TABLE receipts (id int PRIMARY KEY)")
    await connection.close()
    return station_database_url


@only_newest
async def test_names_come_from_the_database(station: str) -> None:
    ask = asyncio.to_thread
    assert await ask(completion.table_names, "") == ["bookings", "day_passes", "exit_passes", "vehicle_queue"]
    assert await ask(completion.table_names, "b") == ["bookings"]
    assert await ask(completion.channel_names, "v") == ["vehicle_events"]
    assert "receipts" in await ask(completion.unwatched_names, "")
    assert "bookings" not in await ask(completion.unwatched_names, "")
    await wasla("remove", "--yes")
    assert await ask(completion.unwatched_names, "b") == ["bookings"], "before setup there is no schema wasla"
    assert await ask(completion.table_names, "") == []


async def test_words_that_need_no_database() -> None:
    assert await offered("tail", "--event", "BOOKING") == ["BOOKING_CREATED", "BOOKING_CANCELLED"]
    assert await offered("watch", "orders", "--capture", "notify_b") == ["notify_booking_change"]
    assert await offered("scale", "") == [str(number) for number in range(1, 9)]
    assert await offered("config", "WASLA_POR") == ["WASLA_PORT"]
    assert "status" in await offered("s")


async def test_without_a_database_nothing_is_offered_and_nothing_said() -> None:
    assert await offered("tail", "--table", "") == []


async def test_a_database_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CONNECT_TIMEOUT", 3600.0)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setenv("WASLA_DATABASE_URL", f"postgresql://u@127.0.0.1:{mute.getsockname()[1]}/d")
        assert await asyncio.to_thread(completion.table_names, "") == []


async def test_a_wrong_setting_is_not_the_shells_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_PORT", "many")
    assert await offered("config", "WASLA_P") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
async def test_every_shell_has_its_script(shell: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    command = [sys.executable, "-m", "services.cli", "--show-completion", shell]
    run = await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, timeout=90, check=True
    )
    assert "_WASLA_COMPLETE" in run.stdout

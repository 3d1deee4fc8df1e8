"""Killed at any moment, the launcher continues from what it finds."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable

import asyncpg
import pytest

from services.postgres.addresses import SETUP_PORT
from services.postgres.pid_file import PidFile
from tests.integration.postgres.launcher import Launcher


def is_preparing(launcher: Launcher) -> bool:
    found = PidFile.read(launcher.data)
    return found is not None and found.port == SETUP_PORT and found.is_ready


def has_a_server(launcher: Launcher) -> bool:
    found = PidFile.read(launcher.data)
    return found is not None and found.is_ready


def held_while_preparing(launcher: Launcher) -> tuple[subprocess.Popen[bytes], PidFile]:
    """Start it and hold it (SIGSTOP) while its temporary server runs: on a slow machine not in the first try."""
    while True:
        process = launcher.start()
        launcher.wait_for(lambda: has_a_server(launcher), process)
        process.send_signal(signal.SIGSTOP)
        found = PidFile.read(launcher.data)
        if found is not None and found.port == SETUP_PORT:
            return process, found
        process.send_signal(signal.SIGCONT)
        launcher.stop(process)


TEMPLATES = 3
"""Databases that initdb makes: template0, template1, postgres."""

MOMENTS: dict[str, Callable[[Launcher], bool]] = {
    "before anything": lambda launcher: launcher.data_dir.exists(),
    "initdb writes": lambda launcher: (launcher.state / "data.new" / "PG_VERSION").exists(),
    "the cluster is made": lambda launcher: launcher.data.exists(),
    "the temporary server is ready": is_preparing,
    "the database is being filled": lambda launcher: len(list(launcher.data.glob("base/*"))) > TEMPLATES,
    "the address is written": lambda launcher: (launcher.state / "url").exists(),
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())
async def test_killed_launcher(launcher: Launcher, moment: Callable[[Launcher], bool]) -> None:
    """Only the launcher is killed: initdb or the temporary server go on for a while without it."""
    process = launcher.start()
    launcher.wait_for(lambda: moment(launcher), process)
    process.kill()
    process.wait()
    connection = await launcher.connect(launcher.start())
    assert await connection.fetchval("SELECT count(*) FROM bookings") == 0
    assert await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname ~ 'wasla'") == 1
    await connection.close()


async def test_killed_server(settled: Launcher) -> None:
    process = settled.start()
    connection = await settled.connect(process)
    await connection.execute("CREATE TABLE kept AS SELECT 1 AS id")
    process.kill()
    process.wait()
    connection.terminate()
    connection = await settled.connect(settled.start())
    assert await connection.fetchval("SELECT id FROM kept") == 1
    await connection.close()


async def test_a_process_number_given_to_somebody_else_is_no_server(settled: Launcher) -> None:
    """After a crash in a container the number in the pid file soon belongs to another of our processes."""
    (settled.data / "postmaster.pid").write_text(
        f"{os.getpid()}\n{settled.data}\n1700000000\n5432\n{settled.state}/socket\n\n 1 1\nready\n"
    )
    await (await settled.connect(settled.start())).close()


async def test_the_server_lives_on_and_a_second_launcher_is_refused(settled: Launcher) -> None:
    process = settled.start()
    connection = await settled.connect(process)
    second = settled.start()
    assert second.wait(60) == 1
    assert f"{settled.data} is in use by process {process.pid}: expected nobody else there; " in settled.log
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()


async def test_a_failed_update_of_the_schema_does_not_stop_the_server(settled: Launcher) -> None:
    process = settled.start()
    connection = await settled.connect(process)
    await connection.execute("ALTER SCHEMA wasla RENAME TO kept")
    await connection.execute("CREATE SCHEMA wasla")
    await connection.execute("CREATE TABLE wasla.migration (nonsense int)")
    await connection.close()
    settled.stop(process)
    connection = await settled.connect(settled.start())
    await connection.close()
    assert "schema not brought up to date, served as it is" in settled.log


async def test_terminated_while_preparing_leaves_no_server(settled: Launcher) -> None:
    process, found = held_while_preparing(settled)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGCONT)
    assert process.wait(60) == 0
    assert not found.is_alive


async def test_wrong_superuser_password(settled: Launcher) -> None:
    (settled.state / "superuser_password").write_text("lost\n")
    assert settled.start().wait(60) == 1
    assert "does not take the password in superuser_password" in settled.log
    assert PidFile.read(settled.data) is None


async def test_address_leads_nowhere_but_to_the_finished_server(settled: Launcher) -> None:
    """Clients with an old address find no server while a later start prepares one."""
    process = settled.start()
    await (await settled.connect(process)).close()  # from here on the address is of this very directory
    settled.stop(process)
    process, _ = held_while_preparing(settled)
    with pytest.raises(OSError, match=r"No such file|Connection refused"):
        await asyncpg.connect(settled.url)
    process.send_signal(signal.SIGCONT)
    await (await settled.connect(process)).close()

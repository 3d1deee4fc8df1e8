"""The embedded server, from nothing to a database one can sell seats in, and again at each later start."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import asyncpg
import pytest

from services.postgres.__main__ import NOT_NEEDED
from tests.integration.postgres.launcher import Launcher

SALE = """INSERT INTO bookings (destination_id, vehicle_license_plate, seats_booked, total_amount)
          VALUES ('test-dest', 'TEST123', 2, 10.0)"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def output_of(command: list[str | Path]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


async def test_first_start(launcher: Launcher) -> None:
    process = launcher.start()
    connection = await launcher.connect(process)
    await connection.execute(SALE)
    assert await connection.fetchval("SELECT count(*) FROM public.bookings") == 1
    assert await connection.fetchval("SELECT count(*) FROM wasla.outbox") >= 1
    assert await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    await connection.close()
    assert launcher.stop(process) == 0


async def test_psql_takes_the_same_address(settled: Launcher) -> None:
    process = settled.start()
    await (await settled.connect(process)).close()
    command = [settled.program(process, "psql"), settled.url, "-Atc", "SELECT 6 * 7"]
    assert output_of(command) == "42\n"


async def test_nobody_else_gets_in(launcher: Launcher) -> None:
    """No TCP, a directory for one user, files for one user, a password on every connection."""
    process = launcher.start()
    connection = await launcher.connect(process)
    assert await connection.fetchval("SHOW listen_addresses") == ""
    await connection.close()
    rules = [line.split() for line in (launcher.data / "pg_hba.conf").read_text().splitlines()]
    assert {rule[-1] for rule in rules if rule and not rule[0].startswith("#")} == {"scram-sha-256"}
    assert mode(launcher.state / "socket") == 0o700
    assert mode(launcher.data) == 0o700
    for name in ("url", "superuser_password", "wasla_password", "lock"):
        assert mode(launcher.state / name) == 0o600
        assert (launcher.state / name).stat().st_uid == os.getuid()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(user="wasla", database="wasla", password="wrong", host=str(launcher.state / "socket"))


async def test_new_tables_are_the_applications(settled: Launcher) -> None:
    """The role has the name of the schema wasla: what it creates must not land there."""
    process = settled.start()
    connection = await settled.connect(process)
    await connection.execute("CREATE TABLE mine (id int PRIMARY KEY)")
    assert await connection.fetchval("SELECT schemaname FROM pg_tables WHERE tablename = 'mine'") == "public"
    await connection.close()


async def test_a_later_start_keeps_what_was_there(settled: Launcher) -> None:
    process = settled.start()
    connection = await settled.connect(process)
    await connection.execute(SALE)
    await connection.execute("DROP TABLE exit_passes")
    await connection.close()
    settled.stop(process)
    url = settled.url

    connection = await settled.connect(settled.start())
    assert settled.url == url
    assert await connection.fetchval("SELECT count(*) FROM bookings") == 1
    assert await connection.fetchval("SELECT to_regclass('exit_passes')") is None
    await connection.close()


async def test_a_lost_address_and_password_heal(settled: Launcher) -> None:
    before = settled.url
    for name in ("url", "wasla_password"):
        (settled.state / name).unlink()
    process = settled.start()
    settled.wait_for((settled.state / "url").exists, process)
    await (await settled.connect(process)).close()
    assert settled.url != before


async def test_an_outdated_schema_is_brought_up_to_date(settled: Launcher) -> None:
    process = settled.start()
    connection = await settled.connect(process)
    await connection.execute("DROP FUNCTION public.test_notifications()")
    await connection.close()
    settled.stop(process)
    connection = await settled.connect(settled.start())
    assert await connection.fetchval("SELECT count(*) FROM test_notifications()") > 0
    await connection.close()


async def test_nothing_is_made_where_a_database_is_configured(launcher: Launcher) -> None:
    process = launcher.start(WASLA_DATABASE_URL="postgresql://app:secret@db.example/station")
    assert process.wait(60) == NOT_NEEDED
    assert not launcher.state.exists()
    assert "PostgreSQL at db.example/station" in launcher.log
    assert "secret" not in launcher.log


async def test_told_to_stop_while_preparing_it_ends_in_order(launcher: Launcher) -> None:
    process = launcher.start()
    launcher.wait_for((launcher.state / "data.new").exists, process)
    assert launcher.stop(process) == 0
    assert not (launcher.data / "postmaster.pid").exists()
    await (await launcher.connect(launcher.start())).close()


async def test_tcp_where_it_is_asked_for(settled: Launcher, unused_port: int) -> None:
    process = settled.start(WASLA_POSTGRES_LISTEN_ADDRESSES="127.0.0.1", WASLA_POSTGRES_PORT=str(unused_port))
    await (await settled.connect(process)).close()
    password = (settled.state / "wasla_password").read_text().strip()
    over_tcp = {"host": "127.0.0.1", "port": unused_port, "user": "wasla", "database": "wasla"}
    await (await asyncpg.connect(password=password, **over_tcp)).close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(password="wrong", **over_tcp)

"""Installing: whole or not at all, again and again, and refusing with a sentence what would not work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from services.setup import inspect, install, remove, scripts, watch
from shared.errors import DatabaseRefused
from tests.servers import Server, only_newest

SCHEMA_OBJECTS = "SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('wasla')"


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def install_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the install files, to be changed."""
    for script in scripts.read_all(scripts.INSTALL_DIRECTORY):
        (tmp_path / f"{script.name}.sql").write_text(script.text, encoding="utf-8")
    monkeypatch.setattr(scripts, "INSTALL_DIRECTORY", tmp_path)
    return tmp_path


def names() -> list[str]:
    return [script.name for script in scripts.read_all(scripts.INSTALL_DIRECTORY)]


async def test_a_fresh_database(connection: asyncpg.Connection) -> None:
    assert not (await inspect(connection)).installed
    report = await install(connection)
    assert (list(report.applied), report.unchanged, report.dry_run) == (names(), (), False)
    assert (await inspect(connection)).current


async def test_installing_again_keeps_the_tables(connection: asyncpg.Connection) -> None:
    await install(connection)
    identity = await connection.fetchval("SELECT install_id FROM wasla.position")
    await connection.execute("CREATE TABLE items (id int PRIMARY KEY)")
    await watch(connection, "items")
    report = await install(connection)
    assert all(name.startswith("R_") for name in report.applied)
    assert set(report.applied) | set(report.unchanged) == set(names())
    await connection.execute("INSERT INTO items VALUES (1)")
    assert await connection.fetchval("SELECT count(*) FROM wasla.outbox") == 1
    assert await connection.fetchval("SELECT install_id FROM wasla.position") == identity


async def test_a_dry_run_changes_nothing_and_says_the_same(connection: asyncpg.Connection) -> None:
    report = await install(connection, dry_run=True)
    assert report.dry_run
    assert await connection.fetchval("SELECT to_regnamespace('wasla') IS NULL")
    assert (await install(connection)).applied == report.applied


async def test_a_file_that_fails_half_way_leaves_nothing(
    connection: asyncpg.Connection, install_directory: Path
) -> None:
    (install_directory / "002_broken.sql").write_text(
        "CREATE TABLE wasla.half (); SELECT 1/0; CREATE TABLE wasla.rest ();"
    )
    with pytest.raises(DatabaseRefused, match=r"002_broken\.sql: division by zero; nothing was changed"):
        await install(connection)
    assert await connection.fetchval("SELECT to_regnamespace('wasla') IS NULL")
    assert await connection.fetchval("SELECT to_regprocedure('public.test_notifications()') IS NULL")
    (install_directory / "002_broken.sql").unlink()
    await install(connection)


async def test_an_upgrade_that_fails_leaves_the_old_version(
    connection: asyncpg.Connection, install_directory: Path
) -> None:
    await install(connection)
    objects = await connection.fetchval(SCHEMA_OBJECTS)
    (install_directory / "002_more.sql").write_text("CREATE TABLE wasla.more (id int)")
    (install_directory / "R_900_broken.sql").write_text(
        "CREATE FUNCTION wasla.broken() RETURNS int LANGUAGE sql AS 'x'"
    )
    with pytest.raises(DatabaseRefused, match=r"R_900_broken\.sql: syntax error"):
        await install(connection)
    assert await connection.fetchval(SCHEMA_OBJECTS) == objects
    assert (await inspect(connection)).pending == ("002_more", "R_900_broken")


async def test_an_upgrade(connection: asyncpg.Connection, install_directory: Path) -> None:
    await install(connection)
    (install_directory / "002_more.sql").write_text("CREATE TABLE wasla.more (id int)")
    assert (await inspect(connection)).pending == ("002_more",)
    report = await install(connection)
    assert report.applied[0] == "002_more"
    assert report.unchanged == ("001_tables", "002_revocations")
    assert (await inspect(connection)).current


@only_newest
async def test_an_edited_version_is_refused(connection: asyncpg.Connection, install_directory: Path) -> None:
    await install(connection)
    with (install_directory / "001_tables.sql").open("a") as file:
        file.write("-- an afterthought\n")
    assert (await inspect(connection)).altered == ("001_tables",)
    with pytest.raises(DatabaseRefused, match="001_tables ran in this database with another text"):
        await install(connection)


@only_newest
async def test_a_newer_database_is_refused(connection: asyncpg.Connection, install_directory: Path) -> None:
    (install_directory / "002_more.sql").write_text("CREATE TABLE wasla.more (id int)")
    await install(connection)
    (install_directory / "002_more.sql").unlink()
    with pytest.raises(DatabaseRefused, match="newer program"):
        await install(connection)


async def test_two_installs_at_once(connection: asyncpg.Connection, database_url: str) -> None:
    other = await asyncpg.connect(database_url)
    await asyncio.gather(install(connection), install(other))
    assert (await inspect(connection)).current
    await other.close()


async def test_an_install_does_not_wait_for_ever(
    connection: asyncpg.Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await install(connection)
    other = await asyncpg.connect(database_url)
    async with other.transaction():
        await other.execute("LOCK TABLE wasla.migration IN ACCESS EXCLUSIVE MODE")
        monkeypatch.setattr("services.setup.transactions.LOCK_TIMEOUT", 0.1)
        with pytest.raises(DatabaseRefused, match=r"not installed: a lock was not to be had within 0\.1 s"):
            await install(connection)
    monkeypatch.undo()
    await install(connection)
    await other.close()


async def test_an_install_and_a_listener_that_makes_partitions_take_turns(
    connection: asyncpg.Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one of both fails, as both change what the catalogue says of the same tables."""
    await install(connection)
    listener = await asyncpg.connect(database_url)
    await listener.execute("SELECT wasla.make_partitions(1)")
    monkeypatch.setattr("services.setup.transactions.LOCK_TIMEOUT", 0.1)
    async with listener.transaction():
        await listener.execute("SELECT wasla.make_partitions(300000)")
        with pytest.raises(DatabaseRefused, match="a lock was not to be had"):
            await install(connection)
    await install(connection)
    await listener.close()


@pytest.fixture
async def tenant(postgres_server: Server, database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A role that owns nothing, in an empty database."""
    admin = await asyncpg.connect(database_url)
    await admin.execute("CREATE ROLE tenant LOGIN")
    connection = await asyncpg.connect(database_url, user="tenant")
    yield connection
    await connection.close()
    await admin.execute("DROP OWNED BY tenant; DROP ROLE tenant")
    await admin.close()


async def test_missing_rights_are_named_all_at_once(tenant: asyncpg.Connection) -> None:
    with pytest.raises(DatabaseRefused) as refusal:
        await install(tenant)
    sentence = str(refusal.value)
    assert sentence.startswith("schema wasla was not installed: ")
    assert 'GRANT CREATE ON DATABASE "' in sentence
    assert 'GRANT CREATE ON SCHEMA public TO "tenant"' in sentence


async def test_somebody_elses_installation(tenant: asyncpg.Connection, connection: asyncpg.Connection) -> None:
    await install(connection)
    await connection.execute("GRANT CREATE ON SCHEMA public TO tenant")
    with pytest.raises(DatabaseRefused, match='schema wasla belongs to role "postgres"; connect as a role'):
        await install(tenant)
    with pytest.raises(DatabaseRefused, match="must be owner of"):
        await remove(tenant)


async def test_a_schema_of_that_name_that_is_not_ours(connection: asyncpg.Connection) -> None:
    await connection.execute("CREATE SCHEMA wasla")
    with pytest.raises(DatabaseRefused, match="a schema wasla that this program did not make"):
        await install(connection)


async def test_a_users_function_is_not_replaced(connection: asyncpg.Connection) -> None:
    await connection.execute("CREATE FUNCTION test_notifications() RETURNS text LANGUAGE sql AS $$ SELECT 'mine' $$")
    with pytest.raises(DatabaseRefused, match=r"there is a function public\.test_notifications\(\)"):
        await install(connection)
    assert await connection.fetchval("SELECT test_notifications()") == "mine"
    await connection.execute("COMMENT ON FUNCTION test_notifications() IS 'mine too'")
    with pytest.raises(DatabaseRefused, match=r"there is a function public\.test_notifications\(\)"):
        await install(connection, dry_run=True)


async def test_a_database_without_the_schema_public(connection: asyncpg.Connection) -> None:
    await connection.execute("DROP SCHEMA public")
    with pytest.raises(DatabaseRefused, match="schema public is missing"):
        await install(connection)


async def test_a_database_that_takes_no_writes(connection: asyncpg.Connection) -> None:
    await connection.execute("SET default_transaction_read_only = on")
    with pytest.raises(DatabaseRefused, match="default_transaction_read_only = on"):
        await install(connection)

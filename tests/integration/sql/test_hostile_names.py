"""Every name that reaches SQL, as somebody who wants to run their own would choose it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import quote

import asyncpg
import pytest

from services.cli.doctor.examine_database import examine_database
from services.setup import LeastRights, install, remove, unwatch, watch
from services.setup.role_checks import quoted
from shared.errors import DatabaseRefused
from tests.integration.cli.commands import wasla
from tests.integration.sql.sequencer import leading
from tests.roles import as_role, connected_as, server_roles
from tests.servers import Server

NAME = """x"; DROP TABLE public.victim; --'$$\\%I{},"""
"""Leaves an identifier, a text, a dollar quote, an array and a format."""

DATABASE, ROLE, SCHEMA, TABLE, KEY, COLUMN, CHANNEL = (letter + NAME for letter in "drstkcn")
AS_SQL = f"{quoted(SCHEMA)}.{quoted(TABLE)}"
ON_EVENTS = f"{SCHEMA}.{TABLE}"

LAYOUT = f"""
    CREATE TABLE victim (id int PRIMARY KEY);
    CREATE SCHEMA {quoted(SCHEMA)};
    CREATE TABLE {AS_SQL} ({quoted(KEY)} text PRIMARY KEY, {quoted(COLUMN)} text) PARTITION BY RANGE ({quoted(KEY)});
    CREATE TABLE {quoted(SCHEMA)}.{quoted("p" + NAME)} PARTITION OF {AS_SQL} DEFAULT;
"""


@pytest.fixture
async def url(postgres_server: Server) -> AsyncIterator[str]:
    """A database, a role, a schema, a table and its columns of such names; the URL names the superuser."""
    root = postgres_server.url("postgres")
    async with server_roles(postgres_server, **{ROLE: "LOGIN"}), connected_as(root, "postgres") as root_session:
        await root_session.execute(f"CREATE DATABASE {quoted(DATABASE)}")
        try:
            yield postgres_server.url(quote(DATABASE, safe=""))
        finally:
            await root_session.execute(f"DROP DATABASE {quoted(DATABASE)} WITH (FORCE)")


@pytest.fixture
async def admin(url: str) -> AsyncIterator[asyncpg.Connection]:
    async with connected_as(url, "postgres") as connection:
        await connection.execute(LAYOUT)
        yield connection
        assert await connection.fetchval("SELECT to_regclass('public.victim') IS NOT NULL")


async def test_they_are_names_and_nothing_else(url: str, admin: asyncpg.Connection) -> None:
    await install(admin, least_rights=LeastRights(login=ROLE))
    await watch(admin, AS_SQL, channel=CHANNEL)
    await watch(admin, AS_SQL, channel=CHANNEL)
    heard: asyncio.Queue[str] = asyncio.Queue()
    await admin.add_listener(CHANNEL, lambda *arguments: heard.put_nowait(arguments[3]))
    await admin.execute(f"INSERT INTO {AS_SQL} VALUES ($1, $2)", NAME, NAME)
    await admin.execute(f"TRUNCATE {AS_SQL}")
    async with leading(as_role(url, ROLE)) as sequencer:
        inserted, truncated = await sequencer.drain()
    assert (inserted.table, inserted.channel, inserted.row_id) == (ON_EVENTS, CHANNEL, NAME)
    assert inserted.data == {KEY: NAME, COLUMN: NAME}
    assert (truncated.table, truncated.event_type) == (ON_EVENTS, "TRUNCATE")
    async with asyncio.timeout(90):
        assert json.loads(await heard.get())["table"] == ON_EVENTS
    await admin.reset()
    assert await unwatch(admin, AS_SQL)
    await remove(admin)


async def test_a_failed_capture_and_a_table_that_is_gone(url: str, admin: asyncpg.Connection) -> None:
    await install(admin)
    await watch(admin, AS_SQL, channel=CHANNEL)
    await admin.execute("ALTER TABLE wasla.outbox RENAME TO away")
    await admin.execute(f"INSERT INTO {AS_SQL} VALUES ('1', '')")
    await admin.execute("ALTER TABLE wasla.away RENAME TO outbox")
    async with leading(url) as sequencer:
        [mark] = await sequencer.drain()
    assert (mark.table, mark.event_type) == (ON_EVENTS, "CAPTURE_FAILED")
    await admin.execute(f"DROP TABLE {AS_SQL}")
    assert await unwatch(admin, ON_EVENTS)
    await watch(admin, "victim", channel=NAME)


async def test_what_is_no_name_is_refused(admin: asyncpg.Connection) -> None:
    await install(admin)
    for table in (NAME, ON_EVENTS, "victim; DROP TABLE victim", "victim) FROM (SELECT 1", ""):
        with pytest.raises(DatabaseRefused):
            await watch(admin, table)
    with pytest.raises(DatabaseRefused, match="capture function"):
        await watch(admin, "victim", capture=NAME)


async def test_the_command_line(url: str, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASLA_DATABASE_URL", url)
    for words in (
        ("setup", "--no-verify", "--listener", ROLE, "--watch", "victim"),
        ("watch", AS_SQL, "--channel", CHANNEL),
        ("unwatch", AS_SQL),
        ("watch", AS_SQL),
        ("revoke", "--user", NAME),
    ):
        result = await wasla(*words)
        assert result.exit_code == 0, result.output
    assert {row["table"] for row in json.loads((await wasla("watch", "--json")).stdout)} == {ON_EVENTS, "victim"}
    facts = await examine_database(url)
    assert facts.installation is not None
    assert {table.table for table in facts.installation.watched} == {ON_EVENTS, "victim"}
    for words in (("watch", NAME), ("unwatch", NAME), ("setup", "--no-verify", "--listener", NAME)):
        assert (await wasla(*words)).exit_code == 1
    assert (
        await admin.fetchval("SELECT channel FROM wasla.watched WHERE table_name = $1", ON_EVENTS) == f"{TABLE}_events"
    )
    assert (await wasla("remove", "--yes")).exit_code == 0

"""Casts to json of types that others own: told when a table is watched, and by the doctor, as is what they can do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.cli.doctor.database_verdicts import judge_database
from services.cli.doctor.examine_database import examine_database
from services.setup import LeastRights, install, watch
from shared.errors import DatabaseRefused
from tests.databases import fresh_database
from tests.roles import as_role, connected_as, server_roles
from tests.servers import Server

TYPES = """
    CREATE SCHEMA paints;
    CREATE TYPE paints.colour AS ENUM ('red');
    CREATE DOMAIN paints.tint AS paints.colour;
    CREATE TYPE paints.can AS (litres int, tints paints.tint[]);
    GRANT USAGE, CREATE ON SCHEMA paints TO PUBLIC;
"""
CAST = """
    CREATE FUNCTION paints.to_json(paints.colour) RETURNS json LANGUAGE sql AS $$ SELECT '"x"'::json $$;
    CREATE CAST (paints.colour AS json) WITH FUNCTION paints.to_json(paints.colour);
"""


@pytest.fixture
async def url(postgres_server: Server) -> AsyncIterator[str]:
    """Least rights in a database of ``landlord``, who is no superuser; ``painter`` owns types there."""
    roles = server_roles(postgres_server, landlord="LOGIN CREATEROLE", processes="LOGIN", painter="LOGIN")
    async with roles, fresh_database(postgres_server, "empty") as url:
        async with connected_as(url, "postgres") as admin:
            name = await admin.fetchval("SELECT current_database()")
            await admin.execute(f'ALTER DATABASE "{name}" OWNER TO landlord')
            await admin.execute(f'GRANT CREATE ON DATABASE "{name}" TO painter')
            await admin.execute(f'ALTER DATABASE "{name}" SET jit = off')  # version 15 would compile for a second
        async with connected_as(url, "painter") as painter:
            await painter.execute(TYPES)
        async with connected_as(url, "landlord") as landlord:
            await install(landlord, least_rights=LeastRights(login="processes"))
        yield url


@pytest.fixture
async def landlord(url: str) -> AsyncIterator[asyncpg.Connection]:
    async with connected_as(url, "landlord") as connection:
        yield connection


async def execute(url: str, role: str, statement: str) -> None:
    async with connected_as(url, role) as connection:
        await connection.execute(statement)


async def problems(url: str) -> list[tuple[str, str, str]]:
    """Return what the doctor finds wrong, asked as the role of the processes."""
    found = judge_database(await examine_database(as_role(url, "processes")))
    return [(it.subject, it.what, it.advice or "") for it in found if it.level == "problem"]


async def test_a_table_whose_rows_somebody_else_makes_json_of_is_not_watched(
    url: str, landlord: asyncpg.Connection
) -> None:
    await execute(url, "painter", CAST)
    for place, type_ in enumerate(("colour", "colour[]", "tint", "can", "can[]")):
        await landlord.execute(f"CREATE TABLE walls_{place} (id int PRIMARY KEY, paint paints.{type_})")
        with pytest.raises(DatabaseRefused) as refusal:
            await watch(landlord, f"walls_{place}")
        assert str(refusal.value) == (
            f"walls_{place} is not watched: column paint becomes JSON by paints.to_json(paints.colour) of role "
            "painter, which runs with the rights of the capture and can alter what it does; nothing was changed, "
            "run DROP CAST (paints.colour AS json), or, where it can be trusted, "
            "have the function belong to a member of the owner of schema wasla"
        )
    assert await landlord.fetchval("SELECT count(*) FROM wasla.watched WHERE NOT internal") == 0
    await execute(url, "postgres", "ALTER FUNCTION paints.to_json(paints.colour) OWNER TO landlord")
    await watch(landlord, "walls_0")
    assert await problems(url) == []


async def test_a_cast_that_comes_later_is_for_the_doctor(url: str, landlord: asyncpg.Connection) -> None:
    await landlord.execute("CREATE TABLE walls (id int PRIMARY KEY, paint paints.colour)")
    await watch(landlord, "walls")
    assert await problems(url) == []
    await execute(url, "painter", CAST)
    [(subject, what, advice)] = await problems(url)
    assert subject == "walls"
    assert what.startswith("column paint becomes JSON by paints.to_json(paints.colour) of role painter")
    assert advice.startswith("run DROP CAST (paints.colour AS json)")


ALTERATIONS = (
    (
        "SECURITY INVOKER SET search_path = paints, pg_catalog",
        "runs with the rights of whoever writes and has other settings",
    ),
    ("STABLE", "has other settings"),
    ("SET SCHEMA paints", "is not in schema wasla"),
)


async def test_a_capture_that_was_altered_is_seen_and_mended(url: str, landlord: asyncpg.Connection) -> None:
    """Altered as such a cast would: by the role that the capture runs as."""
    await landlord.execute("CREATE TABLE walls (id int PRIMARY KEY)")
    await watch(landlord, "walls")
    for alteration, said in ALTERATIONS:
        await execute(url, "postgres", f"SET ROLE wasla_capture; ALTER FUNCTION wasla.notify_change() {alteration}")
        [(subject, what, advice)] = await problems(url)
        assert (subject, what.rpartition(": it ")[2]) == ("capture", said)
        assert advice.startswith("run wasla setup")
        await install(landlord)
        if "wasla watch" in advice:
            await watch(landlord, "walls")
    assert await problems(url) == []
    await execute(url, "postgres", "DROP FUNCTION paints.notify_change()")

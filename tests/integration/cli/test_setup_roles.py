"""Least rights from the command line: asked for, told step by step, seen by the doctor, taken away again."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from tests.databases import fresh_database
from tests.integration.cli.commands import wasla
from tests.integration.cli.databases import TABLES, execute
from tests.roles import as_role, server_roles
from tests.servers import Server, only_newest


@pytest.fixture
async def url(postgres_server: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A database with tables, on a server where ``till`` logs in; the commands are its superuser's."""
    async with server_roles(postgres_server, till="LOGIN"), fresh_database(postgres_server, "empty") as url:
        await execute(url, TABLES)
        monkeypatch.setenv("WASLA_DATABASE_URL", url)
        yield url


async def doctor() -> list[str]:
    """Return what the doctor says of rights and of the schema."""
    findings = json.loads((await wasla("doctor", "--json")).stdout)
    return [f"{it['level']} {it['what']}" for it in findings if it["subject"] in ("rights", "schema wasla")]


async def test_from_setup_to_removal(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    result = await wasla("setup", "--no-verify", "--watch", "tickets", "--listener", "till")
    assert result.exit_code == 0, result.output
    assert (
        "ok       schema wasla belongs to role wasla_owner; wasla_listener has what the processes need" in result.stdout
    )
    assert "ok       role till has it: let WASLA_DATABASE_URL of the processes name it" in result.stdout
    assert await doctor() == [
        "ok installed and current",
        "note postgres is a superuser; the processes need far less",
    ]
    monkeypatch.setenv("WASLA_DATABASE_URL", as_role(url, "till"))
    assert await doctor() == ["ok installed and current", "ok till may do what the processes need, and nothing else"]
    for words in (("setup", "--no-verify"), ("watch", "audit.entries"), ("unwatch", "tickets"), ("remove", "--yes")):
        result = await wasla(*words)
        assert result.exit_code == 1, result.output
        assert "Traceback" not in result.output
    assert (await wasla("watch", "--json")).exit_code == 0
    monkeypatch.setenv("WASLA_DATABASE_URL", url)
    result = await wasla("remove", "--yes")
    assert (result.exit_code, result.stderr) == (0, "")


@only_newest
async def test_who_lacks_the_rights_is_told_by_the_doctor(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    result = await wasla("setup", "--no-verify", "--roles")
    assert "note     grant wasla_listener to the role that the processes connect as" in result.stdout
    monkeypatch.setenv("WASLA_DATABASE_URL", as_role(url, "till"))
    [said] = await doctor()
    assert said.startswith("problem till cannot read it (permission denied for ")


@only_newest
async def test_a_dry_run_makes_no_role(url: str) -> None:
    result = await wasla("setup", "--dry-run", "--listener", "till")
    assert result.exit_code == 0, result.output
    assert "note     would give schema wasla to role wasla_owner, and others what they need of it" in result.stdout
    assert "note     would grant wasla_listener to till" in result.stdout
    result = await wasla("setup", "--dry-run", "--listener", "nobody")
    assert result.exit_code == 1
    assert 'expected a role "nobody", found none; run CREATE ROLE "nobody" LOGIN PASSWORD \'...\'' in result.stdout


@only_newest
async def test_roles_that_stay_are_named(url: str) -> None:
    await execute(url, "CREATE ROLE wasla_capture")
    await wasla("setup", "--no-verify", "--roles")
    result = await wasla("remove", "--yes")
    assert result.exit_code == 0
    assert result.stderr == "roles that stay, in use elsewhere or not made by wasla setup: wasla_capture\n"


@only_newest
async def test_a_self_test_that_stays_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await wasla("setup", "--no-verify", "--roles")
    await execute(url, "ALTER FUNCTION public.test_notifications() OWNER TO postgres; GRANT wasla_owner TO till")
    monkeypatch.setenv("WASLA_DATABASE_URL", as_role(url, "till"))
    result = await wasla("remove", "--yes")
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines()[1:] == [
        (
            "public.test_notifications() stays, because it belongs to role postgres; have that role or a superuser run "
            "DROP FUNCTION public.test_notifications()"
        )
    ]

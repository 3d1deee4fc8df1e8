"""Installs and removes the schema ``wasla``; both may be repeated.

Source of the locking rules: https://www.postgresql.org/docs/current/explicit-locking.html
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import asyncpg

from services.setup import roles, scripts
from services.setup.checks import Facts, refusals
from services.setup.plan import Installation, InstallReport, Script, compare, to_run
from services.setup.role_checks import LeastRights
from services.setup.transactions import changing, in_a_gap
from shared.errors import DatabaseRefused
from shared.queries import query


async def install(
    connection: asyncpg.Connection, *, dry_run: bool = False, least_rights: LeastRights | None = None
) -> InstallReport:
    """Bring the schema to this program's state, whole or not at all; with *dry_run* only tell what would run.

    With *least_rights* the schema goes to roles of its own; once it has, every install keeps it so. Raises
    DatabaseRefused, naming all that is missing, before anything is changed.
    """
    async with changing(connection, "schema wasla was not installed"):
        await _check(connection, least_rights)
        has_roles = least_rights is not None or await roles.are_in_force(connection)
        known = scripts.read_all(scripts.INSTALL_DIRECTORY)
        recorded = await _recorded(connection)
        pending = to_run(known, recorded)
        if not dry_run:
            if least_rights is None:
                await _apply(connection, pending, has_roles=has_roles)
            else:
                # Tables in use change their owners: that waits for nobody long, or sales would wait behind it.
                await in_a_gap(connection, partial(_apply, connection, pending, has_roles=True))
                if least_rights.login is not None:
                    await roles.let_listen(connection, least_rights.login)
    return InstallReport(
        applied=tuple(script.name for script in pending),
        unchanged=tuple(script.name for script in known if script not in pending),
        dry_run=dry_run,
        least_rights=has_roles,
    )


async def _apply(connection: asyncpg.Connection, pending: Sequence[Script], *, has_roles: bool) -> None:
    await run(connection, pending)
    await _record(connection, pending)
    if has_roles:
        await run(connection, roles.steps())


async def inspect(connection: asyncpg.Connection) -> Installation:
    """Compare what the database has with what this program would install; changes nothing."""
    return compare(scripts.read_all(scripts.INSTALL_DIRECTORY), await _recorded(connection))


async def remove(connection: asyncpg.Connection) -> tuple[str, ...]:
    """Take away the schema, its triggers and its functions; the user's tables stay as they were.

    The roles go where an install made them and nothing else uses them; return those that stay. A self-test that is
    another administrator's stays, too: see :func:`self_test_owner`.
    """
    async with changing(connection, "schema wasla was not removed"):
        await run(connection, [scripts.read(scripts.REMOVAL)])
        return await roles.left(connection)


async def self_test_owner(connection: asyncpg.Connection) -> str | None:
    """Return whose our ``public.test_notifications()`` is, as SQL writes the name; None where it is not there."""
    owner: str | None = await connection.fetchval(query("setup/self_test_owner"))
    return owner


async def run(connection: asyncpg.Connection, pending: Sequence[Script]) -> None:
    """Run scripts inside the caller's transaction; the error of one names it."""
    await connection.execute(query("setup/qualify_names"))
    for script in pending:
        try:
            await connection.execute(script.text)
        except asyncpg.PostgresError as error:
            error.args = (f"{script.name}.sql: {error}",)
            raise


async def _check(connection: asyncpg.Connection, least_rights: LeastRights | None) -> None:
    facts = Facts(**await connection.fetchrow(query("setup/facts")))
    reasons = list(refusals(facts))
    if least_rights is not None:
        reasons += await roles.refusals(connection, least_rights, facts.role)
    if reasons:
        raise DatabaseRefused(f"schema wasla was not installed: {'; and '.join(reasons)}")


async def _recorded(connection: asyncpg.Connection) -> dict[str, str]:
    """Return the checksums of what ran before, by name; empty where nothing is installed."""
    if not await connection.fetchval(query("setup/is_installed")):
        return {}
    return dict(await connection.fetch(query("setup/recorded")))


async def _record(connection: asyncpg.Connection, applied: Sequence[Script]) -> None:
    rows = [(script.name, script.checksum) for script in applied]
    await connection.executemany(query("setup/record"), rows)

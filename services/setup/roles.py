"""Sets up and keeps least rights: the roles, who owns what, who may do what. Runs inside an install's transaction."""

from __future__ import annotations

import asyncpg

from services.setup import scripts
from services.setup.plan import Script
from services.setup.role_checks import LeastRights, LoginFacts, RoleFacts, login_refusals, role_refusals
from shared.queries import query


async def are_in_force(connection: asyncpg.Connection) -> bool:
    """Tell whether the schema is one with least rights; every later install then keeps it so."""
    in_force: bool = await connection.fetchval(query("setup/has_roles"))
    return in_force


async def refusals(connection: asyncpg.Connection, wish: LeastRights, connected: str) -> list[str]:
    """Return a sentence for each reason why the wish cannot be granted by the role *connected*."""
    roles = [RoleFacts(**row) for row in await connection.fetch(query("setup/role_facts"))]
    found = list(role_refusals(roles, connected))
    if wish.login is not None:
        row = await connection.fetchrow(query("setup/login_facts"), wish.login)
        login = None if row is None else LoginFacts(**row)
        found += login_refusals(login, wish.login, roles, connected)
    return found


def steps() -> list[Script]:
    """Return the files that make the roles and give them what is theirs; they may be repeated."""
    return scripts.read_all(scripts.ROLES_DIRECTORY)


async def let_listen(connection: asyncpg.Connection, login: str) -> None:
    """Grant what the processes need to the role that they connect as."""
    await connection.execute(query("setup/name_login"), login)
    await connection.execute(query("setup/let_listen"))


async def left(connection: asyncpg.Connection) -> tuple[str, ...]:
    """Return those of the roles that are there."""
    return tuple(row["name"] for row in await connection.fetch(query("setup/roles_left")))

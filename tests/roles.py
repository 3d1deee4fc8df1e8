"""Roles of a throw-away server for one test: they belong to the whole server, so they are gone when it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import asyncpg

from services.setup.role_checks import CAPTURE, LISTENER, OWNER, quoted
from tests.servers import Server


@asynccontextmanager
async def server_roles(server: Server, **attributes: str) -> AsyncIterator[None]:
    """Make roles (``cashier="LOGIN"``) for the length of the block; the product's own are taken away with them.

    Databases in which they have something are to be made, and so dropped, within the block.
    """
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        for name, granted in attributes.items():
            await connection.execute(f"CREATE ROLE {quoted(name)} {granted}")
        yield
    finally:
        for name in (OWNER, CAPTURE, LISTENER, *attributes):  # who granted a membership depends on it
            await connection.execute(f"DROP ROLE IF EXISTS {quoted(name)}")
        await connection.close()


def as_role(url: str, name: str) -> str:
    """Return the URL for another role than the superuser that it names."""
    return url.replace("//postgres@", f"//{quote(name, safe='')}@")


@asynccontextmanager
async def connected_as(url: str, name: str) -> AsyncIterator[asyncpg.Connection]:
    """Connect as another role than the superuser that the URL names."""
    connection = await asyncpg.connect(as_role(url, name))
    try:
        yield connection
    finally:
        await connection.close()

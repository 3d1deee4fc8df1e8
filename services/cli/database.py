"""The database a command works on: which one, and a connection that is closed when the command is done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from services.cli.places import in_place
from shared.database import FAREWELL, connect, database_url, describe
from shared.errors import DatabaseRefused, DatabaseUnreachable
from shared.settings import Settings

APPLICATION_NAME = "wasla"


def url_in_force() -> str:
    """Return the URL of the database in force; raise ConfigurationError where none is configured."""
    return database_url(in_place(Settings.load(), "data_dir"))


@asynccontextmanager
async def connection(url: str) -> AsyncIterator[Any]:
    """Open a connection for one command; an error of the server becomes DatabaseRefused with its own words."""
    opened = await _opened(url)
    try:
        yield opened
    except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, FAREWELL, OSError) as error:
        if not opened.is_closed():
            raise
        raise DatabaseUnreachable(f"{describe(url)} went away ({error}); try again") from None
    except asyncpg.PostgresError as error:
        hint = f"; {error.hint}" if getattr(error, "hint", None) else ""
        raise DatabaseRefused(f"{describe(url)} refused: {error}{hint}") from None
    finally:
        await opened.close(timeout=2)


async def _opened(url: str) -> Any:
    try:
        # A look at the catalogue has a high estimated cost: compiling it takes longer than looking a hundred times.
        return await connect(url, application_name=APPLICATION_NAME, server_settings={"jit": "off"})
    except DatabaseUnreachable as error:
        if Settings.load().database_url is not None:
            raise
        # The processes may well run on a database that only the terminal they were started in knows of.
        raise DatabaseUnreachable(
            f"{error}; WASLA_DATABASE_URL is not set in this terminal, so this is the embedded server's address"
        ) from None

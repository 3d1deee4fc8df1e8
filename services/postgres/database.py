"""What the embedded server holds: the role and the database ``wasla``, the schema, the station's demo tables.

The database is filled under another name and renamed when it is complete, so that it exists whole or not at all.
Later starts bring its schema up to date; where that fails the database stays as it was and is served all the same,
for what an application keeps in it matters more than the newest triggers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import structlog

from services.postgres.addresses import SETUP_PORT, socket_url
from services.postgres.cluster import SUPERUSER
from services.setup import install, install_station
from shared.database import connect
from shared.errors import DatabaseRefused, WaslaError
from shared.queries import query

NAME = "wasla"
"""The role, and its database."""
UNFINISHED = "wasla_unfinished"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Passwords:
    """The two roles' passwords."""

    superuser: str
    wasla: str


async def bring_up_to_date(socket_directory: Path, passwords: Passwords) -> None:
    """Make or update everything, through the temporary server's socket."""

    def url(user: str, password: str, database: str) -> str:
        return socket_url(user=user, password=password, database=database, directory=socket_directory, port=SETUP_PORT)

    async with _connection(url(SUPERUSER, passwords.superuser, "postgres")) as administrator:
        await administrator.fetchval(query("postgres/set_password"), passwords.wasla)
        await administrator.execute(query("postgres/make_role"))
        if await administrator.fetchval(query("postgres/database_exists"), NAME):
            await _update(url(NAME, passwords.wasla, NAME))
            return
        await administrator.execute(query("postgres/drop_unfinished_database"))
        await administrator.execute(query("postgres/create_database"))
        await _fill(url(NAME, passwords.wasla, UNFINISHED))
        await administrator.execute(query("postgres/finish_database"))
    log.info("database made", database=NAME)


async def _fill(url: str) -> None:
    async with _connection(url) as connection:
        await install(connection)
        await install_station(connection)


async def _update(url: str) -> None:
    async with _connection(url) as connection:
        try:
            await install(connection)
        except (WaslaError, asyncpg.PostgresError) as error:
            log.error("schema not brought up to date, served as it is", reason=str(error))


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator[asyncpg.Connection]:
    try:
        connection = await connect(url, application_name="wasla-postgres")
    except DatabaseRefused as error:
        raise DatabaseRefused(
            "the embedded server does not take the password in superuser_password: expected the one it was made with; "
            "bring that file back, or move the directory away to begin with an empty database"
        ) from error
    try:
        yield connection
    finally:
        await connection.close()

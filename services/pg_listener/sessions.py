"""Sessions of the database: how they are opened, and what their errors mean.

Inside a ``session`` block every error of the driver becomes a :exc:`shared.errors.DatabaseError` with a sentence;
the block is left, the session is over, and whoever opened it tries again with backoff.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import asyncpg

from shared.database import CONNECT_TIMEOUT, FAREWELL, KEEPALIVE, STEADY, connect, database_url, describe
from shared.errors import ConfigurationError, DatabaseRefused, DatabaseUnreachable
from shared.queries import query
from shared.settings import Settings

SEQUENCING: Final = {
    # Every statement inside the sequencing function is to see the same committed transactions.
    "default_transaction_isolation": "repeatable read",
    # A number that was published must survive a crash of the server, whatever the cluster's default is.
    "synchronous_commit": "on",
    # A listener that lost its power does not say goodbye: its session, and the lock with it, ends in seconds.
    "tcp_keepalives_idle": "1",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "4000",
}
"""Server settings of the session that sequences."""

_MISSING = (
    asyncpg.InvalidSchemaNameError,
    asyncpg.UndefinedFunctionError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
)
_ENDED = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    OSError,
)


_NOT_OF_THE_ROWS = frozenset({"08", "25", "26", "28", "3D", "3F", "40", "42", "53", "55", "57", "58"})
"""Classes of SQLSTATE that no row causes: the link, the transaction's state, rights, serialization, missing objects,
resources, locks, cancellation, the system. See PostgreSQL's appendix on error codes."""


def is_of_the_rows(error: asyncpg.PostgresError) -> bool:
    """Tell whether a statement may have failed because of what the rows hold, so that other rows would pass."""
    if isinstance(error, asyncpg.OutOfMemoryError):
        return True  # a single enormous value is enough
    return (error.sqlstate or "08")[:2] not in _NOT_OF_THE_ROWS


@asynccontextmanager
async def session(
    settings: Settings, application_name: str, server_settings: dict[str, str] | None = None
) -> AsyncIterator[asyncpg.Connection]:
    """Open a session for the length of the block; it ends at once, without waiting for the server."""
    connection = await open_session(settings, application_name, server_settings)
    try:
        with sentences(settings):
            yield connection
    finally:
        connection.terminate()


async def open_session(
    settings: Settings, application_name: str, server_settings: dict[str, str] | None = None
) -> asyncpg.Connection:
    """Open a session; raise DatabaseUnreachable or DatabaseRefused."""
    steady = {**STEADY, **KEEPALIVE, **(server_settings or {})}
    connection = await connect(_url(settings), application_name=application_name, server_settings=steady)
    try:
        with sentences(settings):
            # Not every version knows it, so it cannot be asked for at the start.
            await connection.execute(query("lift_transaction_timeout"), timeout=CONNECT_TIMEOUT)
    except BaseException:
        connection.terminate()
        raise
    return connection


@contextmanager
def sentences(settings: Settings) -> Iterator[None]:
    """Turn errors of the driver into sentences about the database in force."""
    try:
        yield
    except _MISSING as error:
        raise DatabaseRefused(
            f"{_name(settings)} lacks the schema wasla or a part of it ({error}); run wasla setup"
        ) from None
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseRefused(
            f"{_name(settings)} lacks a right ({error}); run wasla setup --listener with the name of this role, "
            "or connect as the one that ran wasla setup"
        ) from None
    except TimeoutError:
        raise DatabaseUnreachable(f"{_name(settings)} does not answer in time; see its log and the network") from None
    except FAREWELL:
        raise DatabaseUnreachable(f"{_name(settings)} ended the session; see its log") from None
    except _ENDED as error:
        reason = str(error) or type(error).__name__
        raise DatabaseUnreachable(f"{_name(settings)} ended the session ({reason}); see its log") from None
    except asyncpg.PostgresError as error:
        raise DatabaseRefused(f"{_name(settings)} refused a statement ({error}); see its log") from None


def _name(settings: Settings) -> str:
    return describe(_url(settings))


def _url(settings: Settings) -> str:
    try:
        return database_url(settings)
    except ConfigurationError as error:
        # The embedded server leaves its address when it has started, which may be after this process did.
        raise DatabaseUnreachable(str(error)) from None

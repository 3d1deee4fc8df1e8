"""Which database is meant, and how a connection to it is opened.

Errors of the driver become sentences here, once, so that every process and command says the same thing about a
server that is not there, a password that is wrong or a database that does not exist.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from shared.errors import ConfigurationError, DatabaseRefused, DatabaseUnreachable
from shared.settings import Settings

CONNECT_TIMEOUT = 5.0
"""Seconds until a server that does not answer counts as unreachable."""

STEADY: Final = {
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_session_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "default_transaction_read_only": "off",
    "default_transaction_isolation": "read committed",
    "client_min_messages": "warning",
}
"""Server settings of a session that is to last: what a role or a database was given for others does not end it."""

_REFUSALS = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
)
_ABSENCES = (OSError, asyncio.TimeoutError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError)
_EXHAUSTION = (asyncpg.TooManyConnectionsError,)


def url_file(data_dir: Path) -> Path:
    """Return where the embedded server's launcher leaves the address, readable by this user only."""
    return data_dir / "postgres" / "url"


def database_url(settings: Settings) -> str:
    """Return the URL in force: WASLA_DATABASE_URL, else the embedded server's; raise ConfigurationError without."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    path = url_file(settings.data_dir)
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise ConfigurationError(
            f"no database is configured: expected WASLA_DATABASE_URL, or the embedded server's address in {path}, "
            "found neither; set the variable, or start the embedded server with ./run"
        ) from None


async def connect(
    url: str, *, application_name: str, server_settings: dict[str, str] | None = None
) -> asyncpg.Connection:
    """Open a connection; raise DatabaseUnreachable (try again) or DatabaseRefused (somebody must act)."""
    settings = {"application_name": application_name, **(server_settings or {})}
    try:
        return await asyncpg.connect(url, timeout=CONNECT_TIMEOUT, server_settings=settings)
    except _REFUSALS as error:
        raise DatabaseRefused(f"{describe(url)} refused the connection ({error}); correct WASLA_DATABASE_URL") from None
    except _EXHAUSTION as error:
        raise DatabaseUnreachable(f"{describe(url)} has no connection left ({error}); raise max_connections") from None
    except _ABSENCES as error:
        reason = str(error) or type(error).__name__
        raise DatabaseUnreachable(
            f"{describe(url)} does not answer ({reason}); start it, or correct WASLA_DATABASE_URL"
        ) from None
    except asyncpg.FeatureNotSupportedError as error:
        # What a server says when the database's encoding has no way to the client's, which is UTF-8.
        raise DatabaseRefused(
            f"{describe(url)} refused the connection ({error}); move its content to a database made with "
            "ENCODING 'UTF8'"
        ) from None
    except asyncpg.PostgresError as error:
        raise DatabaseRefused(f"{describe(url)} refused the connection ({error}); see its log") from None
    except (ValueError, asyncpg.InterfaceError) as error:
        raise ConfigurationError(
            f"WASLA_DATABASE_URL: expected postgresql://user:password@host:port/database, but {error}"
        ) from None


def describe(url: str) -> str:
    """Name a database for people, without its password."""
    parts = urlsplit(url)
    host = parts.hostname or "the local socket"
    port = f":{parts.port}" if parts.port else ""
    return f"PostgreSQL at {host}{port}{parts.path}"

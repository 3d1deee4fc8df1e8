"""Which database is meant, and how a connection to it is opened.

Errors of the driver become sentences here, once, so that every process and command says the same thing about a
server that is not there, a password that is wrong or a database that does not exist.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from shared.database_tls import advice, complaint, refuse_unreadable
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

KEEPALIVE: Final = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "5",
    "tcp_user_timeout": "15000",
}
"""Server settings of a session that is to last: when this machine loses its power, the server ends it after 15 s, not
after hours as by default."""

_REFUSALS = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
)
FAREWELL = asyncpg.InternalClientError
"""What the driver raises for a statement that begins between the server's farewell and the end of the link."""

DRIVER_ERRORS: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, FAREWELL)
"""Whatever a statement may fail with that a database, a server or the way to it can cause."""

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
            "found neither; set the variable, or start the embedded server with ./run and give it a moment"
        ) from None


async def connect(
    url: str, *, application_name: str, server_settings: dict[str, str] | None = None
) -> asyncpg.Connection:
    """Open a connection; raise DatabaseUnreachable (try again) or DatabaseRefused (somebody must act).

    A URL of several hosts (host:port,host:port) is one database that moves: they are tried in their order, and
    ``target_session_attrs=read-write`` has a replica passed over.
    """
    settings = {"application_name": application_name, **(server_settings or {})}
    hosts = one_by_one(url)
    reasons = []
    for host in hosts:
        try:
            return await _connect(host, CONNECT_TIMEOUT / len(hosts), settings)
        except DatabaseUnreachable as error:
            reasons.append(str(error))
    raise DatabaseUnreachable("; ".join(reasons))


def one_by_one(url: str) -> list[str]:
    """Return a URL for each host that a URL names. The driver's limit of time is one for all of them, so that a
    machine without power would use up the others' share."""
    parts = urlsplit(url)
    account, at, hosts = parts.netloc.rpartition("@")
    if "," not in hosts:
        return [url]
    return [urlunsplit(parts._replace(netloc=account + at + host)) for host in hosts.split(",")]


async def _connect(url: str, timeout: float, settings: dict[str, str]) -> asyncpg.Connection:
    refuse_unreadable(url)
    try:
        return await asyncpg.connect(url, timeout=timeout, server_settings=settings)
    except _REFUSALS as error:
        raise DatabaseRefused(f"{describe(url)} refused the connection ({error}); correct WASLA_DATABASE_URL") from None
    except asyncpg.TargetServerAttributeNotMatched:
        raise DatabaseUnreachable(
            f"{describe(url)} is not the kind of server that target_session_attrs in WASLA_DATABASE_URL asks for; "
            "promote a replica, or start the primary"
        ) from None
    except _EXHAUSTION as error:
        raise DatabaseUnreachable(f"{describe(url)} has no connection left ({error}); raise max_connections") from None
    except _ABSENCES as error:
        if said := complaint(error):
            raise DatabaseRefused(f"{describe(url)} {said}") from None
        reason = str(error) or type(error).__name__
        raise DatabaseUnreachable(f"{describe(url)} does not answer ({reason}); {advice(error, url)}") from None
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
            f"WASLA_DATABASE_URL: expected postgresql://user:password@host:port/database, but {_first_line(error)}"
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def describe(url: str) -> str:
    """Name a database for people, without its password."""
    parts = urlsplit(url)
    return f"PostgreSQL at {parts.netloc.rpartition('@')[2] or 'the local socket'}{parts.path}"

"""The demo's own connections: few, opened when first needed, and given up on soon, so that nobody waits for a demo.

Every trouble becomes StationUnavailable, one sentence. What an act was doing then is undone by the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from shared.database import DRIVER_ERRORS, connect
from shared.errors import ConfigurationError, DatabaseError, WaslaError
from shared.queries import query

MAX_CONNECTIONS = 4
WAIT_TIMEOUT = 5.0
"""Seconds that a caller waits for a connection, and that a broken one has to be given back."""

CALL_TIMEOUT = 12.0
"""Seconds that a call may take: longer than the server lets a statement run, for a server that says nothing at all."""

_SETTINGS = {
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "15s",
    "default_transaction_isolation": "read committed",
    "client_min_messages": "error",
}
_MISSING = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.InvalidSchemaNameError)

HOW_TO_GET_THEM = "the station's demo tables are not in this database: run wasla setup --station"


class StationUnavailable(WaslaError):
    """The demo cannot reach its tables; ``are_missing`` says that they were never made."""

    def __init__(self, sentence: str, *, are_missing: bool = False) -> None:
        super().__init__(sentence)
        self.are_missing = are_missing


class StationDatabase:
    """``url`` is asked at each connect: the embedded server's address may appear later than this process."""

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url
        self._pool: Any = None
        self._opening = asyncio.Lock()
        self._are_there = False

    @asynccontextmanager
    async def connection(self, *, timeout: float | None = CALL_TIMEOUT) -> AsyncIterator[asyncpg.Connection]:
        """Lend a connection whose database has the tables, for so many seconds; raise StationUnavailable."""
        try:
            pool = await self._opened()
            async with asyncio.timeout(timeout), pool.acquire(timeout=WAIT_TIMEOUT) as connection:
                if not self._are_there:
                    self._are_there = await connection.fetchval(query("station/tables_present"))
                if not self._are_there:
                    raise StationUnavailable(HOW_TO_GET_THEM, are_missing=True)
                yield connection
        except _MISSING:
            self._are_there = False
            raise StationUnavailable(HOW_TO_GET_THEM, are_missing=True) from None
        except asyncpg.InsufficientPrivilegeError as error:
            raise StationUnavailable(
                f"this role may not work on the station's demo tables ({error}): grant it SELECT, INSERT, UPDATE and "
                "DELETE on them"
            ) from None
        except DRIVER_ERRORS as error:
            raise StationUnavailable(f"the database does not answer: {str(error) or type(error).__name__}") from None
        except (DatabaseError, ConfigurationError) as error:
            raise StationUnavailable(str(error)) from None

    async def close(self) -> None:
        """Give the connections back, by force where a call hangs. Idempotent."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(1.0):
                await pool.close()
        except TimeoutError:
            pool.terminate()

    async def _opened(self) -> Any:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    min_size=0, max_size=MAX_CONNECTIONS, max_inactive_connection_lifetime=60.0, connect=self._connect
                )
        return self._pool

    async def _connect(self, *_arguments: object, **_options: object) -> asyncpg.Connection:
        return await connect(self._url(), application_name="station", server_settings=_SETTINGS)

"""The sending end of the probe: makes its change in the database, through the trigger every other change goes through.

Keeps one connection. It is opened anew after any trouble; what the trouble was is raised as one sentence. Cancelling
a call drops the connection, or goes on opening it for the next; a change under way may or may not have been committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import asyncpg

from shared.database import DRIVER_ERRORS, KEEPALIVE, STEADY, connect
from shared.errors import ConfigurationError, DatabaseError, DatabaseRefused, DatabaseUnreachable
from shared.queries import query

_NOT_SET_UP = (
    asyncpg.InvalidSchemaNameError,
    asyncpg.UndefinedFunctionError,
    asyncpg.UndefinedTableError,
)


class NotInstalled(DatabaseRefused):
    """The database answers, and the schema wasla or a part of it is not there."""


class Found(NamedTuple):
    """How far a committed change came inside the database."""

    is_captured: bool
    is_sequenced: bool


class ProbeDatabase:
    """``url`` is asked at each connect: the embedded server's address may appear later than the monitor."""

    def __init__(self, url: Callable[[], str], *, machine: str) -> None:
        self._url = url
        self._machine = machine
        self._connection: asyncpg.Connection | None = None
        self._opening: asyncio.Task[None] | None = None

    async def touch(self, nonce: str) -> None:
        """Commit the change that carries ``nonce``; raise :exc:`DatabaseError`."""
        async with self._session() as connection:
            await connection.execute(query("touch_probe"), self._machine, nonce)

    async def find(self, nonce: str, *, after_seq: int) -> Found:
        """Look how far the change came, its seq being larger than that one; raise :exc:`DatabaseError`."""
        async with self._session() as connection:
            row = await connection.fetchrow(query("find_probe"), after_seq, nonce)
        return Found(is_captured=row["waits"] or row["is_sequenced"], is_sequenced=row["is_sequenced"])

    def close(self) -> None:
        """Drop the connection, without waiting for the server. Idempotent."""
        self._drop()
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[asyncpg.Connection]:
        is_done = False
        try:
            yield await self._connected()
            is_done = True
        except _NOT_SET_UP as error:
            raise NotInstalled(f"the schema wasla is not installed here ({error}); run wasla setup") from None
        except DRIVER_ERRORS as error:
            raise DatabaseUnreachable(f"the database does not take part in the probe: {error}") from None
        finally:
            if not is_done:
                self._drop()

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            if self._opening is None:
                self._opening = asyncio.create_task(self._open())
                self._opening.add_done_callback(_note)
            # A call that is given up does not end it: with several hosts it may take longer than one call is given.
            await asyncio.shield(self._opening)
        return self._connection

    async def _open(self) -> None:
        try:
            self._connection = await connect(
                self._url(), application_name="wasla-monitor", server_settings={**STEADY, **KEEPALIVE}
            )
        except ConfigurationError as error:
            raise DatabaseError(str(error)) from None
        finally:
            self._opening = None


def _note(opening: asyncio.Task[None]) -> None:
    """Take the outcome of an opening that nobody may be waiting for any more; the next call begins another."""
    if not opening.cancelled():
        opening.exception()

"""The transaction that every change to the schema runs in, and the sentences for what the server refuses.

One such transaction at a time: an advisory lock serialises them. Waiting for any lock is bounded, because a change of
a table's triggers that queues behind a long transaction makes every later statement on that table queue behind *it*.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg

from shared.errors import DatabaseRefused
from shared.queries import query

LOCK_TIMEOUT = 5.0
"""Seconds that a change waits for each lock, and so the longest that it can hold up a sale."""

GAP_PATIENCE = 30.0
GAP_PAUSE = 0.5
"""Seconds in which a gap between others' transactions is looked for, and from one look to the next."""

_NOT_INSTALLED = (
    asyncpg.InvalidSchemaNameError,
    asyncpg.UndefinedFunctionError,
)


@asynccontextmanager
async def changing(
    connection: asyncpg.Connection, what: str, *, advice: str = "connect as the owner"
) -> AsyncIterator[None]:
    """Run the block in one transaction; *what* it does opens the sentence when the server refuses.

    *advice* ends the sentence where a right is missing.
    """
    with _said_in_a_sentence(what, advice):
        async with connection.transaction():
            await connection.execute(query("setup/bound_waiting"), str(round(LOCK_TIMEOUT * 1000)))
            await connection.execute(query("setup/lock"))
            yield


async def in_a_gap(connection: asyncpg.Connection, work: Callable[[], Awaitable[None]]) -> None:
    """Do *work* inside the caller's transaction, anew while a lock is not to be had; between the tries none is held."""
    clock = asyncio.get_running_loop().time
    ends_at = clock() + GAP_PATIENCE
    while True:
        try:
            async with connection.transaction():
                return await work()
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            if clock() >= ends_at:
                raise
        await asyncio.sleep(GAP_PAUSE)


@contextmanager
def _said_in_a_sentence(what: str, advice: str) -> Iterator[None]:
    try:
        yield
    except asyncpg.LockNotAvailableError as error:
        raise DatabaseRefused(
            f"{what}: a lock was not to be had within {LOCK_TIMEOUT:g} s (less where sales would wait behind), "
            "because a transaction or another setup holds it; nothing was changed, try again in a quiet moment"
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseRefused(f"{what}: {error}; nothing was changed, {advice}") from error
    except _NOT_INSTALLED as error:
        raise DatabaseRefused(f"{what}: {error}; nothing was changed, run wasla setup first") from error
    except asyncpg.PostgresError as error:
        hint = f" ({error.hint})" if error.hint else ""
        raise DatabaseRefused(f"{what}: {error}{hint}; nothing was changed") from error

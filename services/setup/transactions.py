"""The transaction that every change to the schema runs in, and the sentences for what the server refuses.

One such transaction at a time: an advisory lock serialises them. Waiting for any lock is bounded, because a change of
a table's triggers that queues behind a long transaction makes every later statement on that table queue behind *it*.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg

from shared.errors import DatabaseRefused
from shared.queries import query

LOCK_TIMEOUT = 5.0
"""Seconds that a change waits for each lock, and so the longest that it can hold up a sale."""

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


@contextmanager
def _said_in_a_sentence(what: str, advice: str) -> Iterator[None]:
    try:
        yield
    except asyncpg.LockNotAvailableError as error:
        raise DatabaseRefused(
            f"{what}: a lock was not to be had within {LOCK_TIMEOUT:g} s, because a transaction or another setup "
            "holds it; nothing was changed, try again in a quiet moment"
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseRefused(f"{what}: {error}; nothing was changed, {advice}") from error
    except _NOT_INSTALLED as error:
        raise DatabaseRefused(f"{what}: {error}; nothing was changed, run wasla setup first") from error
    except asyncpg.PostgresError as error:
        hint = f" ({error.hint})" if error.hint else ""
        raise DatabaseRefused(f"{what}: {error}{hint}; nothing was changed") from error

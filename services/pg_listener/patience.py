"""Waiting for a statement for as long as the server is at work on it.

A limit of time cannot tell a server that is gone from one that has much to do, and giving up on the second makes it
begin anew, for ever. So when a statement takes long, another session asks whether the first is at work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import asyncpg
import structlog

from services.pg_listener.sessions import session
from services.pg_listener.settings import ListenerSettings
from shared.queries import query

log = structlog.get_logger(__name__)

T = TypeVar("T")


async def while_at_work(
    connection: asyncpg.Connection, statement: Coroutine[Any, Any, T], settings: ListenerSettings
) -> T:
    """Return what the statement returns; raise TimeoutError when it takes long and the server does not work on it.

    The server is asked once every ``statement_timeout``; raises DatabaseError when it does not answer. Cancelling
    cancels the statement.
    """
    running = asyncio.ensure_future(statement)
    try:
        while not (await asyncio.wait({running}, timeout=settings.statement_timeout))[0]:
            if not await _is_working(connection.get_server_pid(), settings) and not running.done():
                raise TimeoutError
            log.warning("a statement takes long", at_least=settings.statement_timeout)
        return running.result()
    finally:
        running.cancel()


async def _is_working(pid: int, settings: ListenerSettings) -> bool:
    async with session(settings, "wasla pg-listener patience") as other:
        is_working: bool = await other.fetchval(query("is_working"), pid, timeout=settings.statement_timeout)
        return is_working

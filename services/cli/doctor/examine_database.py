"""Looks at the database: the server, its notifications, the schema ``wasla``. What cannot be seen becomes a fact."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any

import asyncpg

from services.cli.database import connection
from services.cli.doctor.facts import (
    AlteredCapture,
    DatabaseFacts,
    DriftedTable,
    InstallationFacts,
    LockHolder,
    ServerFacts,
    WatchedTable,
)
from services.setup import inspect
from services.setup.casts import foreign_casts
from shared.database import describe
from shared.errors import WaslaError
from shared.queries import query

NOTIFICATION_TIMEOUT = 2.0
"""Seconds a notification may take to count as delivered."""


async def examine_database(url: str) -> DatabaseFacts:
    """Return what is seen of the database at *url*; raises nothing that is foreseen."""
    address = describe(url)
    try:
        async with connection(url) as database:
            server = await _server(database, url)
            return DatabaseFacts(address=address, server=server, installation=await _installation(database))
    except WaslaError as error:
        return DatabaseFacts(address=address, failure=str(error))


async def _server(database: Any, url: str) -> ServerFacts:
    # Asked twice: the first answer pays for preparing the statement, the second is taken for the clock's.
    await database.fetchrow(query("cli/server"))
    asked_at = time.time()
    row = dict(await database.fetchrow(query("cli/server")))
    answered_at = time.time()
    return ServerFacts(
        clock_ahead=row.pop("unix_time") - (asked_at + answered_at) / 2,
        round_trip=answered_at - asked_at,
        notifications_arrive=await _notifications_arrive(database, url),
        triggers_off_for=tuple(found["whose"] for found in await database.fetch(query("cli/triggers_off"))),
        lock_holders=tuple(LockHolder(**found) for found in await database.fetch(query("cli/lock_holders"))),
        **row,
    )


async def _notifications_arrive(database: Any, url: str) -> bool:
    """Listen on one session and notify from another: behind a transaction pooler nothing comes."""
    channel = f"wasla_doctor_{secrets.token_hex(8)}"
    heard = asyncio.Event()
    async with connection(url) as deaf_or_not:
        await deaf_or_not.add_listener(channel, lambda *_: heard.set())
        await database.execute(query("cli/notify"), channel)
        try:
            async with asyncio.timeout(NOTIFICATION_TIMEOUT):
                await heard.wait()
        except TimeoutError:
            return False
    return True


async def _installation(database: Any) -> InstallationFacts:
    try:
        found = await inspect(database)
        if not found.installed:
            return InstallationFacts(installed=False, pending=found.pending, altered=found.altered)
        missing = tuple(row["name"] for row in await database.fetch(query("cli/missing_tables")))
        if missing:
            return InstallationFacts(installed=True, missing=missing)
        return InstallationFacts(
            installed=True,
            pending=found.pending,
            altered=found.altered,
            watched=await _watched(database),
            drifted=await _drifted(database),
            stray=tuple(row["relation"] for row in await database.fetch(query("cli/stray_triggers"))),
            foreign_casts=await foreign_casts(database),
            altered_captures=tuple(
                AlteredCapture(**row) for row in await database.fetch(query("cli/altered_captures"))
            ),
            **await database.fetchrow(query("cli/rights")),
        )
    except asyncpg.InsufficientPrivilegeError as error:
        return InstallationFacts(installed=True, unreadable=str(error))


async def _drifted(database: Any) -> tuple[DriftedTable, ...]:
    rows = [dict(row) for row in await database.fetch(query("cli/drifted_tables"))]
    for row in rows:
        row["key_columns"] = tuple(row["key_columns"])
        row["key_now"] = None if row["key_now"] is None else tuple(row["key_now"])
    return tuple(DriftedTable(**row) for row in rows)


async def _watched(database: Any) -> tuple[WatchedTable, ...]:
    return tuple(
        WatchedTable(
            table=row["table"],
            channel=row["channel"],
            exists=row["exists"],
            missing_triggers=tuple(row["missing_triggers"]),
            disabled_triggers=tuple(row["disabled_triggers"]),
            unwatched_partitions=tuple(row["unwatched_partitions"]),
        )
        for row in await database.fetch(query("cli/watched_tables"))
    )

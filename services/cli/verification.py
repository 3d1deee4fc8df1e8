"""Proof that changes arrive: test events, sent through every watched table's channel, watched at a WebSocket.

The client is connected and the gateway has the database before the first event is sent, so one that does not arrive
was lost on the way and not merely missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from services.cli.conversation import Conversation, DatabaseStatus, Happened, Item
from services.cli.progress import Work
from services.cli.stream import Lost, follow
from shared.errors import WaslaError
from shared.events import TEST
from shared.queries import query

APP_NAME = "wasla setup"


class VerificationFailed(WaslaError):
    """Test events were sent, or could not be, and did not all arrive."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One test event that arrived, and how many seconds after it was sent."""

    channel: str
    table: str
    seconds: float


@dataclass(slots=True)
class _Awaited:
    """What was sent and has not come yet, table by channel and id of the event, and what has."""

    work: Work
    sent_at: float = 0.0
    tables: dict[tuple[str, str | None], str] = field(default_factory=dict)
    was_sent: bool = False
    arrivals: list[Arrival] = field(default_factory=list)


async def verify(connection: Any, url: str, work: Work, *, timeout: float) -> list[Arrival]:
    """Send one test event for each watched table and return the arrivals; none where no table is watched. The bar of
    *work* fills with them.

    Raises VerificationFailed naming what did not arrive in *timeout* seconds, PeerUnreachable where no gateway answers.
    """
    awaited = _Awaited(work)
    conversation = Conversation(APP_NAME, {"events": [TEST]})
    try:
        async with asyncio.timeout(timeout), contextlib.aclosing(follow(url, conversation)) as items:
            await _collect(connection, conversation, items, awaited)
    except TimeoutError:
        raise VerificationFailed(_what_is_missing(awaited, timeout)) from None
    return awaited.arrivals


async def _collect(
    connection: Any,
    conversation: Conversation,
    items: AsyncIterator[Item | Lost],
    awaited: _Awaited,
) -> None:
    database_up = False
    async for item in items:
        if isinstance(item, DatabaseStatus):
            database_up = item.database == "up"
        if database_up and conversation.position is not None and not awaited.was_sent:
            await _send(connection, awaited)
            awaited.work.begin(len(awaited.tables))
        if isinstance(item, Happened):
            table = awaited.tables.pop((item.channel, item.id), None)
            if table is not None:
                awaited.arrivals.append(Arrival(item.channel, table, time.monotonic() - awaited.sent_at))
                awaited.work.advance()
        if awaited.was_sent and not awaited.tables:
            return


async def _send(connection: Any, awaited: _Awaited) -> None:
    awaited.sent_at = time.monotonic()
    for row in await connection.fetch(query("test_notifications")):
        awaited.tables[row["channel"], row["id"]] = row["table_name"]
    awaited.was_sent = True


def _what_is_missing(awaited: _Awaited, timeout: float) -> str:
    if not awaited.was_sent:
        return (
            f"no test event was sent: for {timeout:g} s the gateway heard of no pg-listener that has the database; "
            "see that pg-listener runs on the same WASLA_DATABASE_URL, or run wasla doctor"
        )
    channels = ", ".join(sorted({channel for channel, _ in awaited.tables}))
    return (
        f"test events of {channels} did not arrive at the WebSocket within {timeout:g} s; "
        "see that pg-listener runs on the same WASLA_DATABASE_URL, or run wasla doctor"
    )

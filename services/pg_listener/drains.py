"""One drain: the named query ``sequence``, and what its answer says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import msgspec

from services.pg_listener.encoding import Row
from shared.queries import query


class Status(msgspec.Struct, frozen=True):
    """What a drain says of itself, also when there was nothing to drain.

    ``seq`` is the log's top after it, ``has_more`` that events were left for the next one, ``xmin`` the oldest
    transaction that was running when it looked.
    """

    epoch: str
    seq: int
    has_more: bool
    xmin: int
    outbox_missing: bool
    notifications_skipped: bool


@dataclass(frozen=True, slots=True)
class Drain:
    """Consecutive rows of the log, numbered just now, and the status."""

    rows: Sequence[Row]
    status: Status


_decode_status = msgspec.json.Decoder(Status).decode


async def drain(
    connection: asyncpg.Connection,
    *,
    max_events: int,
    max_bytes: int,
    complete: bool,
    failed_tables: list[str],
    row_max_bytes: int,
    mark: bool,
) -> Drain:
    """Number what is visible in the outbox, at most a batch; ``complete``: look at all of it.

    ``failed_tables`` get a mark in the log, those of them that are watched. Rows beyond ``row_max_bytes`` come without
    their data; with ``mark`` a mark takes the place of the first row. Committed when this returns; when it raises, it
    may be. Takes as long as it takes: planning a long backlog is one statement.
    """
    *rows, status = await connection.fetch(
        query("sequence"), max_events, max_bytes, complete, failed_tables, row_max_bytes, mark
    )
    return Drain(rows, _decode_status(status["status"]))

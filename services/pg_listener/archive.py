"""Reading on the side: what memory no longer holds, and the catalogue.

A session of its own, so that a gateway that reads far back never holds up the sequencing. It is opened when it is
first needed and again after an error; questions are answered one after the other.
"""

from __future__ import annotations

import asyncio

import asyncpg
import msgspec

from services.pg_listener.encoding import Row
from services.pg_listener.feed import Revocations
from services.pg_listener.sessions import open_session, sentences
from services.pg_listener.settings import ListenerSettings
from shared.catalog import Catalog, ColumnKind, Table
from shared.queries import query

TIMEOUT = 10.0
"""Seconds for one question."""


class Archive:
    """Reads the log and the catalogue; every method raises DatabaseError with a sentence."""

    def __init__(self, settings: ListenerSettings) -> None:
        self._settings = settings
        self._turn = asyncio.Lock()
        self._connection: asyncpg.Connection | None = None

    async def read(self, after_seq: int, max_events: int, max_bytes: int) -> tuple[str, list[Row]]:
        """Return the epoch and the log's rows after a position, as many as fit, consecutive."""
        async with self._turn:
            rows = await self._fetch("read_log", after_seq, max_events, max_bytes)
            # The epoch is read second: if it is still the one asked for, the rows were of it too.
            (position,) = await self._fetch("log_position")
        return position["epoch"], rows

    async def catalog(self) -> Catalog:
        """Return what is watched."""
        async with self._turn:
            return catalog_of(await self._fetch("catalog"))

    async def revocations(self) -> Revocations:
        """Return what is revoked."""
        async with self._turn:
            rows = await self._fetch("revocations")
        users = {row["value"]: row["revoked_at"] for row in rows if row["kind"] == "user"}
        return Revocations(users, [row["value"] for row in rows if row["kind"] == "token"])

    async def end_lost_epoch(self, epoch: str, seq: int | None) -> bool:
        """End *epoch* if the log ends before *seq*, which was numbered in it (None: in any case); say whether."""
        async with self._turn:
            return bool(await self._fetch("end_lost_epoch", epoch, seq))

    def close(self) -> None:
        """End the session. Idempotent."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _fetch(self, name: str, *arguments: object) -> list[asyncpg.Record]:
        """Ask; whatever goes wrong, a cancellation too, ends the session."""
        answered = False
        try:
            if self._connection is None:
                self._connection = await open_session(self._settings, "wasla pg-listener archive")
            with sentences(self._settings):
                rows: list[asyncpg.Record] = await self._connection.fetch(query(name), *arguments, timeout=TIMEOUT)
            answered = True
            return rows
        finally:
            if not answered:
                self.close()


_decode_columns = msgspec.json.Decoder(dict[str, ColumnKind]).decode


def catalog_of(rows: list[asyncpg.Record]) -> Catalog:
    """Return the catalogue from the rows of the named query."""
    return Catalog(
        {
            row["table_name"]: Table(
                row["channel"], _decode_columns(row["columns"]), internal=row["internal"], key=tuple(row["key_columns"])
            )
            for row in rows
        }
    )

"""What the harness itself reads from the database: the log as it grows, the ledger, and when all is quiet."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import asyncpg
import msgspec

from tests.oracle.clients import read_tables
from tests.oracle.ground import connect
from tests.oracle.notes import Logged, State
from tests.oracle.writers import LOST_LINK, settle_prepared

_LOG: Final = """
SELECT seq, tx_id::text, tx_index, tx_size, table_name, channel, event_type, row_id, data::text, changed, old::text,
       business_event, extract(epoch FROM sequenced_at)::double precision
FROM wasla.event_log WHERE seq > $1 ORDER BY seq
"""
_NOBODY_WRITES: Final = """
SELECT NOT EXISTS (SELECT FROM pg_prepared_xacts WHERE database = current_database())
   AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'oracle' AND xact_start IS NOT NULL)
"""
_ALL_NUMBERED: Final = """
SELECT NOT EXISTS (SELECT FROM wasla.outbox) AND NOT EXISTS (SELECT FROM wasla.capture_failure)
"""

_json = msgspec.json.decode


class Truth:
    """A session of its own. ``log`` holds what was read since :meth:`forget`; ``top`` is the last seq read."""

    def __init__(self, url: str, top: int) -> None:
        self._url = url
        self._connection: asyncpg.Connection | None = None
        self._turn = asyncio.Lock()
        self.log: list[Logged] = []
        self.top = top
        self.ledger_until = -1

    async def collect(self) -> int:
        """Read the log to its end and return its top; tried until it works."""
        async with self._turn:
            for row in await self._ask("fetch", _LOG, self.top):
                self.log.append(_logged(row))
                self.top = self.log[-1].seq
        return self.top

    async def keep_collecting(self) -> None:
        """Read along, so that nothing is missed when the log is dropped."""
        while True:
            await self.collect()
            await self.settle(older_than=2.0)
            await asyncio.sleep(0.3)

    async def settle(self, older_than: float = 0.0) -> None:
        """Commit prepared transactions that were left."""
        async with self._turn:
            connection = await self._session()
            try:
                await settle_prepared(connection, older_than)
            except (*LOST_LINK, asyncpg.PostgresError):
                self._drop()

    async def until_quiet(self, timeout: float) -> int:
        """Wait until everything committed has been numbered; return the top."""
        async with asyncio.timeout(timeout):
            while True:
                await self.settle()
                async with self._turn:
                    # In this order: what the second looks at was committed when the first was answered.
                    if await self._ask("fetchval", _NOBODY_WRITES) and await self._ask("fetchval", _ALL_NUMBERED):
                        break
                await asyncio.sleep(0.05)
        return await self.collect()

    async def committed(self) -> dict[int, str]:
        """Return what the ledger got since the last call: transaction ids by number."""
        async with self._turn:
            rows = await self._ask(
                "fetch", "SELECT number, xid::text FROM oracle_ledger WHERE number > $1", self.ledger_until
            )
        found = {row[0]: row[1] for row in rows}
        self.ledger_until = max(found, default=self.ledger_until)
        return found

    async def tables(self) -> State:
        """Return the tables."""
        async with self._turn:
            return await read_tables(await self._session())

    async def epoch(self) -> str:
        """Return the epoch in force."""
        async with self._turn:
            epoch: str = await self._ask("fetchval", "SELECT epoch FROM wasla.position")
            return epoch

    async def changed_since(self, rows: list[Logged]) -> list[int]:
        """Read again what the log still has of *rows*; return the seqs that hold something else by now."""
        if not rows:
            return []
        known = {row.seq: row for row in rows}
        async with self._turn:
            again = await self._ask("fetch", _LOG, rows[0].seq - 1)
        return [row["seq"] for row in again if row["seq"] in known and known[row["seq"]] != _logged(row)]

    def close(self) -> None:
        """End the session."""
        self._drop()

    async def _ask(self, how: str, text: str, *arguments: object) -> Any:
        while True:
            connection = await self._session()
            try:
                return await getattr(connection, how)(text, *arguments, timeout=30.0)
            except (*LOST_LINK, asyncpg.CannotConnectNowError):
                self._drop()

    async def _session(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._url)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


def _logged(row: Any) -> Logged:
    values = list(row)
    values[8] = None if values[8] is None else _json(values[8])
    values[10] = None if values[10] is None else _json(values[10])
    return Logged(*values)

"""Writers: carry out planned transactions, and note what each statement changed."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Iterator

import asyncpg
import msgspec

from tests.oracle.notes import Change, Noted
from tests.oracle.plan import Act, Ending, Step, Transaction, plan_transaction
from tests.oracle.tables import LEDGER, REKEY, Row, delete_rows, insert_rows, lock_rows, update_rows

LOST_LINK = (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError,
             asyncpg.InternalClientError, TimeoutError)  # fmt: skip
LOST_TO_OTHERS = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError,
                  asyncpg.UniqueViolationError)  # fmt: skip
"""What concurrent writers do to each other; anything else is a mistake of the oracle's."""

SESSION = {
    # What was acknowledged survives a crash, so that acknowledgements can be compared with what is there.
    "synchronous_commit": "on",
    "deadlock_timeout": "50ms",
    "lock_timeout": "4s",
    "application_name": "oracle",
}
PREPARED = "oracle-"

_row = msgspec.json.Decoder(Row).decode


class Notebook:
    """Every writer's notes of the round, by transaction id."""

    def __init__(self) -> None:
        self.notes: dict[str, Noted] = {}
        self.statements = 0
        self.given_up = 0


class Writer:
    """One session after another; a transaction that fails is not tried again."""

    def __init__(self, url: str, seed: int, numbers: Iterator[int], book: Notebook, *, two_phase: bool) -> None:
        self._url = url
        self._seed = seed
        self._numbers = numbers
        self._book = book
        self._two_phase = two_phase
        self._savepoints: Iterator[int] = itertools.count()
        self._marks: list[int] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Write until told to stop; the transaction under way is brought to its end."""
        connection: asyncpg.Connection | None = None
        try:
            while not stop.is_set():
                transaction = plan_transaction(self._seed, next(self._numbers), two_phase=self._two_phase)
                try:
                    if connection is None:
                        connection = await asyncpg.connect(self._url, server_settings=SESSION, timeout=5.0)
                    await self._carry_out(connection, transaction)
                except (*LOST_LINK, asyncpg.CannotConnectNowError):
                    self._book.given_up += 1
                    if connection is not None:
                        connection.terminate()
                    connection = None
                    await asyncio.sleep(0.1)
                await asyncio.sleep(transaction.pause)
        finally:
            if connection is not None:
                connection.terminate()

    async def write_one(self, transaction: Transaction) -> bool:
        """Write this transaction, over a session of its own; tell whether its commit was answered."""
        try:
            connection = await asyncpg.connect(self._url, server_settings=SESSION, timeout=5.0)
        except (*LOST_LINK, asyncpg.CannotConnectNowError):
            return False
        try:
            return await self._carry_out(connection, transaction)
        except LOST_LINK:
            self._book.given_up += 1
            return False
        finally:
            connection.terminate()

    async def _carry_out(self, connection: asyncpg.Connection, transaction: Transaction) -> bool:
        noted = Noted(transaction.number, began_at=time.monotonic())
        await connection.execute("BEGIN")
        try:
            xid = await connection.fetchval(f"{LEDGER} RETURNING xid::text", transaction.number, timeout=30.0)
            self._book.notes[xid] = noted
            self._marks = []
            for step in transaction.steps:
                await self._step(connection, step, noted)
            await self._end(connection, transaction, noted)
        except LOST_LINK:
            raise
        except LOST_TO_OTHERS:
            noted.acknowledged = False
            self._book.given_up += 1
            await connection.execute("ROLLBACK")
        return noted.acknowledged is True

    async def _end(self, connection: asyncpg.Connection, transaction: Transaction, noted: Noted) -> None:
        match transaction.ending:
            case Ending.COMMIT:
                await connection.execute("COMMIT")
            case Ending.ROLLBACK:
                await connection.execute("ROLLBACK")
                noted.acknowledged = False
                return
            case Ending.PREPARE | Ending.PREPARE_ROLLBACK as ending:
                name = f"'{PREPARED}{transaction.number}'"
                await connection.execute(f"PREPARE TRANSACTION {name}")
                await asyncio.sleep(transaction.pause * 10)
                verb = "COMMIT" if ending is Ending.PREPARE else "ROLLBACK"
                with contextlib.suppress(asyncpg.UndefinedObjectError):  # the notary was faster
                    await connection.execute(f"{verb} PREPARED {name}")
                if ending is Ending.PREPARE_ROLLBACK:
                    return
        noted.ended_at = time.monotonic()
        noted.acknowledged = True

    async def _step(self, connection: asyncpg.Connection, step: Step, noted: Noted) -> None:
        self._book.statements += 1
        match step.act:
            case Act.SAVEPOINT:
                await connection.execute("SAVEPOINT here")
                self._marks.append(len(noted.statements))
            case Act.ROLLBACK_TO:
                await connection.execute("ROLLBACK TO here")
                del noted.statements[self._marks.pop() :]
            case Act.RELEASE:
                await connection.execute("RELEASE here")
                self._marks.pop()
            case Act.LINGER:
                await asyncio.sleep(step.seconds)
            case _:
                changes = await self._change(connection, step)
                if changes:
                    noted.statements.append(changes)

    async def _change(self, connection: asyncpg.Connection, step: Step) -> list[Change]:
        table = step.table
        if step.act is Act.TRUNCATE:
            await connection.execute(f"TRUNCATE {table}")
            return [Change("TRUNCATE", table, None, None)]
        if step.act is Act.INSERT:
            rows = await connection.fetch(insert_rows(table), step.keys, step.salt)
            return [Change("INSERT", table, None, _row(row[0])) for row in rows]
        found = await connection.fetch(lock_rows(table), step.keys)
        old = {row[0]: _row(row[1]) for row in found}
        if not old:
            return []
        if step.act is Act.DELETE:
            gone = await connection.fetch(delete_rows(table), list(old))
            return [Change("DELETE", table, old[row[0]], None) for row in gone]
        if step.act is Act.REKEY:
            rows = await connection.fetch(REKEY, list(old))
        else:
            rows = await connection.fetch(update_rows(table), list(old), step.salt)
        return [Change("UPDATE", table, old[row[0]], _row(row[1])) for row in rows]


async def settle_prepared(connection: asyncpg.Connection, older_than: float) -> int:
    """Commit what was prepared and left, seconds ago; return how many there were."""
    rows = await connection.fetch(
        "SELECT gid FROM pg_prepared_xacts WHERE database = current_database() "
        "AND prepared < clock_timestamp() - make_interval(secs => $1)",
        older_than,
    )
    for row in rows:
        with contextlib.suppress(asyncpg.UndefinedObjectError, asyncpg.ObjectInUseError):
            await connection.execute(f"COMMIT PREPARED '{row[0]}'")
    return len(rows)

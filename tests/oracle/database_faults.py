"""What happens to PostgreSQL, to its sessions and to the tables of the log. One at a time: see ``database_turn``."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import Final

import asyncpg

from tests.oracle.children import family
from tests.oracle.ground import connect
from tests.oracle.plan import Fault
from tests.oracle.world import Doing, Draw, Hit, World
from tests.servers import STOP_TIMEOUT, Server

FLOOD: Final = 2
"""Large transactions that push everything else out of the memories of gateways and listeners."""

LARGE: Final = 2000
"""Events that each of them makes, at the least."""

START_TRIES: Final = 50
KEPT: Final = 50
"""Events that are left of a log that is dropped."""

_DROP_PARTITIONS: Final = (
    "SELECT cardinality(dropped) AS dropped, cardinality(deferred) AS deferred FROM wasla.maintain_log('1000 years', 0)"
)


async def _killed(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    """The postmaster by kill -9; what it leaves behind may hold the next one up for a moment."""
    async with world.database_turn:
        world.fleet.server.kill()
        await asyncio.sleep(fault.seconds / 2)
        await _start_again(world.fleet.server)


async def _crashed(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    """As ``pg_ctl stop -m immediate``: no checkpoint, recovery at the next start."""
    async with world.database_turn:
        await _ended_by(world.fleet.server, signal.SIGQUIT)
        await asyncio.sleep(fault.seconds / 2)
        await asyncio.to_thread(world.fleet.server.start)


async def _restarted(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    async with world.database_turn:
        await asyncio.to_thread(world.fleet.server.stop)
        await asyncio.sleep(fault.seconds / 2)
        await asyncio.to_thread(world.fleet.server.start)


async def _ended(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    """By SIGTERM, after which it lets nobody in and waits for those who are there; then for nobody any more."""
    async with world.database_turn:
        assert world.fleet.server.process is not None
        world.fleet.server.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(fault.seconds)
        await asyncio.to_thread(world.fleet.server.stop)
        await asyncio.to_thread(world.fleet.server.start)


async def _frozen(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    """The postmaster and every session: links stay, nobody answers."""
    async with world.database_turn:
        assert world.fleet.server.process is not None
        frozen = family(world.fleet.server.process.pid)
        try:
            _send(frozen, signal.SIGSTOP)
            await asyncio.sleep(fault.seconds * 2)
        finally:
            _send(frozen, signal.SIGCONT)


async def _sessions_ended(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    async with world.database_turn:
        connection = await connect(world.fleet.url)
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'wasla pg-listener%'"
        )
        connection.terminate()


async def _log_dropped(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    """Clients are away, events happen, the log forgets them, the clients come back.

    Full partitions go as the product drops them, of the last one its rows.
    """
    away = draw.sample(world.clients, min(3, len(world.clients)))
    for client in away:
        await client.link.stop()
    async with world.database_turn:
        before = await world.collect()
        await world.flood(FLOOD)
        while (top := await world.collect()) < before + FLOOD * LARGE:  # noqa: ASYNC110 - until much of it is numbered
            await asyncio.sleep(0.05)
        world.dropped_until = max(world.dropped_until, top - KEPT)
        connection = await connect(world.fleet.url)
        world.dropped_partitions += await _drop_partitions(connection)
        await connection.execute("DELETE FROM wasla.event_log WHERE seq <= $1", world.dropped_until)
        connection.terminate()
    for client in away:
        client.link.start()


async def _capture_blocked(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    """Somebody locks the outbox: statements go on, their changes are not captured, readers are told to reload.

    What was captured right before is still to be numbered when the lock is gone.
    """
    async with world.database_turn:
        await world.flood(FLOOD)
        connection = await connect(world.fleet.url)
        try:
            async with connection.transaction():
                await connection.execute("LOCK TABLE wasla.outbox IN ACCESS EXCLUSIVE MODE")
                await world.flood(1)
                await asyncio.sleep(fault.seconds / 2)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            pass  # another fault ended the session, and the lock with it
        connection.terminate()


DATABASE_FAULTS: Final[dict[str, Doing]] = {
    "database killed": _killed,
    "database crashed": _crashed,
    "database restarted": _restarted,
    "database told to end": _ended,
    "database frozen": _frozen,
    "listeners' sessions ended": _sessions_ended,
    "log dropped under clients that are away": _log_dropped,
    "capture blocked": _capture_blocked,
}


async def _drop_partitions(connection: asyncpg.Connection) -> int:
    """Drop what is full, as soon as nobody reads it; return how many partitions that were."""
    dropped = 0
    while True:
        try:
            done = await connection.fetchrow(_DROP_PARTITIONS)
        except (asyncpg.SerializationError, asyncpg.DuplicateTableError):  # the leader looks after the log, too
            continue
        dropped += done["dropped"]
        if not done["deferred"]:
            return dropped


async def _ended_by(server: Server, signum: int) -> None:
    assert server.process is not None
    server.process.send_signal(signum)
    await asyncio.to_thread(server.process.wait, STOP_TIMEOUT)
    server.process = None


async def _start_again(server: Server) -> None:
    for _ in range(START_TRIES):
        try:
            await asyncio.to_thread(server.start)
        except RuntimeError:  # sessions of the one that was killed still hold its memory
            await asyncio.sleep(0.2)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start again:\n{server.log[-4000:]}")


def _send(pids: list[int], signum: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # a vacuum's worker may have gone
            os.kill(pid, signum)

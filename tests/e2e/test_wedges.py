"""A process whose event loop stands still is replaced, whichever it is: the monitor too, which nobody watches.

How a loop is brought to a standstill from outside: the file with the embedded server's address becomes a FIFO that
nobody writes to, as a directory on a server that went away would be, and the session is ended, so that the process
opens the file again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.e2e.clients import connected
from tests.e2e.fleet import Fleet
from tests.e2e.sales import selling
from tests.e2e.test_failures import MANY, caught_up, restarted

pytestmark = pytest.mark.timeout(300)

GATEWAYS = ("gateway-00", "gateway-01")
SESSIONS = {"monitor": "wasla-monitor", "pg-listener": "wasla pg-listener%"}


@contextlib.contextmanager
def unreadable(path: Path) -> Iterator[None]:
    """Whoever opens the file in the block waits for ever."""
    fifo, aside = path.with_name("fifo"), path.with_name("aside")
    os.mkfifo(fifo)
    path.rename(aside)
    fifo.rename(path)
    try:
        yield
    finally:
        aside.rename(path)


def pids(fleet: Fleet, *names: str) -> dict[str, int]:
    return {name: fleet.pid(name) for name in names}


async def end_sessions(url: str, names: str) -> None:
    connection = await asyncpg.connect(url)
    ended = await connection.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE $1", names
    )
    assert ended
    await connection.close()


@pytest.mark.parametrize("name", ["monitor", "pg-listener"])
async def test_a_process_that_stands_still_is_replaced(fleet: Fleet, name: str) -> None:
    """Clients keep their links, and get everything that is sold meanwhile."""
    url = fleet.database_url
    already_logged = len(fleet.log)
    async with connected(fleet.gateway_url) as client, selling(lambda: url) as counter:
        pid, gateways = fleet.pid(name), pids(fleet, *GATEWAYS)
        with unreadable(fleet.directory / ".wasla" / "postgres" / "url"):
            await end_sessions(url, SESSIONS[name])
            began_at = time.monotonic()
            await restarted(fleet, name, pid)
            sys.stdout.write(f"{name} stood still; another one ran {time.monotonic() - began_at:.1f} s later\n")
        await counter.sold(MANY)
        await caught_up(client, counter)
        assert len(client.gateways) == 1
    await asyncio.to_thread(fleet.wait_until_ready)
    trace = fleet.log[already_logged:]
    assert f"{name}:{name} ends to be replaced: its event loop stood still for 2 s, at:" in trace
    assert "in database_url" in trace, "the trace says where"
    assert pids(fleet, *GATEWAYS) == gateways, "those that do not need the database were not touched"


async def test_while_the_monitor_does_nothing_changes_arrive(fleet: Fleet) -> None:
    """It is stopped from outside, which nobody can notice: no process waits for its answers."""
    async with connected(fleet.gateway_url) as client, selling(lambda: fleet.database_url) as counter:
        before = pids(fleet, "monitor", "pg-listener", *GATEWAYS)
        pid = before["monitor"]
        os.kill(pid, signal.SIGSTOP)
        try:
            for _ in range(20):
                await counter.sold(MANY)
            await caught_up(client, counter)
        finally:
            os.kill(pid, signal.SIGCONT)
        assert len(client.gateways) == 1
    await asyncio.to_thread(fleet.wait_until_ready)
    assert pids(fleet, *before) == before, "its pause is no standstill, nor anybody else's silence"

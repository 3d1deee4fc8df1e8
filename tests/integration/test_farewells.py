"""A statement that begins between the server's farewell and the end of the link: a sentence, and tried again."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from services.cli.database import connection
from services.monitor.probe_database import ProbeDatabase
from services.pg_listener.sessions import session
from services.station.database import StationDatabase, StationUnavailable
from shared.database import FAREWELL
from shared.errors import DatabaseUnreachable
from shared.settings import Settings

TURNS = range(5)
"""How many turns the loop makes between the end of the server's process and the statement."""


def _wait_for_the_end_of(process: int) -> None:
    while Path(f"/proc/{process}").exists():
        time.sleep(0.001)


async def _end(backend: int, turns: int) -> None:
    """Have a server's process end while the loop stands still, then let that go round so many times."""
    os.kill(backend, signal.SIGTERM)
    _wait_for_the_end_of(backend)
    for _ in range(turns):
        await asyncio.sleep(0)


async def _bare(url: str, turns: int) -> None:
    link = await asyncpg.connect(url)
    try:
        await _end(await link.fetchval("SELECT pg_backend_pid()"), turns)
        await link.fetchval("SELECT $1::int", 1)
    finally:
        link.terminate()


async def _command(url: str, turns: int) -> None:
    async with connection(url) as link:
        await _end(await link.fetchval("SELECT pg_backend_pid()"), turns)
        await link.fetchval("SELECT $1::int", 1)


async def _listener(url: str, turns: int) -> None:
    async with session(Settings(database_url=SecretStr(url)), "a listener") as link:
        await _end(await link.fetchval("SELECT pg_backend_pid()"), turns)
        await link.fetchval("SELECT $1::int", 1)


async def _probe(url: str, turns: int) -> None:
    probe = ProbeDatabase(lambda: url, machine="box")
    try:
        await probe.touch("one")
        link: Any = probe._connection
        await _end(link.get_server_pid(), turns)
        await probe.touch("two")
    finally:
        probe.close()


async def _station(url: str, turns: int) -> None:
    database = StationDatabase(lambda: url)
    try:
        async with database.connection() as link:
            await _end(await link.fetchval("SELECT pg_backend_pid()"), turns)
            await link.fetchval("SELECT $1::int", 1)
    finally:
        await database.close()


async def test_the_driver_says_it_so_that_nothing_else_would_catch_it(station_database_url: str) -> None:
    """What the others are guarded against does happen; where it does not any more, the guard can go."""
    met = []
    for turns in TURNS:
        try:
            await _bare(station_database_url, turns)
        except Exception as error:  # noqa: BLE001 - which one it is, is the question
            met.append(type(error))
    assert FAREWELL in met


@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("ask", [_command, _listener, _probe])
async def test_it_is_a_database_that_went_away(
    station_database_url: str, ask: Callable[[str, int], Awaitable[None]], turns: int
) -> None:
    """Or one that is reached anew, where the end of the link was heard of in time: nothing else comes out."""
    with suppress(DatabaseUnreachable):
        await ask(station_database_url, turns)


@pytest.mark.parametrize("turns", TURNS)
async def test_the_station_says_that_its_database_does_not_answer(station_database_url: str, turns: int) -> None:
    with pytest.raises(StationUnavailable, match=r"does not answer: ."):
        await _station(station_database_url, turns)

"""Fresh databases for the tests: empty, with the schema ``wasla``, or with the station's demo tables too.

A database is a copy of a template that is made once on each server, which costs a fraction of an install.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import asyncpg

from services.setup import install, install_station
from tests.servers import Server

Contents = Literal["empty", "installed", "station"]

_numbers = itertools.count(1)


@asynccontextmanager
async def fresh_database(server: Server, contents: Contents = "installed") -> AsyncIterator[str]:
    """Make a database with these contents, yield its URL, drop it."""
    template = await _template(server, contents)
    name = f"test_{next(_numbers)}"
    await _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield server.url(name)
    finally:
        await drop_database(server, name)


async def drop_database(server: Server, name: str) -> None:
    """Drop a database with whoever is still connected to it; a server that is down keeps its database."""
    if server.process is not None:
        await _administer(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def _template(server: Server, contents: Contents) -> str:
    if contents == "empty":
        return "template1"
    if contents not in server.templates:
        name = f"template_{contents}"
        await _administer(server, f"CREATE DATABASE {name}")
        await _fill(server.url(name), contents)
        server.templates[contents] = name
    return server.templates[contents]


async def _fill(url: str, contents: Contents) -> None:
    connection = await asyncpg.connect(url)
    try:
        await install(connection)
        if contents == "station":
            await install_station(connection)
    finally:
        await connection.close()


async def _administer(server: Server, statement: str) -> None:
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()

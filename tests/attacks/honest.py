"""Two honest clients and the counter whose sales they watch: they get every one, once, in order, whatever goes on."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.attacks.target import HONEST
from tests.supervised import DEADLINE

SALE = """INSERT INTO bookings (destination_id, vehicle_license_plate, seats_booked, total_amount)
          VALUES ($1, 'HONEST', 1, 1.0) RETURNING id"""
PAUSE = 0.008
"""Seconds between two sales."""

EVERYTHING: list[dict[str, object]] = []
OWN_SALES: list[dict[str, object]] = [
    {"id": "own", "tables": ["bookings"], "where": {"destination_id": {"eq": HONEST}}}
]


@dataclass(slots=True)
class Client:
    """One honest client: the sales it was told of in their order, and when each came."""

    connection: ClientConnection
    ids: list[str] = field(default_factory=list)
    came_at: dict[str, float] = field(default_factory=dict)
    custom_events: list[str] = field(default_factory=list)

    async def read(self) -> None:
        """Read until the end of the connection, which is an error."""
        async for text in self.connection:
            now = time.monotonic()
            message = json.loads(text)
            data = message["data"]
            if message["message_type"] == "custom_event":
                self.custom_events.append(data["event_type"])
            elif message["message_type"] == "resync":
                raise AssertionError(f"an honest client was told to reload: {data}")
            elif message["message_type"] == "realtime_event" and (data["data"] or {}).get("destination_id") == HONEST:
                self.ids.append(data["id"])
                self.came_at[data["id"]] = now
        raise AssertionError("an honest client's connection ended")


@dataclass(slots=True)
class Counter:
    """Sells one seat after another; ``sold_at`` is when each sale was asked for, in the order of the commits."""

    clients: list[Client]
    sold_at: dict[str, float] = field(default_factory=dict)
    has_closed: bool = False

    async def sell(self, connection: asyncpg.Connection) -> None:
        """Sell until it has closed."""
        while not self.has_closed:
            began = time.monotonic()
            self.sold_at[await connection.fetchval(SALE, HONEST)] = began
            await asyncio.sleep(PAUSE)

    async def sold(self, count: int) -> None:
        """Wait until that many more are sold and everybody was told of them."""
        wanted = len(self.sold_at) + count
        async with asyncio.timeout(DEADLINE):
            while any(len(client.ids) < wanted for client in self.clients):  # noqa: ASYNC110 - readers have no event
                await asyncio.sleep(PAUSE)

    def delays(self, since: float, until: float) -> list[float]:
        """Return how long each sale between the two moments took to each client, shortest first."""
        times = [
            client.came_at[sale] - began
            for client in self.clients
            for sale, began in self.sold_at.items()
            if since <= began <= until and sale in client.came_at
        ]
        return sorted(times)


@asynccontextmanager
async def honest_clients(url: str, database_url: str, tls: ssl.SSLContext | None) -> AsyncIterator[Counter]:
    """Two clients that watch a counter for the length of the block, at the end of which nothing may be missing.

    What ends one of them before that ends the block.
    """
    async with (
        _client(url, EVERYTHING, tls) as one,
        _client(url, OWN_SALES, tls) as other,
        _database(database_url) as database,
        asyncio.TaskGroup() as tasks,
    ):
        counter = Counter([one, other])
        readers = [tasks.create_task(client.read()) for client in counter.clients]
        selling = tasks.create_task(counter.sell(database))
        yield counter
        counter.has_closed = True
        await selling
        await everything_came(counter)
        for reader in readers:
            reader.cancel()


async def everything_came(counter: Counter) -> None:
    """Wait until each client was told of the last sale; fail where anything is missing, twice, or out of order."""
    sold = list(counter.sold_at)
    async with asyncio.timeout(DEADLINE):
        while any(sold[-1] not in client.came_at for client in counter.clients):  # noqa: ASYNC110 - as above
            await asyncio.sleep(PAUSE)
    for client in counter.clients:
        assert client.ids == sold


@asynccontextmanager
async def _client(url: str, subscribe: list[dict[str, object]], tls: ssl.SSLContext | None) -> AsyncIterator[Client]:
    connection = await _registered(url, subscribe, {} if tls is None else {"ssl": tls})
    try:
        yield Client(connection)
    finally:
        connection.transport.abort()


async def _registered(url: str, subscribe: list[dict[str, object]], options: dict[str, Any]) -> ClientConnection:
    """Connect for as long as it takes, as every client should: the attack before this one may still be felt."""
    register = {"message_type": "register", "data": {"app_name": "honest", "subscribe": subscribe}}
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                connection = await connect(
                    url, open_timeout=DEADLINE, compression=None, max_queue=None, ping_interval=None, **options
                )
                await connection.send(json.dumps(register))
                while json.loads(await connection.recv())["message_type"] != "registered":
                    pass
            except (OSError, WebSocketException):
                await asyncio.sleep(0.1)
            else:
                return connection


@asynccontextmanager
async def _database(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        connection.terminate()

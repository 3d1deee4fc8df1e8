"""A WebSocket client that keeps everything it is told, and comes back to where it was."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.supervised import DEADLINE

Message = dict[str, Any]


@dataclass(slots=True)
class Client:
    """One application's link, which is read however long its test looks elsewhere, and judges no silence.

    ``events`` holds each realtime_event's data in the order of arrival, ``gateways`` the process that answered each
    time it registered, by supervisord's name.
    """

    url: str
    subscribe: list[Message] = field(default_factory=list)
    events: list[Message] = field(default_factory=list)
    others: list[Message] = field(default_factory=list)
    gateways: list[str] = field(default_factory=list)
    position: Message | None = None
    resumed: list[bool] = field(default_factory=list)
    _connection: ClientConnection | None = None

    async def connect(self) -> None:
        """Connect and register, from the position where there is one."""
        self._connection = await connect(
            self.url, open_timeout=DEADLINE, max_size=None, max_queue=None, ping_interval=None
        )
        data: Message = {"app_name": "e2e"}
        if self.subscribe:
            data["subscribe"] = self.subscribe
        if self.position is not None:
            data["resume"] = self.position
        await self.say("register", data)
        registered = await self._receive()
        while registered["message_type"] != "registered":
            registered = await self._receive()
        self.gateways.append(registered["data"]["gateway"].rpartition("/")[2])
        self.resumed.append(registered["data"]["resumed"])
        if not registered["data"]["resumed"]:
            self._moved_to(registered["data"])

    async def reconnect(self) -> None:
        """Connect again for as long as it takes, as every client should."""
        await self.close()
        async with asyncio.timeout(DEADLINE):
            while True:
                try:
                    await self.connect()
                except (OSError, ConnectionClosed, InvalidHandshake):
                    await asyncio.sleep(0.1)
                else:
                    return

    async def read_until(self, condition: Callable[[], bool], *, stay: bool = False) -> None:
        """Read until *condition* holds; a link that ends is made again, unless *stay* makes that an error."""
        async with asyncio.timeout(DEADLINE):
            while not condition():
                try:
                    await self._receive()
                except ConnectionClosed:
                    if stay:
                        raise
                    await self.reconnect()

    async def closed(self) -> int:
        """Read until the server closes the link; return the close code."""
        while True:
            try:
                await self._receive()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd is not None else 1006

    async def close(self) -> None:
        """End the link without waiting for a server that may be gone."""
        if self._connection is not None:
            self._connection.transport.abort()
            with contextlib.suppress(ConnectionClosed):
                await self._connection.wait_closed()
            self._connection = None

    def ids(self) -> list[str]:
        """Return the ids of the bookings that were inserted, in the order of arrival."""
        return [event["id"] for event in self.events if event["event_type"] == "INSERT"]

    def told(self, message_type: str) -> list[Message]:
        """Return the data of every message of that type but events, in the order of arrival."""
        return [message["data"] for message in self.others if message["message_type"] == message_type]

    async def say(self, message_type: str, data: Message) -> None:
        """Send one message."""
        assert self._connection is not None
        message = {"message_type": message_type, "data": data, "timestamp": "2026-01-01T00:00:00Z"}
        await self._connection.send(json.dumps(message))

    async def roster(self) -> list[Message]:
        """Return who is connected, at every gateway: a list that names one as silent is asked for again.

        A gateway that was not heard of for seconds is not even named: who expects somebody on the list waits for it.
        """
        while True:
            answers = len(self.told("clients"))
            await self.say("clients", {})
            await self.read_until(lambda answers=answers: len(self.told("clients")) > answers, stay=True)
            answer = self.told("clients")[-1]
            if not answer["missing"]:
                found: list[Message] = answer["clients"]
                return found
            await asyncio.sleep(0.2)  # who asks too often is sent away

    async def until_on_the_roster(self, condition: Callable[[list[Message]], bool]) -> None:
        """Ask who is connected until the list is as expected."""
        async with asyncio.timeout(DEADLINE):
            while not condition(await self.roster()):  # noqa: ASYNC110 - other processes know
                await asyncio.sleep(0.2)  # as above

    async def _receive(self) -> Message:
        assert self._connection is not None
        message: Message = json.loads(await self._connection.recv())
        if message["message_type"] == "realtime_event":
            self.events.append(message["data"])
            self._moved_to({"epoch": (self.position or {}).get("epoch"), "seq": message["data"]["seq"]})
        else:
            self.others.append(message)
            if message["message_type"] in {"position", "resync"}:
                self._moved_to(message["data"])
        return message

    def _moved_to(self, data: Message) -> None:
        self.position = {"epoch": data["epoch"], "seq": data["seq"]}


@contextlib.asynccontextmanager
async def connected(url: str, *, at_once: bool = False, **options: Any) -> AsyncIterator[Client]:
    """A client for the length of the block, connected as soon as it is let in; *at_once* makes a refusal an error."""
    client = Client(url, **options)
    await (client.connect() if at_once else client.reconnect())
    try:
        yield client
    finally:
        await client.close()


@contextlib.asynccontextmanager
async def on_every_gateway(url: str, count: int, *, each: int = 1) -> AsyncIterator[dict[str, list[Client]]]:
    """*each* clients on each of *count* gateways: the kernel decides who gets a connection, so it is tried often."""
    found: dict[str, list[Client]] = {}
    async with contextlib.AsyncExitStack() as stack, asyncio.timeout(DEADLINE) as timeout:
        while len(found) < count or any(len(clients) < each for clients in found.values()):
            client = await stack.enter_async_context(connected(url))
            clients = found.setdefault(client.gateways[0], [])
            if len(clients) < each:
                clients.append(client)
            else:
                await client.close()
        timeout.reschedule(None)
        yield found

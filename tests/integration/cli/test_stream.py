"""The stream over real sockets, against a gateway that follows a script: resume, close codes, addresses."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from services.cli.conversation import Conversation, Happened, Item, Registered
from services.cli.errors import PeerUnreachable, StreamRefused
from services.cli.stream import Lost, follow
from services.gateway.access.turnstile import TurnedAway
from services.gateway.limits import Limit
from services.gateway.turning_away import response
from shared.backoff import Backoff
from shared.errors import ConfigurationError
from tests.integration.cli.scripted import event, gateway, message, registered, says


async def told(url: str, until: Callable[[Item | Lost], bool], **options: Any) -> list[Item | Lost]:
    """Follow until an item of that kind; no delays between tries."""
    found: list[Item | Lost] = []
    stream = follow(url, Conversation("test", **options), backoff=Backoff(first=0.0))
    async with asyncio.timeout(60), contextlib.aclosing(stream) as items:
        async for item in items:
            found.append(item)
            if until(item):
                break
    return found


def is_event(seq: int) -> Callable[[Item | Lost], bool]:
    return lambda item: isinstance(item, Happened) and item.seq == seq


async def test_a_lost_connection_is_told_and_resumed_where_it_ended() -> None:
    async with gateway(
        says(registered(5), event(6), event(7), close=4004),
        says(registered(7, resumed=True), event(8)),
    ) as (url, openings):
        found = await told(url, is_event(8))
    assert [type(item) for item in found] == [Registered, Happened, Happened, Lost, Registered, Happened]
    assert openings == [{"app_name": "test"}, {"app_name": "test", "resume": {"epoch": "e", "seq": 7}}]


async def test_a_gateway_that_dies_without_a_word_is_come_back_to() -> None:
    async def dies(connection: ServerConnection, _opening: dict[str, Any]) -> None:
        await connection.send(registered(5))
        connection.transport.abort()

    async with gateway(dies, says(event(6))) as (url, _):
        found = await told(url, is_event(6))
    assert any(isinstance(item, Lost) for item in found)


async def test_who_is_turned_away_is_told_why() -> None:
    async def turn_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response(TurnedAway(Limit.ADDRESS_CONNECTIONS, 10)))
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(turn_away, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(PeerUnreachable, match=r"turned this away \(429\): too many connections from your address"):
            await told(url, is_event(1))


async def test_what_is_subscribed_to_is_subscribed_to_again() -> None:
    async with gateway(says(registered(5), close=1001), says(event(6))) as (url, openings):
        await told(url, is_event(6), subscription={"tables": ["bookings"]})
    assert [opening["subscribe"] for opening in openings] == [[{"id": "cli", "tables": ["bookings"]}]] * 2


async def test_a_code_that_says_stay_away_is_obeyed() -> None:
    async with gateway(says(registered(5), close=4501)) as (url, openings):
        with pytest.raises(StreamRefused, match=r"4501 .*obtain a valid one"):
            await told(url, lambda _: False)
    assert len(openings) == 1


async def test_an_event_of_several_megabytes_arrives() -> None:
    big = message("realtime_event", event_type="INSERT", table="t", id="1", timestamp="t", channel="c", seq=1,
                  data={"text": "x" * 5_000_000})  # fmt: skip
    async with gateway(says(registered(0), big)) as (url, _):
        found = await told(url, is_event(1))
    assert isinstance(found[-1], Happened)
    assert len(found[-1].text) > 5_000_000


async def test_an_address_without_a_gateway_is_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        with pytest.raises(PeerUnreachable, match=r"no gateway answers at ws://127\.0\.0\.1:.*start one with \./run"):
            await told(f"ws://127.0.0.1:{taken.getsockname()[1]}", lambda _: False)


async def test_a_server_that_speaks_something_else_is_a_sentence() -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(other, "127.0.0.1", 0)
    async with server:
        with pytest.raises(PeerUnreachable, match="no gateway answers"):
            await told(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", lambda _: False)


async def test_what_is_no_websocket_address_is_a_sentence() -> None:
    with pytest.raises(ConfigurationError, match=r"expected an address such as ws://127\.0\.0\.1:8765"):
        await told("http://127.0.0.1:8765", lambda _: False)

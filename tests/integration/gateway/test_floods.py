"""Clients that send more than anybody should: they are closed, and nobody else waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from services.gateway.connection import MAX_LATE_BYTES
from services.gateway.incoming import MAX_FRAGMENTS, SLICE_BYTES
from services.gateway.service import Gateway
from tests.integration.gateway.conftest import ConnectClient, StartGateway
from tests.integration.gateway.fake_listener import FakeListener, until
from tests.integration.gateway.test_port import UPGRADE

MASK = b"\0\0\0\0"
EMPTY_FIRST = b"\x01\x80" + MASK
EMPTY_CONTINUATION = b"\x00\x80" + MASK
PING = b"\x89\x80" + MASK
PONG = b"\x8a\x80" + MASK
LONG_TEXT = b"\x81\xff" + (100_000).to_bytes(8, "big") + MASK + b"x" * 100_000
BROKEN_MESSAGE = b"\x81\x81" + MASK + b"x"
ANY = 1_000_000_000


class Flooder:
    """A raw connection behind its handshake."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def received(self) -> bytes:
        """Return everything that comes until the gateway ends it."""
        return await asyncio.wait_for(self.reader.read(), 90)


@asynccontextmanager
async def flooder_of(gateway: Gateway) -> AsyncIterator[Flooder]:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    try:
        yield Flooder(reader, writer)
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize(
    ("first", "flood"),
    [(b"", PING), (b"", PONG), (EMPTY_FIRST, EMPTY_CONTINUATION)],
    ids=["pings", "pongs", "empty fragments"],
)
async def test_every_kind_of_frame_counts(
    listener: FakeListener, gateway: Gateway, client_of: ConnectClient, first: bytes, flood: bytes
) -> None:
    bystander = await client_of(gateway)
    await bystander.register()
    async with flooder_of(gateway) as flooder:
        flooder.writer.write(first + flood * 100_000)
        assert b"\x11\x97rate_limited" in await flooder.received()
    await until(lambda: gateway.hub.closes[4503] == 1)
    listener.insert()
    assert await bystander.events(1) == [1]


async def test_a_client_that_is_within_the_limit_stays(start_gateway: StartGateway, client_of: ConnectClient) -> None:
    gateway = await start_gateway(max_frames_per_second=100)
    client = await client_of(gateway)
    for _ in range(50):
        await client.socket.ping()
    await client.register()


async def test_a_message_in_endless_fragments_closes_with_1009(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(max_frames_per_second=ANY)
    async with flooder_of(gateway) as flooder:
        flooder.writer.write(EMPTY_FIRST + EMPTY_CONTINUATION * (MAX_FRAGMENTS - 1))
        flooder.writer.write(PING)
        assert await flooder.reader.readexactly(2) == b"\x8a\x00"
        flooder.writer.write(EMPTY_CONTINUATION)
        assert await flooder.reader.readexactly(4) == b"\x88\x11\x03\xf1"


async def test_a_flood_is_parsed_a_slice_a_turn(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(max_frames_per_second=ANY)
    async with flooder_of(gateway) as flooder:
        connection = next(iter(gateway.hub.connections))
        parse = connection._protocol.receive_data
        turn, turns, sizes = 0, [], []

        def receive_data(data: bytes) -> None:
            turns.append(turn)
            sizes.append(len(data))
            parse(data)

        async def count_turns() -> None:
            nonlocal turn
            while True:
                turn += 1
                await asyncio.sleep(0)

        connection._protocol.receive_data = receive_data  # type: ignore[method-assign]
        counting = asyncio.create_task(count_turns())
        flood = PONG * 20_000
        flooder.writer.write(flood + PING)
        assert await asyncio.wait_for(flooder.reader.readexactly(2), 90) == b"\x8a\x00"
        counting.cancel()
    assert sum(sizes) == len(flood + PING)
    assert max(sizes) <= SLICE_BYTES
    assert max(turns.count(each) for each in turns) <= 2


async def test_a_long_message_arrives_though_it_is_parsed_in_slices(gateway: Gateway, client_of: ConnectClient) -> None:
    client = await client_of(gateway)
    await client.send("ping", {"filler": "x" * 200_000})
    await client.send("ping", {"n": 2})
    assert len((await client.expect("pong"))["filler"]) == 200_000
    assert (await client.expect("pong"))["n"] == 2


@pytest.mark.parametrize(
    ("flood", "parsed_at_most"), [(PONG * 100_000, 100_000), (LONG_TEXT * 6, ANY)], ids=["many frames", "long frames"]
)
async def test_what_comes_after_the_close_is_not_taken_for_ever(
    start_gateway: StartGateway, flood: bytes, parsed_at_most: int
) -> None:
    gateway = await start_gateway(close_timeout=1000.0)
    async with flooder_of(gateway) as flooder:
        connection = next(iter(gateway.hub.connections))
        parsed: list[int] = []
        parse = connection._protocol.receive_data

        def receive_data(data: bytes) -> None:
            parsed.append(len(data))
            parse(data)

        connection._protocol.receive_data = receive_data  # type: ignore[method-assign]
        flooder.writer.write(BROKEN_MESSAGE)
        with suppress(ConnectionError):
            for _ in range(2 * MAX_LATE_BYTES // len(flood)):
                flooder.writer.write(flood)
                await flooder.writer.drain()
        await until(lambda: not gateway.hub.connections)
    assert sum(parsed) < parsed_at_most
    assert gateway.hub.closes == {4500: 1}


async def test_a_client_that_confirms_the_close_is_let_go_at_once(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(close_timeout=1000.0)
    async with flooder_of(gateway) as flooder:
        flooder.writer.write(BROKEN_MESSAGE)
        await flooder.reader.readuntil(b"\x11\x94malformed_message")
        flooder.writer.write(b"\x88\x82" + MASK + b"\x11\x94")
        assert await flooder.received() == b""

"""The doctor hears whether LISTEN delivers, by trying it, also through something that keeps notifications back."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator

import pytest

from services.cli.doctor import examine_database as examination
from tests.servers import Server, only_newest

NOTIFICATION = b"A"
HEADER = struct.Struct("!cI")


@contextlib.asynccontextmanager
async def keeping_notifications_back(server: Server) -> AsyncIterator[str]:
    """Stand between client and server as a transaction pooler does: LISTEN is accepted, nothing is delivered."""

    handlers: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        current = asyncio.current_task()
        assert current is not None
        handlers.add(current)
        from_server, to_server = await asyncio.open_connection("127.0.0.1", server.port)
        async with asyncio.TaskGroup() as both:
            both.create_task(pass_on(reader, to_server))
            both.create_task(pass_messages(from_server, writer))

    proxy = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with proxy:
        port = proxy.sockets[0].getsockname()[1]
        yield server.tcp_url("postgres").replace(f":{server.port}/", f":{port}/") + "?sslmode=disable"
        await asyncio.wait(handlers)


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on everything until the client goes."""
    while data := await reader.read(65536):
        writer.write(data)
    await close(writer)


async def pass_messages(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on the server's messages but for notifications; each is its type, its length, and so many bytes less 4."""
    with contextlib.suppress(asyncio.IncompleteReadError):
        while True:
            header = await reader.readexactly(HEADER.size)
            kind, length = HEADER.unpack(header)
            body = await reader.readexactly(length - 4)
            if kind != NOTIFICATION:
                writer.write(header + body)
    await close(writer)


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@only_newest
async def test_a_pooler_in_front_is_found_out(postgres_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "NOTIFICATION_TIMEOUT", 0.5)
    async with keeping_notifications_back(postgres_server) as url:
        facts = await examination.examine_database(url)
    assert facts.failure is None
    assert facts.server is not None
    assert not facts.server.notifications_arrive


@only_newest
async def test_a_server_itself_delivers(postgres_server: Server) -> None:
    facts = await examination.examine_database(postgres_server.tcp_url("postgres"))
    assert facts.server is not None
    assert facts.server.notifications_arrive

"""A real gateway on a free port, driven by the listener's end of the real bus and by real WebSocket clients."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import uvloop
from websockets.asyncio.client import ClientConnection, connect

from services.gateway.service import Gateway
from services.gateway.settings import GatewaySettings
from tests.integration.gateway.client import Client
from tests.integration.gateway.fake_listener import FakeListener, until

StartGateway = Callable[..., Awaitable[Gateway]]
ConnectClient = Callable[..., Awaitable[Client]]


def bus_address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"ipc://{tmp_path_factory.mktemp('bus')}/b"


@pytest.fixture
async def listener(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FakeListener]:
    """One leading listener that beats."""
    fake = FakeListener(bus_address(tmp_path_factory))
    await fake.start()
    yield fake
    await fake.stop()


_numbers = itertools.count(1)


@asynccontextmanager
async def running_gateway(bus_connect: str, tmp: Any, **settings: Any) -> AsyncIterator[Gateway]:
    """Run one gateway inside this loop."""
    heartbeat = f"ipc://{tmp}/heartbeats{next(_numbers)}"
    gateway = Gateway(
        GatewaySettings(
            port=0, bus_connect=bus_connect, **{"drain_timeout": 0.1, "heartbeat_address": heartbeat, **settings}
        )
    )
    stop = asyncio.Event()
    task = asyncio.create_task(gateway.run(stop))
    ready = asyncio.create_task(gateway.ready.wait())
    await asyncio.wait([task, ready], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        ready.cancel()
        task.result()
    try:
        yield gateway
    finally:
        stop.set()
        await task


@pytest.fixture
async def start_gateway(listener: FakeListener, tmp_path: Any) -> AsyncIterator[StartGateway]:
    """Start gateways with settings of one's own; they stop with the test."""
    async with AsyncExitStack() as stack:

        async def start(*, bus_connect: str | None = None, **settings: Any) -> Gateway:
            gateway = await stack.enter_async_context(
                running_gateway(bus_connect or listener.bind, tmp_path, **settings)
            )
            if bus_connect is None:
                await until(lambda: gateway.hub.catalog is not None)
            return gateway

        yield start


@pytest.fixture
async def gateway(start_gateway: StartGateway) -> Gateway:
    """One gateway with the usual settings."""
    return await start_gateway()


@pytest.fixture
async def client_of() -> AsyncIterator[ConnectClient]:
    """Connect clients; they leave with the test."""
    sockets: list[ClientConnection] = []

    async def open_client(gateway: Gateway, **options: Any) -> Client:
        socket = await connect(f"ws://127.0.0.1:{gateway.port}/", compression=None, **options)
        sockets.append(socket)
        return Client(socket)

    yield open_client
    for item in sockets:
        await item.close()


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run these tests on the loop that the process runs on."""
    return {"uvloop": uvloop.new_event_loop}

"""A page of another site is sent away by the code that says so; whoever is no page is none of its business."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Origin

from services.gateway.service import Gateway
from tests.integration.gateway.client import Client
from tests.integration.gateway.conftest import StartGateway

HERE = "127.0.0.1:8765"
Settings = dict[str, str]


@asynccontextmanager
async def page(gateway: Gateway, origin: str | None, host: str) -> AsyncIterator[Client]:
    """Connect as a page of *origin* that knows this machine as *host*, whatever the address behind it."""
    named = None if origin is None else Origin(origin)
    async with connect(f"ws://{host}/", host="127.0.0.1", port=gateway.port, origin=named) as socket:
        yield Client(socket)


@pytest.mark.parametrize(
    ("origin", "host", "settings"),
    [
        (None, HERE, {}),
        (None, "evil.example:8765", {}),
        ("http://127.0.0.1:8766", HERE, {}),
        ("http://localhost:3000", HERE, {}),
        ("tauri://localhost", HERE, {"allowed_origins": "tauri://localhost"}),
        ("https://pos.example", HERE, {"allowed_origins": "tauri://localhost,https://pos.example"}),
        ("http://till.example:8766", "till.example:8765", {"allowed_hosts": "till.example"}),
    ],
)
async def test_own_pages_and_tools(
    start_gateway: StartGateway, origin: str | None, host: str, settings: Settings
) -> None:
    async with page(await start_gateway(**settings), origin, host) as client:
        await client.register()


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example", HERE),
        ("null", HERE),
        ("tauri://localhost", HERE),
        ("http://evil.example:8765", "evil.example:8765"),  # its owner lets the name point here
        ("http://till.example:8766", "till.example:8765"),
    ],
)
async def test_pages_of_others(start_gateway: StartGateway, origin: str, host: str) -> None:
    gateway = await start_gateway()
    async with page(gateway, origin, host) as client:
        assert await client.closed() == 4502
    assert not gateway.hub.clients

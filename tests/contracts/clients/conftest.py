"""Every client that the scenarios run with. A new implementation is one more entry of ``ADAPTERS``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

import pytest

from tests.contracts.clients.adapter import ClientAdapter, ClientLink, Message
from tests.contracts.clients.javascript_adapter import JavaScriptAdapter
from tests.contracts.clients.python_adapter import PythonAdapter
from tests.contracts.clients.reference_adapter import ReferenceAdapter
from tests.contracts.clients.scripted_gateway import ScriptedGateway

ADAPTERS: dict[str, Callable[[], ClientAdapter]] = {
    "javascript": JavaScriptAdapter,
    "python": PythonAdapter,
    "reference": ReferenceAdapter,
}

OpenClient = Callable[..., Awaitable[ClientLink]]


@pytest.fixture(params=sorted(ADAPTERS))
def adapter(request: pytest.FixtureRequest) -> ClientAdapter:
    """One implementation after the other."""
    return ADAPTERS[request.param]()


@pytest.fixture
async def open_client(adapter: ClientAdapter) -> AsyncIterator[OpenClient]:
    """Start clients; they end with the test."""
    async with AsyncExitStack() as stack:

        async def start(
            addresses: Sequence[str], *, subscribe: Sequence[Message] = (), hasty: bool = False
        ) -> ClientLink:
            link = await adapter.open(addresses, subscribe=subscribe, hasty=hasty)
            stack.push_async_callback(link.close)
            return link

        yield start


@pytest.fixture
async def gateways() -> AsyncIterator[list[ScriptedGateway]]:
    """Two gateways."""
    both = [ScriptedGateway(), ScriptedGateway()]
    for gateway in both:
        await gateway.start()
    yield both
    for gateway in both:
        await gateway.stop()

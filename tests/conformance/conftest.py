"""One real gateway for every case, on a loop of the module's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
import uvloop

from services.gateway.service import Gateway
from tests.conformance.limits import MAX_MESSAGE_BYTES
from tests.integration.gateway.conftest import running_gateway
from tests.integration.gateway.fake_listener import FakeListener, until


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """A gateway that counts messages, frames and bytes of nobody: these cases are about something else."""
    place = tmp_path_factory.mktemp("bus")
    listener = FakeListener(f"ipc://{place}/b")
    await listener.start()
    unlimited = {"max_messages_per_second": 10**6, "max_frames_per_second": 10**6, "max_bytes_per_second": 10**9}
    try:
        async with running_gateway(
            listener.bind, place, data_dir=place, max_message_bytes=MAX_MESSAGE_BYTES, **unlimited
        ) as running:
            await until(lambda: running.hub.catalog is not None)
            yield running
    finally:
        await listener.stop()


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run these tests on the loop that the process runs on."""
    return {"uvloop": uvloop.new_event_loop}

"""Clients come and go by the thousand: nothing of them stays."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.gateway.connection import Connection
from services.gateway.readers import Group, Reader
from services.gateway.service import Gateway
from services.gateway.session import Session
from services.gateway.subscriptions import Subscription
from tests.benchmarks.churn import Leftovers, left_over, open_descriptors
from tests.benchmarks.gateway_load import gateway_process
from tests.faults.storm.comings import come_and_go
from tests.integration.gateway.conftest import running_gateway
from tests.integration.gateway.fake_listener import FakeListener, until
from tests.servers import START_TIMEOUT

THEIRS = (Connection, Session, Reader, Group, Subscription, asyncio.Task)
"""What a client may leave behind in the process."""


@pytest.fixture
async def listener(tmp_path: Path) -> AsyncIterator[FakeListener]:
    fake = FakeListener(f"ipc://{tmp_path}/bus")
    await fake.start()
    yield fake
    await fake.stop()


def census() -> dict[type, int]:
    """Count what is alive of each kind."""
    gc.collect()
    kinds = [type(item) for item in gc.get_objects()]
    return {kind: sum(issubclass(each, kind) for each in kinds) for kind in THEIRS}


def is_empty(gateway: Gateway) -> bool:
    hub = gateway.hub
    return not (hub.connections or hub.clients or len(gateway.delivery.groups) or gateway.delivery.lagging)


async def test_no_object_task_or_descriptor_is_left(listener: FakeListener, tmp_path: Path) -> None:
    async with running_gateway(listener.bind, tmp_path) as gateway:
        listener.insert(3)
        await until(lambda: gateway.delivery.ring.top == 3 and gateway.hub.catalog is not None)
        await come_and_go(gateway.port, 140)
        await until(lambda: is_empty(gateway), timeout=START_TIMEOUT)
        before, descriptors = census(), open_descriptors(os.getpid())
        await come_and_go(gateway.port, 2100)
        await until(lambda: is_empty(gateway), timeout=START_TIMEOUT)
        # The last of them may be on their way out.
        await until(lambda: census() == before and open_descriptors(os.getpid()) == descriptors, timeout=START_TIMEOUT)


async def test_the_process_does_not_grow(listener: FakeListener, tmp_path: Path) -> None:
    listener.insert(3)
    with gateway_process(listener.bind, str(tmp_path)) as (pid, port):
        await come_and_go(port, 2100)
        before = await left_over(pid, tmp_path)
        await come_and_go(port, 4200)
        after = await left_over(pid, tmp_path)
    assert after.resident_bytes <= before.resident_bytes * 1.1
    assert after.descriptors <= before.descriptors
    assert after.figures == Leftovers.NOTHING

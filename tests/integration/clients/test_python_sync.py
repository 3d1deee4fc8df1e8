"""The Python client without asyncio, against a gateway that speaks when the test does."""

from __future__ import annotations

import asyncio
import threading

import pytest
from wasla_client import ClientClosed, Event, GaveUp, Position, Resync, sync

from tests.integration.clients.gateway import DEADLINE, EPOCH, Gateway

pytestmark = pytest.mark.timeout(120)


async def test_a_plain_loop(gateway: Gateway) -> None:
    def script() -> tuple[list[int], Position | None]:
        with sync.connect(gateway.url, app_name="script", position=Position(EPOCH, 40)) as client:
            seqs = []
            with client.events(table="bookings") as stream:
                for item in stream:
                    if isinstance(item, Resync):
                        break
                    seqs.append(item.seq)
            return seqs, client.position

    running = asyncio.create_task(asyncio.to_thread(script))
    visitor = await gateway.visitor()
    assert (await visitor.welcome(40, resumed=True))["resume"] == {"epoch": EPOCH, "seq": 40}
    for seq in (41, 42):
        await visitor.event(seq)
    await visitor.tell("resync", reason="epoch_changed", tables=None, epoch="e2", seq=7)
    assert await running == ([41, 42], Position("e2", 7))
    assert "wasla-client" not in {thread.name for thread in threading.enumerate()}


async def test_giving_up_is_raised_in_the_loop(gateway: Gateway) -> None:
    def script() -> None:
        with sync.connect(gateway.url, app_name="script") as client:
            for _ in client.events():
                raise AssertionError("nothing was sent")

    running = asyncio.create_task(asyncio.to_thread(script))
    visitor = await gateway.visitor()
    await visitor.welcome()
    await visitor.connection.close(4502)
    with pytest.raises(GaveUp, match="4502"):
        await running


async def test_leaving_the_block_elsewhere_ends_the_loop(gateway: Gateway) -> None:
    entered, leave = threading.Event(), threading.Event()
    found: list[int] = []

    def read(stream: sync.EventStream) -> None:
        found.extend(item.seq for item in stream if isinstance(item, Event))

    def script() -> None:
        with sync.connect(gateway.url, app_name="script") as client:
            reading = threading.Thread(target=read, args=[client.events()])
            reading.start()
            entered.set()
            leave.wait(DEADLINE)
        reading.join(DEADLINE)
        assert not reading.is_alive()
        with pytest.raises(ClientClosed):
            client.wait_connected()

    running = asyncio.create_task(asyncio.to_thread(script))
    await (await gateway.visitor()).welcome()
    await asyncio.to_thread(entered.wait, DEADLINE)
    leave.set()
    await running
    assert found == []

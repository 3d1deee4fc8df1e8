"""A fleet moves from ZeroMQ to NATS and back while events are committed, one process at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.faults.nats.fleet import Fleet, Judge, fleet_over, until
from tests.nats_servers import NatsServer
from tests.servers import only_newest

pytestmark = only_newest


@asynccontextmanager
async def written_to(fleet: Fleet) -> AsyncIterator[None]:
    """Commit for the length of the block."""

    async def write() -> None:
        while True:
            await fleet.write(1)
            await asyncio.sleep(0.005)

    task = asyncio.create_task(write())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_no_event_is_lost_on_the_way_there_and_back(
    server: NatsServer, installed_database_url: str, short_directory: Path
) -> None:
    both = [f"zmq,{server.url}", f"{server.url},zmq"]
    steps = ["zmq", both[0], both[1], server.url, both[1], both[0], "zmq"]
    binds = [f"ipc://{short_directory}/{name}" for name in ("even", "odd")]
    async with fleet_over(installed_database_url, "zmq", short_directory) as fleet, AsyncExitStack() as stack:
        judges: list[Judge] = []
        former: AsyncExitStack | None = None
        for number, bus in enumerate(steps):
            present = await stack.enter_async_context(AsyncExitStack())
            known = {"bus": bus, "bus_connect": ",".join(binds)}
            listener = await present.enter_async_context(fleet.listener(**known, bus_bind=binds[number % 2]))
            if former is None:
                writing = await stack.enter_async_context(AsyncExitStack())
                await until(lambda listener=listener: listener.feed.leading, "a leader")  # type: ignore[misc]
                await writing.enter_async_context(written_to(fleet))
            gateway = await present.enter_async_context(fleet.gateway(**known))
            judges.append(await fleet.judge(gateway, resume=judges[-1].position if judges else None))
            if former is not None:
                await former.aclose()
            begun = judges[-1].top
            await until(lambda begun=begun: judges[-1].top > begun + 20, "events after a step")  # type: ignore[misc]
            former = present
        await writing.aclose()
        top = await fleet.settled(judges[-1:])
        assert sorted({seq for judge in judges for seq in judge.seqs}) == list(
            range(judges[0].registered["seq"] + 1, top + 1)
        )
        assert not [judge.resyncs for judge in judges if judge.resyncs]

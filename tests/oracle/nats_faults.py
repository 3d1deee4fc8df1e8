"""What happens to the NATS server, where the bus is on one."""

from __future__ import annotations

import asyncio
from typing import Final

import nats
import nats.errors

from tests.oracle.plan import Fault
from tests.oracle.world import Doing, Draw, Hit, World


async def _nats_killed(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    nats_server = world.fleet.nats
    assert nats_server is not None
    nats_server.kill()
    await asyncio.sleep(fault.seconds / 2)
    await asyncio.to_thread(nats_server.start)


async def _stream_deleted(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    await _on_stream(world, "DELETE")


async def _stream_purged(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    await _on_stream(world, "PURGE")


async def _on_stream(world: World, verb: str) -> None:
    assert world.fleet.nats is not None
    try:
        client = await nats.connect(world.fleet.nats.url, allow_reconnect=False)
        await client.request(f"$JS.API.STREAM.{verb}.WASLA", b"", timeout=5)
        await client.close()
    except (OSError, TimeoutError, nats.errors.Error):
        pass  # another fault has ended the server


SERVER_FAULTS: Final[dict[str, Doing]] = {
    "NATS killed": _nats_killed,
    "stream deleted": _stream_deleted,
    "stream purged": _stream_purged,
}

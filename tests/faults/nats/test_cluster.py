"""Three servers that keep the stream together: one may be lost, the one that leads the stream too."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nats
import nats.errors
import pytest

from tests.faults.nats.fleet import PATIENCE, fleet_over
from tests.nats_servers import NatsServer, nats_cluster
from tests.servers import only_newest

pytestmark = only_newest


@pytest.fixture
def cluster() -> Iterator[list[NatsServer]]:
    """Three servers."""
    with nats_cluster() as servers:
        yield servers


async def leader_of(servers: list[NatsServer], stream: str = "") -> NatsServer:
    """Return the server that leads the stream, or JetStream itself, once one does."""
    client = await nats.connect([server.url for server in servers])
    subject = f"$JS.API.STREAM.INFO.{stream}" if stream else "$JS.API.INFO"
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    found: dict[str, Any] = json.loads((await client.request(subject, b"", timeout=2)).data)
                except (nats.errors.Error, TimeoutError):
                    continue
                if "error" not in found and not stream:
                    return servers[0]
                if (name := found.get("cluster", {}).get("leader")) is not None:
                    return next(server for server in servers if server.name == name)
                await asyncio.sleep(0.1)
    finally:
        await client.close()


async def test_the_leader_of_the_stream_is_lost(
    cluster: list[NatsServer], installed_database_url: str, short_directory: Path
) -> None:
    await leader_of(cluster)
    bus = ",".join(server.url for server in cluster)
    async with fleet_over(installed_database_url, bus, short_directory) as fleet:
        listener = await fleet.lasting_listener(stream_replicas=3)
        judges = [await fleet.judge(await fleet.lasting_gateway()) for _ in range(2)]
        await fleet.write(20)
        await fleet.settled(judges)
        leader = await leader_of(cluster, "WASLA")
        leader.kill()
        await fleet.write(40)
        await fleet.settled(judges)
        leader.start()
        await fleet.write(20)
        top = await fleet.settled(judges)
        assert not [judge.resyncs for judge in judges if judge.resyncs]
        async with asyncio.timeout(PATIENCE):
            while listener.stream.tail is None or listener.stream.tail.seq < top:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.05)

"""A machine that loses its power: the other goes on, and nothing is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from tests.machines.installation import Installation, RemoteServer
from tests.machines.story import clients_at, say, story, writing
from tests.oracle.reference import ReferenceClient
from tests.supervised import DEADLINE

pytestmark = pytest.mark.timeout(400)

Two = tuple[Installation, Installation]


async def test_everything_goes_on_through_b_when_a_loses_its_power(
    two: Two, remote_server: RemoteServer, database: str
) -> None:
    a, b = two
    assert "leading" in a.log
    tills = clients_at([a, b], [a, b], [b, a], [b])
    async with story(remote_server, database) as told, tills as clients, writing(told):
        await told.progress(clients)
        for client, machine in zip(clients, "aabb", strict=True):
            await until_at(client, machine)
        off_at, at_off = time.monotonic(), told.written
        await asyncio.to_thread(a.power_off)
        moved = asyncio.create_task(told.until_sequenced(at_off + 100))
        for client in clients[:2]:
            await client.until(lambda client=client: client.gateway.startswith("b/"))
        resumed_after = time.monotonic() - off_at
        await moved
        sequencing_after = time.monotonic() - off_at
        await told.progress(clients)
        delivered_after = time.monotonic() - off_at
        say(f"{resumed_after=:.2f} {sequencing_after=:.2f} {delivered_after=:.2f} s after the power was lost")
        await told.end(clients)
    for client in clients[:2]:
        assert [note["resumed"] for note in client.told("registered")][1:] == [True] * (
            len(client.told("registered")) - 1
        )
    assert sum("leading" in line and "epoch=" in line for line in b.log.splitlines()) == 1


async def until_at(client: ReferenceClient, machine: str) -> None:
    """See that a client is at this machine: one that was not let in soon enough has gone to the other."""
    while client.gateway.partition("/")[0] != machine:
        registered = len(client.told("registered"))
        client.cut()
        await client.until(lambda registered=registered: len(client.told("registered")) > registered)


async def test_a_comes_back_and_stands_by(two: Two, remote_server: RemoteServer, database: str) -> None:
    a, b = two
    async with story(remote_server, database) as told, clients_at([b], [b, a]) as clients, writing(told):
        await told.progress(clients)
        await asyncio.to_thread(a.power_off)
        await told.progress(clients)
        heard = a.log.count("line well again") + a.log.count("joined the stream")
        await asyncio.to_thread(a.power_on)
        await asyncio.to_thread(a.wait_until_ready)
        await asyncio.to_thread(
            a.wait_for,
            "a says that it hears",
            lambda: a.log.count("line well again") + a.log.count("joined the stream") > heard,
        )
        async with clients_at([a]) as late:
            await told.progress([*clients, *late])
        await told.end(clients)


async def test_the_two_are_one_installation(two: Two, remote_server: RemoteServer, database: str) -> None:
    a, b = two
    async with story(remote_server, database), clients_at([a], [a], [b]) as clients:
        await clients[0].send("broadcast", {"event_type": "CALL", "data": {"seat": 4}})
        for installation in (a, b):
            for command in ("status", "doctor"):
                await asyncio.to_thread(installation.wait_for, f"{command} finds all well", well(installation, command))
        for client in clients[1:]:
            await client.until(lambda client=client: client.told("custom_event"))
            assert client.told("custom_event")[0]["data"] == {"seat": 4}
        async with asyncio.timeout(DEADLINE):
            for client in clients:
                while not await roster(client) >= {"till 0", "till 1", "till 2"}:  # noqa: ASYNC110 - others know
                    await asyncio.sleep(0.2)  # who asks too often is sent away


def well(installation: Installation, command: str) -> Callable[[], bool]:
    """Tell whether a command finds nothing wrong: a busy machine may be late at a moment."""
    return lambda: installation.wasla(command).returncode == 0


async def roster(client: ReferenceClient) -> set[str]:
    """Return who is connected, as far as every gateway answered in time: one that did not is left out."""
    answers = len(client.told("clients"))
    await client.send("clients", {})
    await client.until(lambda: len(client.told("clients")) > answers)
    return {entry["app_name"] for entry in client.told("clients")[-1]["clients"]}

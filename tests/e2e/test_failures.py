"""Whatever dies, a client that comes back has seen every committed change once, in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator

import pytest

from tests.e2e.clients import Client, connected, on_every_gateway
from tests.e2e.fleet import Fleet
from tests.e2e.sales import Counter, selling

pytestmark = pytest.mark.timeout(300)

MANY = 50
"""Sales that are enough to be under way in every stage."""


async def caught_up(client: Client, counter: Counter) -> None:
    """Read until the client has the last sale, and check that it has every sale exactly once, in commit order."""
    committed = list(counter.committed)
    await client.read_until(lambda: committed[-1] in client.ids())
    received = client.ids()
    assert [number for number in received if number in set(committed)] == committed
    assert len(received) == len(set(received))
    assert not [message for message in client.others if message["message_type"] == "resync"]
    sequence = [event["seq"] for event in client.events]
    assert sequence == sorted(set(sequence))


def kill(pid: int, signum: int = signal.SIGKILL) -> None:
    os.kill(pid, signum)


@contextlib.contextmanager
def unattended(fleet: Fleet) -> Iterator[None]:
    """Let nothing be started again before the end of the block: what lasts but a moment may be seen by nobody."""
    assert fleet.supervisord is not None
    kill(fleet.supervisord.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        kill(fleet.supervisord.pid, signal.SIGCONT)


async def restarted(fleet: Fleet, name: str, former: int) -> None:
    await asyncio.to_thread(fleet.wait_for, f"{name} runs again", lambda: fleet.is_running_anew(name, former))


async def test_a_killed_gateway(fleet: Fleet) -> None:
    """Its clients resume on a sibling; the sibling's own clients notice nothing."""
    async with on_every_gateway(fleet.gateway_url, 2) as gateways, selling(lambda: fleet.database_url) as counter:
        (victim,), (bystander,) = gateways["gateway:gateway-00"], gateways["gateway:gateway-01"]
        await counter.sold(MANY)
        pid = fleet.pid("gateway-00")
        kill(pid)
        await counter.sold(MANY)
        await victim.reconnect()
        assert victim.resumed == [False, True]
        await restarted(fleet, "gateway-00", pid)
        await counter.sold(MANY)
        await caught_up(victim, counter)
        await caught_up(bystander, counter)
        assert len(bystander.gateways) == 1


async def test_a_frozen_gateway_is_restarted_by_the_monitor(fleet: Fleet) -> None:
    """The other one than the test above killed: a process that was never heard of is given more time."""
    async with on_every_gateway(fleet.gateway_url, 2) as gateways, selling(lambda: fleet.database_url) as counter:
        (bystander,), (victim,) = gateways["gateway:gateway-00"], gateways["gateway:gateway-01"]
        await counter.sold(MANY)
        pid = fleet.pid("gateway-01")
        kill(pid, signal.SIGSTOP)
        await restarted(fleet, "gateway-01", pid)
        await counter.sold(MANY)
        await victim.read_until(lambda: len(victim.gateways) > 1)
        assert victim.resumed[-1]
        await caught_up(victim, counter)
        await caught_up(bystander, counter)
        assert len(bystander.gateways) == 1


async def test_a_killed_pg_listener(fleet: Fleet) -> None:
    """Nobody is disconnected, and what was committed while it was away arrives."""
    async with on_every_gateway(fleet.gateway_url, 2) as gateways, selling(lambda: fleet.database_url) as counter:
        await counter.sold(MANY)
        pid = fleet.pid("pg-listener")
        kill(pid)
        await counter.sold(MANY)
        await restarted(fleet, "pg-listener", pid)
        await counter.sold(MANY)
        for clients in gateways.values():
            for client in clients:
                await caught_up(client, counter)
                assert len(client.gateways) == 1


async def test_a_killed_monitor(fleet: Fleet) -> None:
    async with connected(fleet.gateway_url) as client, selling(lambda: fleet.database_url) as counter:
        pid = fleet.pid("monitor")
        kill(pid)
        await counter.sold(MANY)
        await caught_up(client, counter)
        await restarted(fleet, "monitor", pid)


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGQUIT], ids=["SIGKILL", "SIGQUIT"])
async def test_a_killed_database(fleet: Fleet, signum: int) -> None:
    """Clients keep their links, are told, and get everything that was committed before and after."""
    async with connected(fleet.gateway_url) as client, selling(lambda: fleet.database_url) as counter:
        await counter.sold(MANY)
        pid = fleet.pid("postgres")
        with unattended(fleet):
            kill(pid, signum)
            await client.read_until(lambda: statuses(client)[-1:] == ["down"], stay=True)
        await restarted(fleet, "postgres", pid)
        await counter.sold(MANY)
        await caught_up(client, counter)
        await client.read_until(lambda: statuses(client)[-1:] == ["up"], stay=True)
        assert len(client.gateways) == 1


async def test_a_restarted_database(fleet: Fleet) -> None:
    async with connected(fleet.gateway_url) as client, selling(lambda: fleet.database_url) as counter:
        await counter.sold(MANY)
        await asyncio.to_thread(fleet.stop_program, "postgres")
        await client.read_until(lambda: statuses(client)[-1:] == ["down"], stay=True)
        await asyncio.to_thread(fleet.start_program, "postgres")
        await counter.sold(MANY)
        await client.read_until(lambda: statuses(client)[-1:] == ["up"], stay=True)
        await caught_up(client, counter)


def statuses(client: Client) -> list[str]:
    return [message["data"]["database"] for message in client.others if message["message_type"] == "status"]

"""Networks that fall apart: one sequencer only, and who is cut off says so."""

from __future__ import annotations

import asyncio

import pytest

from tests.machines.installation import Installation, RemoteServer
from tests.machines.network import Network
from tests.machines.story import Story, clients_at, say, story, writing
from tests.machines.test_keys import heard_lines
from tests.oracle.reference import ReferenceClient

pytestmark = pytest.mark.timeout(400)

Two = tuple[Installation, Installation]


def leads(installation: Installation) -> int:
    """Return how often the machine's listener began to sequence."""
    return installation.log.count("leading ")


def other_of(two: Two, installation: Installation) -> Installation:
    """Return the machine that is not this one."""
    return two[1] if installation is two[0] else two[0]


async def until_down(client: ReferenceClient) -> None:
    """Wait until the client is told that the database is down."""
    await client.until(lambda: client.told("status") and client.told("status")[-1]["database"] == "down")


async def until_up(client: ReferenceClient) -> None:
    """Wait until the client is told that the database is up."""
    await client.until(lambda: client.told("status") and client.told("status")[-1]["database"] == "up")


async def sessions_of(told: Story, address: str) -> int:
    """Return how many sessions of that machine the server knows."""
    statement = "SELECT count(*) FROM pg_stat_activity WHERE client_addr = $1::text::inet"
    return int(await told.reader.fetchval(statement, address))


async def test_machines_that_do_not_see_each_other_deliver_both(
    two: Two, net: Network, remote_server: RemoteServer, database: str
) -> None:
    """Neither way, and then one way: B does not hear the leader."""
    a, b = two
    async with story(remote_server, database) as told, clients_at([a], [b]) as clients, writing(told):
        for deaf in ([a, b], [b]):
            for installation in two:
                await asyncio.to_thread(
                    installation.wait_for, "both are heard", lambda at=installation: len(heard_lines(at)) == 2
                )
            for installation in deaf:
                net.cut(other_of(two, installation).machine, installation.machine)
            for installation in deaf:
                own = [f"tcp://{installation.machine.address}:8767"]
                await asyncio.to_thread(
                    installation.wait_for, "it hears itself", lambda at=installation, own=own: heard_lines(at) == own
                )
            for _ in range(5):
                await told.progress(clients)
            net.heal()
        await told.progress(clients)
        await told.end(clients)
        assert (leads(a), leads(b)) == (1, 0)


@pytest.mark.parametrize("way", ["both", "to the database", "from the database"])
async def test_a_leader_cut_off_from_the_database_gives_way(
    two: Two, net: Network, remote_server: RemoteServer, database: str, way: str
) -> None:
    a, b = two
    d = net.machines["d"]
    async with story(remote_server, database) as told, clients_at([a], [b]) as clients, writing(told):
        await told.progress(clients)
        if way != "from the database":
            net.cut(a.machine, d)
        if way != "to the database":
            net.cut(d, a.machine)
        seconds = await told.progress(clients)
        say(f"delivered again after {seconds:.2f} s, cut {way}")
        assert (leads(a), leads(b)) == (1, 1)
        await asyncio.to_thread(a.wait_for_log, "database down")
        net.heal()
        await asyncio.to_thread(a.wait_for_log, "database up", times=2)
        await told.progress(clients)
        await told.end(clients)
        assert (leads(a), leads(b)) == (1, 1), "who comes back stands by"


async def test_a_machine_cut_off_from_everything_says_that_the_database_is_down(
    two: Two, net: Network, remote_server: RemoteServer, database: str
) -> None:
    a, b = two
    d = net.machines["d"]
    async with story(remote_server, database) as told, clients_at([a], [b]) as clients, writing(told):
        await told.progress(clients)
        net.partition(a.machine, d)
        net.partition(a.machine, b.machine)
        at_a, at_b = clients
        await until_down(at_a)
        seconds = await told.progress([at_b])
        say(f"delivered again on B after {seconds:.2f} s more")
        assert (leads(a), leads(b)) == (1, 1)
        await until_up(at_b)
        while await sessions_of(told, a.machine.address):  # noqa: ASYNC110 - the server ends them by its keepalive
            await asyncio.sleep(0.1)
        net.heal()
        await until_up(at_a)
        await told.progress(clients)
        await told.end(clients)
        assert leads(b) == 1


async def test_a_flapping_cable_loses_nothing(
    two: Two, net: Network, remote_server: RemoteServer, database: str
) -> None:
    a, b = two
    async with story(remote_server, database) as told, clients_at([a, b], [b, a]) as clients, writing(told):
        await told.progress(clients)
        for turn in range(6):
            a.machine.unplug()
            await asyncio.sleep(0.3 + 0.9 * turn)  # the flapping itself: from a moment to past every timeout
            a.machine.plug()
            await asyncio.sleep(0.5)
        await told.progress(clients)
        await told.end(clients)


async def test_a_network_that_loses_a_tenth_loses_no_event(
    two: Two, net: Network, remote_server: RemoteServer, database: str
) -> None:
    a, b = two
    async with story(remote_server, database) as told, clients_at([a], [b]) as clients, writing(told):
        for machine in (a.machine, b.machine, net.machines["d"]):
            net.lose(machine, 10)
        for _ in range(5):
            await told.progress(clients)
        net.heal()
        await told.end(clients)

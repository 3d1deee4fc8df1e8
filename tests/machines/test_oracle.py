"""The oracle on two machines: random transactions and clients, while the network falls apart in every way."""

from __future__ import annotations

import os

import pytest

from tests.databases import fresh_database
from tests.machines.faults import NETWORK_FAULTS, TwoMachines
from tests.machines.installation import RemoteServer, installations
from tests.machines.network import Network
from tests.machines.story import say
from tests.oracle.report import summary
from tests.oracle.run import Run, Shape, prepare

STARVED = {"WASLA_WATCHDOG_TIMEOUT": "30", "WASLA_RESTART_AFTER": "30"}
"""Both machines are this one: who gets no processor for seconds is not to be replaced."""

SEED = int(os.environ.get("WASLA_TEST_ORACLE_SEED", "2026"))


@pytest.mark.timeout(600)
async def test_nothing_is_lost_twice_or_out_of_order_whatever_the_network_does(
    net: Network, remote_server: RemoteServer
) -> None:
    net.heal()
    async with fresh_database(remote_server) as url:
        await prepare(url)
        network_url = remote_server.network_url(url.partition("@/")[2].partition("?")[0])
        with installations(net, network_url, "a", "b", WASLA_ALLOW_ANONYMOUS="1", **STARVED) as made:
            for installation in made.values():
                installation.start()
            for installation in made.values():
                installation.wait_until_ready()
            with net.machines["c"].entered():
                ground = TwoMachines(url, net, list(made.values()))
                shape = Shape(SEED, 1, len(NETWORK_FAULTS) + 4, 2000, NETWORK_FAULTS, clients=8, writers=3)
                found = await Run(ground, shape).rounds()
    assert set(found.faults) == set(NETWORK_FAULTS)
    assert found.deliveries > 0
    say(f"{found.events} events, {found.faults.total()} faults, {dict(found.resyncs)}")
    for kind, seconds in found.resumed.items():
        say(f"{kind}: {len(seconds)} clients had resumed after {summary(seconds)} s")

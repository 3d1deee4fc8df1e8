"""A machine with a wrong key, or none: it gets nothing, it says so, and the right key mends it."""

from __future__ import annotations

import asyncio
import shutil

import pytest

from shared.bus.keys import write_key
from tests.machines.installation import Installation, RemoteServer, installations
from tests.machines.network import Network
from tests.machines.story import clients_at, story, writing
from tests.oracle.reference import ReferenceClient

pytestmark = pytest.mark.timeout(400)


async def test_a_machine_with_a_wrong_key_hears_nobody_until_it_has_the_right_one(
    net: Network, remote_server: RemoteServer, database: str
) -> None:
    with installations(net, remote_server.network_url(database), "a", "b") as made, net.machines["c"].entered():
        a, b = made.values()
        write_key(b.directory / ".wasla" / "bus.key", replace=True)
        a.start()
        await asyncio.to_thread(a.wait_until_ready)
        b.start()
        async with story(remote_server, database) as told, clients_at([a], [b]) as clients, writing(told):
            await asyncio.to_thread(b.wait_for_log, "listener refuses us")
            await asyncio.to_thread(a.wait_for_log, "peer refused")
            await told.progress(clients)  # each machine by its own listener
            own = f"tcp://{b.machine.address}:8767"
            await asyncio.to_thread(b.wait_for, "b hears itself alone", lambda: heard_lines(b) == [own])
            shutil.copy(a.directory / ".wasla" / "bus.key", b.directory / ".wasla" / "bus.key")
            await asyncio.to_thread(restart, b)
            await told.progress(clients)
            await asyncio.to_thread(b.wait_for, "both lines are heard on b", lambda: len(heard_lines(b)) == 2)
            assert a.log.count("peer refused") == 1
            await told.end(clients)


def test_without_a_key_the_machines_do_not_start(net: Network, remote_server: RemoteServer) -> None:
    url = remote_server.network_url("postgres")
    with installations(net, url, "a", "b", key=False) as made:
        made["a"].start()
        for name in ("pg-listener", "gateway", "monitor"):
            made["a"].wait_for_log(f"process={name}:")
        made["a"].wait_for_log("expected a bus key", times=4)
        made["a"].wait_for_log("make one with wasla keys")


async def test_who_lacks_the_client_key_is_let_in_by_neither_machine(two: tuple[Installation, Installation]) -> None:
    for installation in two:
        async with ReferenceClient([installation.url]) as stranger:
            await stranger.until(lambda stranger=stranger: stranger.told("closed"))
            assert stranger.told("closed")[0]["code"] == 4501
            assert stranger.told("registered") == []


def test_without_a_client_key_the_gateways_do_not_start(net: Network, remote_server: RemoteServer) -> None:
    with installations(net, remote_server.network_url("postgres"), "a", "b") as made:
        (made["a"].directory / ".wasla" / "client.key").unlink()
        made["a"].start()
        made["a"].wait_for_log("WASLA_HOST=0.0.0.0 can be reached from other machines", times=2)
        made["a"].wait_for_log("make a key with wasla keys --only clients")


def heard_lines(installation: Installation) -> list[str]:
    """Return the lines that the machine's monitor hears."""
    return [line["line"] for line in installation.status().get("lines", []) if not line["silent"]]


def restart(installation: Installation) -> None:
    """Restart every process, as an operator does."""
    former = installation.log.count("listening ")
    installation.power_off()
    installation.power_on()
    installation.wait_for_log("listening ", times=former + 3)
    installation.wait_until_ready()

"""Faults of the network between two machines with the product and one with PostgreSQL, for the oracle.

One at a time: a network has its faults whole, and each is healed before the next begins.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Final

from tests.machines.installation import Installation
from tests.machines.network import Machine, Network
from tests.oracle.faults import Doing, Hit, World
from tests.oracle.plan import Fault

STRETCH: Final = 4.0
"""Network faults last this much longer than others: from a moment to past every timeout."""

LOSS_PERCENT: Final = 20


@dataclass(slots=True)
class TwoMachines:
    """The ground of the oracle: ``url`` is the database by its unix socket, which no fault of the network reaches."""

    url: str
    net: Network
    installations: list[Installation]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    lost_on_bus: int = 0

    @property
    def addresses(self) -> list[str]:
        return [installation.url for installation in self.installations]

    @property
    def database(self) -> Machine:
        return self.net.machines["d"]

    def complaints(self) -> list[str]:
        """Return what the processes wrote that none should: an error nobody had foreseen, an end by itself."""
        logs = [(installation.machine.name, installation.log) for installation in self.installations]
        said = [f"{name} logged a traceback" for name, log in logs if "Traceback (most recent call last)" in log]
        ends = [(name, line) for name, log in logs for line in log.splitlines() if "exit status" in line]
        return said + [f"{name}: {line}" for name, line in ends if "not expected" in line]


async def _machine_off(world: World, fault: Fault, draw: random.Random, hit: Hit) -> None:
    ground: TwoMachines = world.fleet
    async with ground.turn:
        lost = draw.choice(ground.installations)
        now = time.monotonic()
        hit.victims += [(client, now) for client in world.clients if client.link.gateway.startswith(lost.machine.name)]
        await asyncio.to_thread(lost.power_off)
        await asyncio.sleep(fault.seconds * STRETCH)
        await asyncio.to_thread(lost.power_on)
        await asyncio.to_thread(lost.wait_until_ready)


async def _machines_apart(world: World, fault: Fault, draw: random.Random, hit: Hit) -> None:
    one, other = (installation.machine for installation in world.fleet.installations)
    await _cut(world.fleet, fault, _ways(draw, one, other))


async def _database_apart(world: World, fault: Fault, draw: random.Random, hit: Hit) -> None:
    machine = draw.choice(world.fleet.installations).machine
    await _cut(world.fleet, fault, _ways(draw, machine, world.fleet.database))


async def _machine_alone(world: World, fault: Fault, draw: random.Random, hit: Hit) -> None:
    machine = draw.choice(world.fleet.installations).machine
    others = [other for other in world.fleet.net.machines.values() if other is not machine]
    await _cut(world.fleet, fault, [(machine, other) for other in others] + [(other, machine) for other in others])


async def _cable_flaps(world: World, fault: Fault, draw: random.Random, hit: Hit) -> None:
    ground: TwoMachines = world.fleet
    async with ground.turn:
        machine = draw.choice(ground.installations).machine
        for _ in range(4):
            await asyncio.to_thread(machine.unplug)
            await asyncio.sleep(fault.seconds * draw.random())
            await asyncio.to_thread(machine.plug)
            await asyncio.sleep(draw.random())


async def _packets_lost(world: World, fault: Fault, draw: random.Random, hit: Hit) -> None:
    ground: TwoMachines = world.fleet
    async with ground.turn:
        source = draw.choice([ground.database, *(installation.machine for installation in ground.installations)])
        await asyncio.to_thread(ground.net.lose, source, LOSS_PERCENT)
        await asyncio.sleep(fault.seconds * STRETCH)
        await asyncio.to_thread(ground.net.heal)


async def _cut(ground: TwoMachines, fault: Fault, ways: list[tuple[Machine, Machine]]) -> None:
    async with ground.turn:
        for source, destination in ways:
            await asyncio.to_thread(ground.net.cut, source, destination)
        await asyncio.sleep(fault.seconds * STRETCH)
        await asyncio.to_thread(ground.net.heal)


def _ways(draw: random.Random, one: Machine, other: Machine) -> list[tuple[Machine, Machine]]:
    """Choose what is cut between two machines: both directions, or one of them."""
    return draw.choice([[(one, other), (other, one)], [(one, other)], [(other, one)]])


NETWORK_FAULTS: Final[dict[str, Doing]] = {
    "machine off": _machine_off,
    "machines apart": _machines_apart,
    "machine and database apart": _database_apart,
    "machine alone": _machine_alone,
    "cable flaps": _cable_flaps,
    "packets lost": _packets_lost,
}

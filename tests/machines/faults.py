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
from tests.oracle.plan import Fault
from tests.oracle.world import Doing, Hit, World

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
    await _cut(world.fleet, fault, [(one, other), (other, one)])


async def _one_machine_unheard(world: World, fault: Fault, draw: random.Random, hit: Hit) -> None:
    """What one machine sends the other is lost; it hears what is sent back."""
    machines = [installation.machine for installation in world.fleet.installations]
    draw.shuffle(machines)
    await _cut(world.fleet, fault, [(machines[0], machines[1])])


async def _database_apart(world: World, fault: Fault, draw: random.Random, hit: Hit) -> None:
    machine, database = draw.choice(world.fleet.installations).machine, world.fleet.database
    await _cut(world.fleet, fault, [(machine, database), (database, machine)])


async def _database_unheard(world: World, fault: Fault, draw: random.Random, hit: Hit) -> None:
    """Between a machine and the database one direction is lost, whichever."""
    ends = [draw.choice(world.fleet.installations).machine, world.fleet.database]
    draw.shuffle(ends)
    await _cut(world.fleet, fault, [(ends[0], ends[1])])


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


NETWORK_FAULTS: Final[dict[str, Doing]] = {
    "machine off": _machine_off,
    "machines apart": _machines_apart,
    "machines apart one way": _one_machine_unheard,
    "machine and database apart": _database_apart,
    "machine and database apart one way": _database_unheard,
    "machine alone": _machine_alone,
    "cable flaps": _cable_flaps,
    "packets lost": _packets_lost,
}

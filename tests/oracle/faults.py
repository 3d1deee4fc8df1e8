"""The faults: each a coroutine that brings it about, waits as long as it lasts, and heals it.

``FAULTS`` holds them by kind. Who is hit is drawn from the plan. A fault returns the clients that must come back for
it, with the moment from which their recovery counts.
"""

from __future__ import annotations

import asyncio
import signal
import time
from typing import Final

from tests.oracle.children import Child
from tests.oracle.database_faults import DATABASE_FAULTS, FLOOD
from tests.oracle.nats_faults import SERVER_FAULTS
from tests.oracle.plan import Fault
from tests.oracle.proxies import Proxy
from tests.oracle.world import Doing, Draw, Hit, World

OVERRUN: Final = 10
"""Large transactions that do not fit between a listener and a gateway: its marks, and the sockets' buffers."""

CROWDED_WITHIN: Final = 90.0
"""Seconds within which some client is at some gateway, whatever else is going on."""


def _victims(world: World, gateway: Child, hit: Hit) -> None:
    now = time.monotonic()
    hit.victims += [(client, now) for client in world.on(gateway)]


async def _crowded(world: World, draw: Draw) -> Child:
    """Choose a gateway that somebody is at: whatever became of another, nobody would notice."""
    async with asyncio.timeout(CROWDED_WITHIN):
        while not (crowded := [gateway for gateway in world.fleet.gateways if world.on(gateway)]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return draw.choice(crowded)


async def _gateway_killed(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    gateway = await _crowded(world, draw)
    _victims(world, gateway, hit)
    await _kill(gateway)


async def _gateway_drained(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    await _end(await _crowded(world, draw))


async def _gateway_frozen(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    await _freeze(await _crowded(world, draw), fault.seconds)


async def _listener_killed(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    await _kill(draw.choice(world.fleet.listeners))


async def _listener_ended(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    await _end(draw.choice(world.fleet.listeners))


async def _listener_frozen(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    await _freeze(draw.choice(world.fleet.listeners), fault.seconds)


async def _both_listeners_killed(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    pids = [(listener, listener.pid) for listener in world.fleet.listeners]
    for listener, _ in pids:
        listener.send(signal.SIGKILL)
    for listener, pid in pids:
        await listener.replaced(pid)


async def _monitor_killed(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    await _kill(world.fleet.monitor)


async def _monitor_ended(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    await _end(world.fleet.monitor)


async def _monitor_frozen(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    await _freeze(world.fleet.monitor, fault.seconds)


async def _rolling_restart(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    for gateway in world.fleet.gateways:
        await _end(gateway)
        await asyncio.sleep(0.3)


async def _clients_cut(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    await _cut(world.fleet.client_proxies, fault.seconds)


async def _clients_deaf(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    await _deaf(world.fleet.client_proxies, fault.seconds * 3, cut=draw.random() < 0.5)


async def _database_link_cut(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    await _cut(draw.sample(world.fleet.database_proxies, draw.randint(1, 2)), fault.seconds)


async def _database_link_deaf(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    await _deaf(draw.sample(world.fleet.database_proxies, 1), fault.seconds * 2, cut=draw.random() < 0.5)


async def _bus_cut(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    await _cut(world.fleet.bus_of(draw.randrange(len(world.fleet.gateways))), fault.seconds)


async def _bus_deaf(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    pair = draw.choice(sorted(world.fleet.bus_proxies))
    await _deaf(world.fleet.bus_proxies[pair], fault.seconds * 2, cut=draw.random() < 0.5)


async def _bus_messages_lost(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    """Three times for a while, and until at least one was lost: nothing passes a link that is cut or deaf, too."""
    fleet, gateway = world.fleet, draw.randrange(len(world.fleet.gateways))
    before = fleet.lost_on_bus
    for _ in range(3):
        fleet.lossy.add(gateway)
        await asyncio.sleep(fault.seconds / 4)
        while fleet.lost_on_bus == before:  # every listener beats four times a second
            fleet.lossy.add(gateway)  # which another such fault may just have ended
            await asyncio.sleep(0.02)
        fleet.lossy.discard(gateway)
        await asyncio.sleep(fault.seconds / 4)


async def _gateway_overrun(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    """A gateway stands still under a flood, until its queue and the listeners' are full and messages are dropped."""
    gateway = draw.choice(world.fleet.gateways)
    gateway.send(signal.SIGSTOP)
    try:
        await world.flood(OVERRUN)
    finally:
        gateway.send(signal.SIGCONT)


async def _client_away(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    away = draw.sample(world.clients, min(3, len(world.clients)))
    for client in away:
        await client.link.stop()
    await asyncio.sleep(fault.seconds)
    for client in away:
        client.link.start()


async def _client_not_reading(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    client = draw.choice(world.clients)
    client.link.pause()
    await world.flood(FLOOD)
    await asyncio.sleep(fault.seconds)
    client.link.unpause()


async def _interests_changed(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    for client in draw.sample(world.clients, min(4, len(world.clients))):
        await client.change()


FAULTS: Final[dict[str, Doing]] = {
    "gateway killed": _gateway_killed,
    "gateway drained": _gateway_drained,
    "gateway frozen": _gateway_frozen,
    "listener killed": _listener_killed,
    "listener ended": _listener_ended,
    "listener frozen": _listener_frozen,
    "both listeners killed": _both_listeners_killed,
    "monitor killed": _monitor_killed,
    "monitor ended": _monitor_ended,
    "monitor frozen": _monitor_frozen,
    "gateways restarted in turn": _rolling_restart,
    "clients' links cut": _clients_cut,
    "clients' links half-open": _clients_deaf,
    "link to the database cut": _database_link_cut,
    "link to the database half-open": _database_link_deaf,
    "bus cut": _bus_cut,
    "bus half-open": _bus_deaf,
    "bus messages lost": _bus_messages_lost,
    "gateway overrun": _gateway_overrun,
    "clients away": _client_away,
    "client not reading": _client_not_reading,
    "interests changed": _interests_changed,
    **DATABASE_FAULTS,
}

NATS_FAULTS: Final[dict[str, Doing]] = {
    **{kind: fault for kind, fault in FAULTS.items() if kind != "bus messages lost"},
    **SERVER_FAULTS,
}
"""With the bus on NATS, whose messages no proxy here can take apart."""


async def _kill(child: Child) -> None:
    pid = child.pid
    child.send(signal.SIGKILL)
    await child.replaced(pid)


async def _end(child: Child) -> None:
    pid = child.pid
    child.send(signal.SIGTERM)
    await child.replaced(pid)


async def _freeze(child: Child, seconds: float) -> None:
    child.send(signal.SIGSTOP)
    await asyncio.sleep(seconds)
    child.send(signal.SIGCONT)


async def _cut(proxies: list[Proxy], seconds: float) -> None:
    for proxy in proxies:
        proxy.refuse(True)
        proxy.cut()
    await asyncio.sleep(seconds)
    for proxy in proxies:
        proxy.refuse(False)


async def _deaf(proxies: list[Proxy], seconds: float, *, cut: bool) -> None:
    for proxy in proxies:
        proxy.deafen()
    await asyncio.sleep(seconds)
    for proxy in proxies:
        if cut:
            proxy.cut()
        proxy.hear()

"""The faults: each a coroutine that brings it about, waits as long as it lasts, and heals it.

``FAULTS`` holds them by kind. Who is hit is drawn from the plan. A fault returns the clients that must come back for
it, with the moment from which their recovery counts.
"""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import asyncpg
import nats
import nats.errors

from tests.oracle.children import Child
from tests.oracle.clients import OracleClient
from tests.oracle.fleet import Fleet
from tests.oracle.ground import connect
from tests.oracle.plan import Fault
from tests.oracle.proxies import Proxy
from tests.servers import STOP_TIMEOUT


@dataclass(slots=True)
class Hit:
    """A fault that was carried out: its times, in monotonic seconds, and the clients whose link it ended."""

    kind: str
    began: float
    ended: float = 0.0
    victims: list[tuple[OracleClient, float]] = field(default_factory=list)


@dataclass(slots=True)
class World:
    """What faults act upon. ``collect`` reads the log to its end; ``dropped_until`` is where it begins."""

    fleet: Fleet
    clients: list[OracleClient]
    collect: Callable[[], Awaitable[int]]
    flood: Callable[[], Awaitable[None]]
    dropped_until: int = 0
    database_turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def on(self, gateway: Child) -> list[OracleClient]:
        """Return the clients that are registered with a gateway."""
        return [c for c in self.clients if c.link.is_registered and c.link.gateway.endswith(gateway.name)]


Draw = random.Random
Doing = Callable[[World, Fault, Draw, Hit], Awaitable[None]]


def _victims(world: World, gateway: Child, hit: Hit) -> None:
    now = time.monotonic()
    hit.victims += [(client, now) for client in world.on(gateway)]


async def _gateway_killed(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    gateway = draw.choice(world.fleet.gateways)
    _victims(world, gateway, hit)
    await _kill(gateway)


async def _gateway_drained(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    gateway = draw.choice(world.fleet.gateways)
    await _end(gateway)


async def _gateway_frozen(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    await _freeze(draw.choice(world.fleet.gateways), fault.seconds)


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


async def _database_crashed(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    """As ``pg_ctl stop -m immediate``: no checkpoint, recovery at the next start."""
    async with world.database_turn:
        server = world.fleet.server
        assert server.process is not None
        server.process.send_signal(signal.SIGQUIT)
        await asyncio.to_thread(server.process.wait, STOP_TIMEOUT)
        server.process = None
        await asyncio.sleep(fault.seconds / 2)
        await asyncio.to_thread(server.start)


async def _database_restarted(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    async with world.database_turn:
        await asyncio.to_thread(world.fleet.server.stop)
        await asyncio.sleep(fault.seconds / 2)
        await asyncio.to_thread(world.fleet.server.start)


async def _sessions_ended(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    async with world.database_turn:
        connection = await connect(world.fleet.url)
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'wasla pg-listener%'"
        )
        connection.terminate()


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
    gateway = draw.randrange(len(world.fleet.gateways))
    for _ in range(3):
        world.fleet.lossy.add(gateway)
        await asyncio.sleep(fault.seconds / 4)
        world.fleet.lossy.discard(gateway)
        await asyncio.sleep(fault.seconds / 4)


async def _gateway_overrun(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    """A gateway stands still under a flood, until its queue and the listeners' are full and messages are dropped."""
    gateway = draw.choice(world.fleet.gateways)
    gateway.send(signal.SIGSTOP)
    await world.flood()
    gateway.send(signal.SIGCONT)


async def _log_dropped(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    """Clients are away, events happen, the log forgets them, the clients come back."""
    away = draw.sample(world.clients, min(3, len(world.clients)))
    for client in away:
        await client.link.stop()
    await world.flood()
    async with world.database_turn:
        top = await world.collect()
        world.dropped_until = max(world.dropped_until, top - 50)
        connection = await connect(world.fleet.url)
        await connection.execute("DELETE FROM wasla.event_log WHERE seq <= $1", world.dropped_until)
        connection.terminate()
    for client in away:
        client.link.start()


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
    await world.flood()
    await asyncio.sleep(fault.seconds)
    client.link.unpause()


async def _interests_changed(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    for client in draw.sample(world.clients, min(4, len(world.clients))):
        await client.change()


async def _capture_blocked(world: World, fault: Fault, draw: Draw, hit: Hit) -> None:
    """Somebody locks the outbox: statements go on, their changes are not captured, readers are told to reload.

    What was captured right before is still to be numbered when the lock is gone.
    """
    await world.flood()
    async with world.database_turn:
        connection = await connect(world.fleet.url)
        try:
            async with connection.transaction():
                await connection.execute("LOCK TABLE wasla.outbox IN ACCESS EXCLUSIVE MODE")
                await asyncio.sleep(fault.seconds / 2)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            pass  # another fault ended the session, and the lock with it
        connection.terminate()


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
    "database crashed": _database_crashed,
    "database restarted": _database_restarted,
    "listeners' sessions ended": _sessions_ended,
    "clients' links cut": _clients_cut,
    "clients' links half-open": _clients_deaf,
    "link to the database cut": _database_link_cut,
    "link to the database half-open": _database_link_deaf,
    "bus cut": _bus_cut,
    "bus half-open": _bus_deaf,
    "bus messages lost": _bus_messages_lost,
    "gateway overrun": _gateway_overrun,
    "log dropped under clients that are away": _log_dropped,
    "clients away": _client_away,
    "client not reading": _client_not_reading,
    "interests changed": _interests_changed,
    "capture blocked": _capture_blocked,
}


NATS_FAULTS: Final[dict[str, Doing]] = {
    **{kind: fault for kind, fault in FAULTS.items() if kind != "bus messages lost"},
    "NATS killed": _nats_killed,
    "stream deleted": _stream_deleted,
    "stream purged": _stream_purged,
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

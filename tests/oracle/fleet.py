"""Everything that runs: a server, two listeners, three gateways, a monitor, and proxies between all of them.

```
clients --(direct, or through a proxy)--> gateways --(a proxy for each pair)--> listeners --(a proxy each)--> PostgreSQL
```

With the bus on NATS each gateway and each listener reaches the server through a proxy of its own.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from tests.nats_servers import NatsServer, nats_server
from tests.oracle.children import Child
from tests.oracle.proxies import Proxy
from tests.ports import free_ports
from tests.servers import Server

GATEWAYS: Final = 3
LISTENERS: Final = 2
PORTS: Final = 30

SETTINGS: Final = {
    "WASLA_LOG_FORMAT": "json",
    # Small memories, so that who was away a little is served from the log; small marks, so that they are reached.
    "WASLA_RING_MAX_EVENTS": "400",
    "WASLA_REPLAY_RING_MAX_EVENTS": "300",
    "WASLA_RECEIVE_HIGH_WATER_MARK": "4",
    "WASLA_BUS_HIGH_WATER_MARK": "4",
    "WASLA_BATCH_MAX_EVENTS": "200",
    "WASLA_DRAIN_TIMEOUT": "0.5",
    "WASLA_PING_INTERVAL": "2",
    "WASLA_PING_TIMEOUT": "3",
    "WASLA_STALLED_TIMEOUT": "6",
    "WASLA_MAINTAIN_INTERVAL": "5",
    # Everything runs on one machine: who gets no processor for seconds is not to be replaced.
    "WASLA_WATCHDOG_TIMEOUT": "30",
}


class Fleet:
    """The processes and the proxies; ``lossy`` are the gateways (by number) to whom bus messages are lost."""

    def __init__(self, server: Server, database: str, directory: Path, nats: NatsServer | None = None) -> None:
        self.server = server
        self.nats = nats
        self.url = server.url(database)
        self.directory = directory
        self.lossy: set[int] = set()
        self.gateway_port = free_ports(PORTS)
        self.client_proxies = [Proxy(self.gateway_port + 1 + n, self.gateway_port) for n in range(2)]
        listener_ports = [self.gateway_port + 4 + 2 * n for n in range(LISTENERS)]
        self.database_proxies = [Proxy(self.gateway_port + 8 + n, server.port) for n in range(LISTENERS)]
        self.bus_proxies: dict[tuple[int, int], list[Proxy]] = {}
        bus = {}
        for gateway in range(GATEWAYS):
            addresses = []
            for number, port in enumerate(listener_ports):
                first = self.gateway_port + 12 + 2 * (gateway * LISTENERS + number)
                self.bus_proxies[gateway, number] = [
                    Proxy(first, port, lose=lambda gateway=gateway: gateway in self.lossy),  # type: ignore[misc]
                    Proxy(first + 1, port + 1),
                ]
                addresses.append(f"tcp://127.0.0.1:{first}")
            bus[gateway] = ",".join(addresses)
        buses: dict[str, dict[str, str]] = {}
        if nats is not None:
            buses = self._over_nats(nats)
        common = {
            **SETTINGS,
            "WASLA_DATA_DIR": str(directory),
            "WASLA_HEARTBEAT_ADDRESS": f"ipc://{directory}/beats",
            "WASLA_PORT": str(self.gateway_port),
        }
        self.listeners = [
            self._child("pg-listener", n, {
                **common,
                "WASLA_DATABASE_URL": f"postgresql://postgres:{server.password}@127.0.0.1:{proxy.port}/{database}",
                "WASLA_BUS_BIND": f"tcp://127.0.0.1:{listener_ports[n]}",
                **buses.get(f"listener {n}", {}),
            })
            for n, proxy in enumerate(self.database_proxies)
        ]  # fmt: skip
        self.gateways = [
            self._child("gateway", n, {**common, "WASLA_BUS_CONNECT": bus[n], **buses.get(f"gateway {n}", {})})
            for n in range(GATEWAYS)
        ]  # fmt: skip
        monitored = ",".join(f"tcp://127.0.0.1:{port}" for port in listener_ports)
        self.monitor = self._child("monitor", 0, {
            **common,
            "WASLA_DATABASE_URL": self.url,
            "WASLA_BUS_CONNECT": monitored,
            "WASLA_STATUS_PORT": str(self.gateway_port + 28),
            **buses.get("monitor", {}),
        })  # fmt: skip

    @property
    def children(self) -> list[Child]:
        """Every process of the product."""
        return [*self.listeners, *self.gateways, self.monitor]

    @property
    def proxies(self) -> list[Proxy]:
        """Every proxy."""
        pairs = [proxy for pair in self.bus_proxies.values() for proxy in pair]
        return [*self.client_proxies, *self.database_proxies, *pairs]

    @property
    def addresses(self) -> list[str]:
        """Where clients may connect to."""
        ports = [self.gateway_port, *(proxy.port for proxy in self.client_proxies)]
        return [f"ws://127.0.0.1:{port}" for port in ports]

    def bus_of(self, gateway: int) -> list[Proxy]:
        """Return the proxies between a gateway and every listener."""
        return [proxy for (number, _), pair in self.bus_proxies.items() if number == gateway for proxy in pair]

    async def start(self) -> None:
        """Start everything; ready when the gateways accept is for the clients to find out."""
        for proxy in self.proxies:
            await proxy.start()
        for child in self.children:
            await child.start()

    async def stop(self) -> None:
        """End everything at once."""
        for child in self.children:
            await child.stop()
        for proxy in self.proxies:
            await proxy.close()

    @property
    def lost_on_bus(self) -> int:
        """Messages that the proxies of the bus let vanish."""
        return sum(proxy.lost for proxy in self.proxies)

    def complaints(self) -> list[str]:
        """Return what a process did that nobody asked of it: an end, an error that nobody had foreseen."""
        said = []
        for child in self.children:
            if child.unasked_ends:
                said.append(f"{child.name} ended by itself with {child.unasked_ends}")
            if "Traceback (most recent call last)" in child.log.read_text(encoding="utf-8", errors="replace"):
                said.append(f"{child.name} logged a traceback")
        return said

    def _over_nats(self, nats: NatsServer) -> dict[str, dict[str, str]]:
        """Put proxies before the server in place of those before the listeners; return everybody's variables."""
        self.bus_proxies.clear()
        found = {}
        for number in range(GATEWAYS + LISTENERS):
            proxy = Proxy(self.gateway_port + 12 + number, nats.port)
            self.bus_proxies[number, 0] = [proxy]
            name = f"gateway {number}" if number < GATEWAYS else f"listener {number - GATEWAYS}"
            found[name] = {"WASLA_BUS": f"nats://127.0.0.1:{proxy.port}", "WASLA_STREAM_MAX_BYTES": "2000000"}
        return {**found, "monitor": {"WASLA_BUS": nats.url}}

    def _child(self, role: str, number: int, environment: dict[str, str]) -> Child:
        name = f"{role}-{number:02d}"
        module = f"services.{role.replace('-', '_')}"
        return Child(name, module, {**environment, "SUPERVISOR_GROUP_NAME": role}, self.directory / f"{name}.log")


@contextlib.asynccontextmanager
async def running_fleet(server: Server, database: str, *, over_nats: bool = False) -> AsyncIterator[Fleet]:
    """Everything, for the length of the block."""
    with nats_server() if over_nats else contextlib.nullcontext() as nats:
        async with _running(server, database, nats) as fleet:
            yield fleet


@contextlib.asynccontextmanager
async def _running(server: Server, database: str, nats: NatsServer | None) -> AsyncIterator[Fleet]:
    with tempfile.TemporaryDirectory(prefix="oracle-", ignore_cleanup_errors=True) as name:
        fleet = Fleet(server, database, Path(name), nats)
        try:
            await fleet.start()
            yield fleet
        finally:
            await fleet.stop()

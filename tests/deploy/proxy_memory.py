"""Memory of a client in nginx and in HAProxy, with TLS at the proxy: idle, registered at a real gateway.

    python -m tests.deploy.proxy_memory [clients]

Resident memory of all the proxy's processes before and after, divided. The kernel's part is not in it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import psutil
from rich.console import Console

from tests.certificates import make_certificate
from tests.deploy.conftest import PROXIES
from tests.deploy.fronts import Front, Ports, running_front
from tests.e2e.clients import connected
from tests.e2e.fleet import running_fleet
from tests.ports import free_ports

AT_A_TIME = 20
console = Console(width=120)


def resident_bytes(front: Front) -> int:
    """Return what its processes hold together."""
    return sum(psutil.Process(pid).memory_info().rss for pid in {front.process.pid, *front.workers()})


async def measure(front: Front, clients: int) -> float:
    """Return bytes a client, once as many have made the proxy hold what it holds for nobody in particular."""
    async with AsyncExitStack() as stack:
        for _ in range(AT_A_TIME):
            await stack.enter_async_context(connected(front.url))
        before = resident_bytes(front)
        for _ in range(clients // AT_A_TIME):
            await asyncio.gather(*(stack.enter_async_context(connected(front.url)) for _ in range(AT_A_TIME)))
        return (resident_bytes(front) - before) / (clients // AT_A_TIME * AT_A_TIME)


def main(clients: int) -> None:
    """Measure both."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name, running_fleet(WASLA_POSITION_INTERVAL="3600") as fleet:
        place = Path(name)
        place.chmod(0o755)
        files = make_certificate(place)
        os.environ["SSL_CERT_FILE"] = str(files.cert)
        for at, proxy in enumerate(PROXIES):
            first = free_ports(2)
            machine, status = fleet.base_port, fleet.base_port + 1
            ports = Ports(machine, machine, status, first, first + 1, f"127.0.0.{2 + at}")
            with running_front(proxy, ports, files, place / proxy) as front:
                fleet.wait_for(f"{proxy} answers", front.is_up)
                size = asyncio.run(measure(front, clients))
                console.print(f"{proxy}: {size / 1024:.1f} KiB a client ({clients} clients)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)

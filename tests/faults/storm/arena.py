"""A listener and gateways as processes of their own, all on one port, and what they say of themselves.

The gateways have no supervisor: a test kills one and, where a supervisor would, starts another. Their heartbeats are
collected here, as the monitor collects them.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from shared.bus.heartbeats import HeartbeatReceiver
from shared.heartbeats import Heartbeat
from tests.ports import free_ports

ROOT = Path(__file__).resolve().parents[3]
DEADLINE = 90.0
"""Seconds after which something that should happen at once counts as not happening, on the slowest machine."""


class Arena:
    """Processes over one database; use :func:`arena`.

    ``directory`` is where their files are, ``max_lag`` the longest any gateway's loop was held.
    """

    def __init__(self, database_url: str, directory: Path, **variables: str) -> None:
        self.port = free_ports(1)
        self.directory = directory
        self.gateways: list[subprocess.Popen[bytes]] = []
        self.heartbeats: dict[int, Heartbeat] = {}
        self.max_lag: dict[int, float] = {}
        bus = f"ipc://{directory}/bus"
        self._receiver = HeartbeatReceiver(f"ipc://{directory}/heartbeats")
        self._environment = {
            **os.environ,
            "WASLA_DATABASE_URL": database_url,
            "WASLA_DATA_DIR": str(directory),
            "WASLA_PORT": str(self.port),
            "WASLA_BUS_BIND": bus,
            "WASLA_BUS_CONNECT": bus,
            "WASLA_HEARTBEAT_ADDRESS": f"ipc://{directory}/heartbeats",
            "WASLA_LOG_LEVEL": "WARNING",
            **variables,
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    async def start_listener(self) -> None:
        """Start the pg-listener and wait until it leads."""
        listener = self._start("services.pg_listener")
        self.listener_pid = listener.pid
        await self.until("the listener leads", lambda: self._state(listener.pid) == "leader")

    async def start_gateway(self) -> subprocess.Popen[bytes]:
        """Start a gateway on the common port and wait until it serves."""
        gateway = self._start("services.gateway")
        self.gateways.append(gateway)
        await self.until("the gateway serves", lambda: self._state(gateway.pid) == "serving")
        return gateway

    def kill(self, gateway: subprocess.Popen[bytes]) -> float:
        """Kill a gateway with SIGKILL; return when, in monotonic seconds."""
        self.gateways.remove(gateway)
        gateway.kill()
        return time.monotonic()

    def metric(self, name: str, pid: int, **labels: str) -> float:
        """Return a metric's value as its process last said it; 0 where it has not been counted yet."""
        text = self.heartbeats[pid].metrics.decode()
        wanted = ",".join(f'{key}="{value}"' for key, value in labels.items())
        found = re.search(rf"^{name}{re.escape('{' + wanted + '}') if wanted else ''} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    async def heard_anew(self, *pids: int) -> None:
        """Wait until each of these has said where it stands twice more: the second time, all of it is of now."""
        before = {pid: self.heartbeats[pid].sent_at for pid in pids}
        await self.until("heartbeats", lambda: all(self.heartbeats[pid].sent_at > before[pid] + 1.5 for pid in pids))

    async def until(self, what: str, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {DEADLINE:.0f} s: {what}")
            await asyncio.sleep(0.02)

    async def collect(self) -> None:
        """Take heartbeats, for ever."""
        while True:
            heartbeat = await self._receiver.receive()
            self.heartbeats[heartbeat.pid] = heartbeat
            self.max_lag[heartbeat.pid] = max(heartbeat.loop_lag, self.max_lag.get(heartbeat.pid, 0.0))

    async def close(self) -> None:
        """End every process."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            await asyncio.to_thread(process.wait)
        await self._receiver.close()

    def _start(self, module: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-m", module], cwd=ROOT, env=self._environment)
        self._processes.append(process)
        return process

    def _state(self, pid: int) -> str:
        return self.heartbeats[pid].state if pid in self.heartbeats else ""


@asynccontextmanager
async def arena(database_url: str, **variables: str) -> AsyncIterator[Arena]:
    """A listener that leads, without gateways yet; everything ends with the block."""
    with tempfile.TemporaryDirectory(prefix="wasla-") as name:
        running = Arena(database_url, Path(name), **variables)
        collecting = asyncio.create_task(running.collect())
        try:
            await running.start_listener()
            yield running
        finally:
            collecting.cancel()
            await running.close()

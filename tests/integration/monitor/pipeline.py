"""Listener, gateway and monitor as processes of their own, on a real database."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import ClientError, ClientSession

ROOT = Path(__file__).resolve().parents[3]
DEADLINE = 90.0


@dataclass
class Pipeline:
    """The processes by service, and the monitor's address."""

    url: str
    environment: dict[str, str]
    directory: Path
    session: ClientSession
    processes: dict[str, Process] = field(default_factory=dict)

    async def start(self, service: str) -> None:
        """Start ``python -m services.<service>``."""
        with (self.directory / f"{service}.log").open("ab") as log:
            self.processes[service] = await asyncio.create_subprocess_exec(
                sys.executable, "-m", f"services.{service}", cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )

    def signal(self, service: str, signum: int) -> None:
        """Send a signal to the service's process."""
        self.processes[service].send_signal(signum)

    async def readiness(self) -> tuple[int, dict[str, Any]]:
        """Return the answer of /readyz and the status, which is the newer of the two."""
        async with self.session.get(f"{self.url}/readyz") as answer:
            code = answer.status
        async with self.session.get(f"{self.url}/status.json") as answer:
            status: dict[str, Any] = await answer.json()
        return code, status

    async def until(self, code: int, holds: Callable[[dict[str, Any]], bool] = lambda status: True) -> dict[str, Any]:
        """Wait until /readyz answers with that code and the status holds."""
        last: tuple[int, dict[str, Any]] | None = None
        try:
            async with asyncio.timeout(DEADLINE):
                while True:
                    with suppress(OSError, ClientError):
                        last = await self.readiness()
                        if last[0] == code and holds(last[1]):
                            return last[1]
                    await asyncio.sleep(0.05)
        except TimeoutError:
            logs = "\n".join(path.read_text() for path in sorted(self.directory.glob("*.log")))
            raise AssertionError(f"never seen: {code}; last was {last}\n{logs}") from None

    async def close(self) -> None:
        """End whatever still runs, the frozen too."""
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


@asynccontextmanager
async def running_pipeline(database_url: str, ports: list[int], directory: Path) -> AsyncIterator[Pipeline]:
    """Run all three for the length of the block; ``ports`` are status, heartbeats and gateway."""
    status, heartbeats, gateway = ports
    with TemporaryDirectory(prefix="wasla-") as bus:  # a socket's path must be short
        environment = {
            **os.environ,
            "WASLA_DATABASE_URL": database_url,
            "WASLA_STATUS_PORT": str(status),
            "WASLA_HEARTBEAT_ADDRESS": f"tcp://127.0.0.1:{heartbeats}",
            "WASLA_PORT": str(gateway),
            "WASLA_BUS_BIND": f"ipc://{bus}/bus",
            "WASLA_BUS_CONNECT": f"ipc://{bus}/bus",
            "WASLA_PROBE_INTERVAL": "0.3",
        }
        async with ClientSession() as session:
            pipeline = Pipeline(f"http://127.0.0.1:{status}", environment, directory, session)
            try:
                for service in ("pg_listener", "gateway", "monitor"):
                    await pipeline.start(service)
                yield pipeline
            finally:
                await pipeline.close()

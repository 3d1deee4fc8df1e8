"""A real supervisord with a real monitor and a process that beats, in a directory of its own."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession

ROOT = Path(__file__).resolve().parents[3]
DEADLINE = 90.0

BEATING = """
import asyncio, sys
from prometheus_client import CollectorRegistry
from services.lifecycle import process_name
from shared.bus.heartbeats import HeartbeatSender, beat_heart

async def main():
    with HeartbeatSender(sys.argv[1]) as sender:
        await beat_heart(
            sender, process=process_name("gateway"), role="gateway", state=lambda: "serving",
            registry=CollectorRegistry(), interval=0.2,
        )

asyncio.run(main())
"""

CONFIGURATION = """
[unix_http_server]
file=%(here)s/rpc.sock
chmod=0700
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://%(here)s/rpc.sock
[supervisord]
nodaemon=true
pidfile=%(here)s/supervisord.pid
logfile=%(here)s/supervisord.log
childlogdir=%(here)s
[program:gateway]
command={python} {directory}/beating.py {heartbeats}
process_name=gateway-%(process_num)02d
numprocs=2
directory={root}
autorestart=true
startsecs=0
stdout_logfile=%(here)s/gateway.log
redirect_stderr=true
[program:broken]
command={python} -c "raise SystemExit(1)"
startretries=0
stdout_logfile=%(here)s/broken.log
redirect_stderr=true
[program:monitor]
command={python} -m services.monitor
directory={root}
autorestart=true
stdout_logfile=%(here)s/monitor.log
redirect_stderr=true
"""


@dataclass
class Supervised:
    """The running fleet, asked over HTTP."""

    url: str
    directory: Path
    session: ClientSession

    async def status(self) -> dict[str, Any]:
        """Return /status.json."""
        async with self.session.get(f"{self.url}/status.json") as answer:
            status: dict[str, Any] = await answer.json()
            return status

    async def control(self, *arguments: str) -> None:
        """Run supervisorctl."""
        command = ["-m", "supervisor.supervisorctl", "-c", str(self.directory / "supervisord.conf"), *arguments]
        process = await asyncio.create_subprocess_exec(sys.executable, *command)
        assert await process.wait() == 0

    async def until(self, what: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Ask for the status until it holds; fail with everything that was logged when it never does."""
        async with self._patience(what):
            while True:
                with suppress(OSError, ClientError):
                    status = await self.status()
                    if holds(status):
                        return status
                await asyncio.sleep(0.05)
        raise AssertionError("not reached")

    async def until_metrics(self, line: str) -> None:
        """Ask for the metrics until they hold that text."""
        async with self._patience(line):
            text = ""
            while line not in text:
                async with self.session.get(f"{self.url}/metrics") as answer:
                    text = await answer.text()
                await asyncio.sleep(0.05)

    @asynccontextmanager
    async def _patience(self, what: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(DEADLINE):
                yield
        except TimeoutError:
            logs = "\n".join(path.read_text() for path in sorted(self.directory.glob("*.log")))
            raise AssertionError(f"never seen: {what}\n{logs}") from None


@asynccontextmanager
async def supervised(ports: list[int], environment: Mapping[str, str]) -> AsyncIterator[Supervised]:
    """Run it for the length of the block; ``ports`` are for the status and the heartbeats."""
    status_port, heartbeat_port = ports
    heartbeats = f"tcp://127.0.0.1:{heartbeat_port}"
    with tempfile.TemporaryDirectory(prefix="wasla-") as name:
        directory = Path(name)
        (directory / "beating.py").write_text(BEATING)
        configuration = directory / "supervisord.conf"
        text = CONFIGURATION.format(python=sys.executable, directory=directory, heartbeats=heartbeats, root=ROOT)
        configuration.write_text(text)
        env = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "WASLA_HEARTBEAT_ADDRESS": heartbeats,
            "WASLA_STATUS_PORT": str(status_port),
            "WASLA_DATA_DIR": name,
            **environment,
        }
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration)]
        process = await asyncio.create_subprocess_exec(*command, env=env, stdout=DEVNULL, stderr=DEVNULL)
        try:
            async with ClientSession() as session:
                yield Supervised(f"http://127.0.0.1:{status_port}", directory, session)
        finally:
            process.terminate()
            await asyncio.wait_for(process.wait(), DEADLINE)

"""The product's processes, started again when they end, as supervisord would."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
RESTART_AFTER: Final = 0.2
"""Seconds between an end and the next start."""


class Child:
    """One process of the product: ``name`` as supervisord would call it, ``starts`` how often it was started."""

    def __init__(self, name: str, module: str, environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.starts = 0
        self.log = log
        self.unasked_ends: list[int] = []
        self._module = module
        self._environment = {**os.environ, **environment, "SUPERVISOR_PROCESS_NAME": name}
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._asked: set[int] = set()

    async def start(self) -> None:
        """Start it, and again whenever it ends."""
        await self._spawn()
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """End it for good."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._process is not None and self._process.returncode is None:
            self.send(signal.SIGCONT)
            self.send(signal.SIGKILL)
            await self._process.wait()

    @property
    def pid(self) -> int:
        """The present process; 0 while there is none."""
        return self._process.pid if self._process is not None and self._process.returncode is None else 0

    def send(self, signum: int) -> None:
        """Send a signal, if there is a process."""
        if pid := self.pid:
            self._asked.add(pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signum)

    async def replaced(self, pid: int) -> None:
        """Wait until another process than *pid* runs."""
        while self.pid in (0, pid):  # noqa: ASYNC110 - a process has no event
            await asyncio.sleep(0.02)

    async def _spawn(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self._module, cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        self.starts += 1

    async def _keep(self) -> None:
        while True:
            assert self._process is not None
            code = await self._process.wait()
            if self._process.pid not in self._asked:
                self.unasked_ends.append(code)
            await asyncio.sleep(RESTART_AFTER)
            await self._spawn()


def family(pid: int) -> list[int]:
    """Return a process and its children, which PostgreSQL's are."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *map(int, children)]

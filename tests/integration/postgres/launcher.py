"""``python -m services.postgres`` as supervisord starts it, in a directory that the server's account can reach."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from services.postgres.addresses import SETUP_PORT
from services.postgres.pid_file import PidFile

ROOT = Path(__file__).resolve().parents[3]
DEADLINE = 60.0


@dataclass(slots=True)
class Launcher:
    """A data directory below *root* and the processes started on it."""

    root: Path
    data_dir: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def state(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def data(self) -> Path:
        return self.state / "data"

    @property
    def url(self) -> str:
        return (self.state / "url").read_text(encoding="utf-8").strip()

    @property
    def log_file(self) -> Path:
        return self.root / "log"

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8")

    def start(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start the launcher; supervisord, too, makes each child the leader of a process group."""
        variables = {name: value for name, value in os.environ.items() if not name.startswith("WASLA_")}
        variables |= {"WASLA_DATA_DIR": str(self.data_dir), **environment}
        with self.log_file.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "services.postgres"],
                cwd=ROOT,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )
        self.processes.append(process)
        return process

    async def connect(self, process: subprocess.Popen[bytes]) -> asyncpg.Connection:
        """Connect to what *process* became, as soon as it accepts connections."""
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                return await asyncpg.connect(self.url)
            except (OSError, asyncpg.CannotConnectNowError):
                self.check(process, deadline)
            await asyncio.sleep(0.02)

    def wait_for(self, condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
        """Wait until *condition* holds while *process* runs."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            self.check(process, deadline)
            time.sleep(0.001)

    def check(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"the launcher ended with {process.returncode}:\n{self.log}")

    def program(self, process: subprocess.Popen[bytes], name: str) -> Path:
        """Return the program *name* of the installation that *process* runs from."""
        return Path(f"/proc/{process.pid}/exe").readlink().with_name(name)

    def stop(self, process: subprocess.Popen[bytes]) -> int:
        """Tell it to stop as supervisord does; return its exit code."""
        process.send_signal(signal.SIGINT)
        return process.wait(DEADLINE)

    def close(self) -> None:
        """End everything, temporary servers of killed launchers included."""
        for process in self.processes:
            if process.poll() is None:
                self.stop(process)
        orphan = PidFile.read(self.data)
        if orphan is not None and orphan.port == SETUP_PORT and orphan.is_alive:
            os.kill(orphan.pid, signal.SIGINT)

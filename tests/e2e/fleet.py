"""The whole product under the real supervisord, on ports of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_ports
from tests.supervised import DEADLINE, Supervised


@dataclass(slots=True)
class Fleet(Supervised):
    """One running product; use :func:`running_fleet`."""

    base_port: int

    @property
    def gateway_url(self) -> str:
        return f"{'ws' if self.tls is None else 'wss'}://127.0.0.1:{self.base_port}"

    @property
    def status_url(self) -> str:
        return f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self.base_port + 1}"

    @property
    def database_url(self) -> str:
        return (self.directory / ".wasla" / "postgres" / "url").read_text(encoding="utf-8").strip()

    def wait_until_ready(self) -> None:
        """Wait until every program of supervisord that should run does, and the monitor says that events arrive."""
        self.wait_for("every program runs", self._all_run)
        self.wait_for("/readyz says yes", self.is_ready)

    def pid(self, name: str) -> int:
        """Return the process number of a running process."""
        number: int = self.programs()[name]["pid"]
        return number

    def is_running_anew(self, name: str, former: int) -> bool:
        """Tell whether supervisord has started another process in the place of *former*."""
        info = self.programs()[name]
        return info["statename"] == "RUNNING" and info["pid"] != former

    def start_program(self, name: str) -> None:
        """Start ``group:name`` and wait until it runs."""
        with self.rpc() as rpc:
            rpc.supervisor.startProcess(name)

    def stop_program(self, name: str) -> None:
        """Stop ``group:name`` and wait for its end."""
        with self.rpc() as rpc:
            rpc.supervisor.stopProcess(name)

    def terminate(self) -> int:
        """Tell supervisord to end, as the system does; return its exit code."""
        assert self.supervisord is not None
        self.supervisord.send_signal(signal.SIGTERM)
        return self.supervisord.wait(DEADLINE)

    def processes(self) -> list[int]:
        """Return every living process that works in this fleet's directory: none is missed, none is a stranger."""
        return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if self._works_here(entry)]

    def close(self) -> None:
        """End everything that is left."""
        if self.supervisord is not None and self.supervisord.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.terminate()
        for signum in (signal.SIGCONT, signal.SIGINT, signal.SIGKILL):
            self._signal_all(signum)

    def _signal_all(self, signum: signal.Signals) -> None:
        deadline = time.monotonic() + 5.0
        left = self.processes()
        for number in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signum)
        while signum != signal.SIGCONT and self.processes() and time.monotonic() < deadline:
            time.sleep(0.05)

    def _works_here(self, entry: Path) -> bool:
        try:
            return (entry / "cwd").readlink().is_relative_to(self.directory)
        except OSError:
            return False

    def _all_run(self) -> bool:
        assert self.supervisord is not None
        if self.supervisord.poll() is not None:
            raise AssertionError(f"supervisord ended with {self.supervisord.returncode}")
        try:
            infos = self.programs()
        except OSError:
            return False
        return all(info["statename"] == self._good_state(info["group"]) for info in infos.values())

    def _good_state(self, group: str) -> str:
        if group == "postgres" and "WASLA_DATABASE_URL" in self.variables:
            return "EXITED"
        return "STOPPED" if group == "gateway-extra" else "RUNNING"


@contextmanager
def running_fleet(**variables: str) -> Iterator[Fleet]:
    """Start a fleet with these further variables, wait until it serves, end it."""
    with tempfile.TemporaryDirectory(prefix="wasla-e2e-", dir="/tmp", ignore_cleanup_errors=True) as name:
        base = free_ports(5)
        ports = {
            "WASLA_PORT": str(base),
            "WASLA_STATUS_PORT": str(base + 1),
            "WASLA_BUS_BIND": f"tcp://127.0.0.1:{base + 2}",
            "WASLA_BUS_CONNECT": f"tcp://127.0.0.1:{base + 2}",
            "WASLA_HEARTBEAT_ADDRESS": f"tcp://127.0.0.1:{base + 4}",
        }
        fleet = Fleet(Path(name), ports | variables, base)
        fleet.lay_out()
        try:
            fleet.start()
            fleet.wait_until_ready()
            yield fleet
        except BaseException:
            sys.stdout.write(fleet.log)
            raise
        finally:
            fleet.close()

"""The whole product under the real supervisord, on ports of its own, in a directory of its own.

The directory links to the project's sources and holds a copy of ``supervisord.conf``, which is used as it is: what
differs from a plain ``supervisord -c supervisord.conf`` is said in ``WASLA_*`` variables. It lies directly below /tmp,
where PostgreSQL's account can go when the tests run as root.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xmlrpc.client import ServerProxy

from supervisor.xmlrpc import SupervisorTransport

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 90.0
"""Seconds after which something that should happen at once counts as not happening, on the slowest machine."""

LINKED = ("clients", "services", "shared", "sql")
PORTS = range(20_000, 30_000)
"""Below the range that outgoing connections are given ports from."""


@dataclass(slots=True)
class Fleet:
    """One running product; use :func:`running_fleet`."""

    directory: Path
    base_port: int
    variables: Mapping[str, str]
    supervisord: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("WASLA_")}
        return inherited | {
            "PATH": f"{Path(sys.executable).parent}:{inherited['PATH']}",
            "WASLA_PORT": str(self.base_port),
            "WASLA_STATUS_PORT": str(self.base_port + 1),
            "WASLA_BUS_BIND": f"tcp://127.0.0.1:{self.base_port + 2}",
            "WASLA_BUS_CONNECT": f"tcp://127.0.0.1:{self.base_port + 2}",
            "WASLA_HEARTBEAT_ADDRESS": f"tcp://127.0.0.1:{self.base_port + 4}",
            "WASLA_LOG_FORMAT": "console",
            **self.variables,
        }

    @property
    def gateway_url(self) -> str:
        return f"{'ws' if self.tls is None else 'wss'}://127.0.0.1:{self.base_port}"

    @property
    def status_url(self) -> str:
        return f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self.base_port + 1}"

    @property
    def tls(self) -> ssl.SSLContext | None:
        """What trusts the certificate that the fleet was given, None where it speaks no TLS."""
        certificate = self.variables.get("WASLA_TLS_CERT")
        return None if certificate is None else ssl.create_default_context(cafile=certificate)

    @property
    def database_url(self) -> str:
        return (self.directory / ".wasla" / "postgres" / "url").read_text(encoding="utf-8").strip()

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        """Start supervisord; :meth:`wait_until_ready` says when everything serves."""
        with (self.directory / "log").open("ab") as log:
            self.supervisord = subprocess.Popen(
                [Path(sys.executable).with_name("supervisord"), "-c", "supervisord.conf"],
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait_until_ready(self) -> None:
        """Wait until every program of supervisord that should run does, and the monitor says that events arrive."""
        self.wait_for("every program runs", self._all_run)
        self.wait_for("/readyz says yes", self._is_ready)

    def wait_for(self, what: str, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {DEADLINE:.0f} s: {what}")
            time.sleep(0.05)

    def status(self) -> dict[str, Any]:
        """Return what the monitor says of everything."""
        return self._ask("/status.json")[1]

    def programs(self) -> dict[str, dict[str, Any]]:
        """Return what supervisord says of each process, by its name."""
        with self._rpc() as rpc:
            return {info["name"]: info for info in rpc.supervisor.getAllProcessInfo()}

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
        with self._rpc() as rpc:
            rpc.supervisor.startProcess(name)

    def stop_program(self, name: str) -> None:
        """Stop ``group:name`` and wait for its end."""
        with self._rpc() as rpc:
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

    def _is_ready(self) -> bool:
        try:
            code, answer = self._ask("/readyz")
        except OSError:
            return False
        return code == http.client.OK and bool(answer["ready"])

    def _ask(self, path: str) -> tuple[int, dict[str, Any]]:
        connection = self._status_connection()
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def _status_connection(self) -> http.client.HTTPConnection:
        if self.tls is None:
            return http.client.HTTPConnection("127.0.0.1", self.base_port + 1, timeout=DEADLINE)
        return http.client.HTTPSConnection("127.0.0.1", self.base_port + 1, timeout=DEADLINE, context=self.tls)

    @contextmanager
    def _rpc(self) -> Iterator[ServerProxy]:
        transport = SupervisorTransport(serverurl=f"unix://{self.directory}/.wasla/supervisor.sock")
        try:
            yield ServerProxy("http://127.0.0.1", transport)
        finally:
            transport.close()


@contextmanager
def running_fleet(**variables: str) -> Iterator[Fleet]:
    """Start a fleet with these further variables, wait until it serves, end it."""
    with tempfile.TemporaryDirectory(prefix="wasla-e2e-", dir="/tmp", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)
        for part in LINKED:
            (directory / part).symlink_to(ROOT / part)
        shutil.copy(ROOT / "supervisord.conf", directory)
        (directory / ".wasla").mkdir()
        fleet = Fleet(directory, _free_ports(5), variables)
        try:
            fleet.start()
            fleet.wait_until_ready()
            yield fleet
        except BaseException:
            sys.stdout.write(fleet.log)
            raise
        finally:
            fleet.close()


def _free_ports(count: int) -> int:
    """Return the first of *count* ports in a row that nobody has."""
    while True:
        base = random.choice(PORTS)
        with contextlib.ExitStack() as stack:
            try:
                for port in range(base, base + count):
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return base

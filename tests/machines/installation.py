"""The product on machines of a test network: PostgreSQL on one, the real supervisord.conf on others.

Each installation has a directory of its own, which links to the project's sources, and the three variables and the two
key files that ``docs/failover.md`` asks for; nothing else is configured.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from xmlrpc.client import ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from shared.access.client_key import write_client_key
from shared.bus.keys import write_key
from tests.machines.network import Machine, Network
from tests.servers import SETTINGS, VERSIONS, Server, require_binaries

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 120.0
"""Seconds after which something that should happen at once counts as not happening, on the slowest machine."""

LINKED = ("clients", "services", "shared", "sql")
PORT = 8765
STATUS_PORT = 8766


def wait_for(what: str, condition: Callable[[], bool], *, timeout: float = DEADLINE) -> None:
    """Wait until *condition* holds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout:.0f} s: {what}"
        time.sleep(0.02)


@dataclass(slots=True)
class Installation:
    """One ``supervisord -c supervisord.conf`` on one machine; ``directory`` is its project."""

    machine: Machine
    directory: Path
    variables: Mapping[str, str]
    supervisord: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What an operator's shell holds."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("WASLA_")}
        path = f"{Path(sys.executable).parent}:{inherited['PATH']}"
        return {**inherited, "PATH": path, "WASLA_LOG_FORMAT": "console", **self.variables}

    @property
    def url(self) -> str:
        """Where clients connect to."""
        return f"ws://{self.machine.address}:{PORT}"

    @property
    def log(self) -> str:
        """Everything its processes wrote."""
        return (self.directory / "log").read_text(encoding="utf-8", errors="replace")

    @property
    def client_key(self) -> str:
        """What clients present."""
        return (self.directory / ".wasla" / "client.key").read_text().strip()

    def prepare(self, *keys: Path) -> None:
        """Lay out the project, with copies of these keys."""
        self.directory.mkdir()
        self.directory.chmod(0o755)
        for part in LINKED:
            (self.directory / part).symlink_to(ROOT / part)
        shutil.copy(ROOT / "supervisord.conf", self.directory)
        (self.directory / ".wasla").mkdir()
        for key in keys:
            shutil.copy(key, self.directory / ".wasla")

    def start(self) -> None:
        """Start supervisord; :meth:`wait_until_ready` says when everything serves."""
        with (self.directory / "log").open("ab") as log:
            self.supervisord = subprocess.Popen(
                self.machine.command(Path(sys.executable).with_name("supervisord"), "-c", "supervisord.conf"),
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait_until_ready(self) -> None:
        """Wait until the monitor says that changes arrive."""
        wait_for(f"/readyz on {self.machine.name} says yes", lambda: self.status().get("ready") is True)

    def wait_for_log(self, text: str, *, times: int = 1) -> None:
        """Wait until the processes have written *text*."""
        wait_for(f"{self.machine.name} logs {text!r}", lambda: self.log.count(text) >= times)

    def status(self) -> dict[str, Any]:
        """Return what the machine's monitor says; empty while it does not answer."""
        with self.machine.entered():
            connection = http.client.HTTPConnection("127.0.0.1", STATUS_PORT, timeout=DEADLINE)
            try:
                connection.request("GET", "/status.json")
                answer: dict[str, Any] = json.loads(connection.getresponse().read())
            except (OSError, http.client.HTTPException):
                return {}
            finally:
                connection.close()
        return answer

    def programs(self) -> dict[str, dict[str, Any]]:
        """Return what supervisord says of each process, by its name."""
        transport = SupervisorTransport(serverurl=f"unix://{self.directory}/.wasla/supervisor.sock")
        try:
            infos: Any = ServerProxy("http://127.0.0.1", transport).supervisor.getAllProcessInfo()
        finally:
            transport.close()
        return {info["name"]: info for info in infos}

    def wasla(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command line on the machine, as its operator does."""
        command = self.machine.command(Path(sys.executable).with_name("wasla"), *words)
        return subprocess.run(
            command, cwd=self.directory, env=self.environment, text=True, capture_output=True, check=False
        )

    def power_off(self) -> None:
        """Lose the machine."""
        self.machine.power_off()
        if self.supervisord is not None:
            self.supervisord.wait(DEADLINE)

    def end(self) -> None:
        """End every process, and leave the machine on and plugged in."""
        if not self.machine.is_on:
            self.machine.power_on()
        self.machine.plug()
        self.machine.end_processes()
        if self.supervisord is not None:
            self.supervisord.wait(DEADLINE)

    def power_on(self) -> None:
        """Boot the machine: its disk is as it was."""
        self.machine.power_on()
        self.start()


@dataclass(slots=True)
class RemoteServer(Server):
    """A PostgreSQL that listens on its machine's address, too; the unix socket is within reach of every machine."""

    machine: Machine | None = field(default=None, kw_only=True)

    def network_url(self, database: str) -> str:
        """Return the URL of *database* for other machines."""
        assert self.machine is not None
        return f"postgresql://postgres:{self.password}@{self.machine.address}:{self.port}/{database}"

    def _spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        assert self.machine is not None
        settings = {
            **self.settings,
            "port": str(self.port),
            "listen_addresses": self.machine.address,
            "unix_socket_directories": str(self.directory),
        }
        arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        as_postgres = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
        command = (*as_postgres, self.binaries / "postgres", "-D", self.directory / "data", *arguments)
        return subprocess.Popen(self.machine.command(*command), stdout=log, stderr=log, cwd="/", start_new_session=True)


@contextmanager
def running_server(machine: Machine) -> Iterator[RemoteServer]:
    """The newest PostgreSQL on that machine, for the length of the block."""
    version = VERSIONS[-1]
    root = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="wasla-pg-", dir=root, ignore_cleanup_errors=True) as name:
        directory = Path(name)
        shutil.chown(directory, "postgres", "postgres")
        server = RemoteServer(version, require_binaries(version), directory, SETTINGS, port=5432, machine=machine)
        server.initialise()
        with (directory / "data" / "pg_hba.conf").open("a") as rules:
            rules.write("host all all samenet scram-sha-256\n")
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def installations(
    net: Network, database_url: str, *names: str, key: bool = True, **further: str
) -> Iterator[dict[str, Installation]]:
    """The product laid out, not started, on these machines of the network; the same configuration on each.

    ``key`` False leaves out the bus key.
    """
    addresses = [net.machines[name].address for name in names]
    variables = {
        "WASLA_DATABASE_URL": database_url,
        "WASLA_BUS_CONNECT": ",".join(f"tcp://{address}:8767" for address in addresses),
        "WASLA_HOST": "0.0.0.0",
        **further,
    }
    with tempfile.TemporaryDirectory(prefix="wasla-machines-", dir="/tmp", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o755)
        secret, presented = Path(directory) / "bus.key", Path(directory) / "client.key"
        write_key(secret)
        write_client_key(presented)
        made = {}
        for name in names:
            made[name] = Installation(net.machines[name], Path(directory) / name, variables)
            made[name].prepare(presented, *([secret] if key else []))
        try:
            yield made
        except BaseException:
            for name, installation in made.items():
                with contextlib.suppress(OSError):
                    sys.stdout.write(f"--- {name}\n{installation.log}\n")
            raise
        finally:
            for installation in made.values():
                installation.end()

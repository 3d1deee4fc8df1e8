"""The product on machines of a test network: PostgreSQL on one, the real supervisord.conf on others.

Each installation has a directory of its own, which links to the project's sources, and the three variables and the two
key files that ``docs/failover.md`` asks for; nothing else is configured.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from shared.access.client_key import write_client_key
from shared.bus.keys import write_key
from tests.machines.network import Machine, Network
from tests.servers import SETTINGS, VERSIONS, Server, memory, require_binaries, server_directory
from tests.supervised import DEADLINE, Supervised

PORT = 8765
STATUS_PORT = 8766


@dataclass(slots=True)
class Installation(Supervised):
    """One ``supervisord -c supervisord.conf`` on one machine; ``directory`` is its project."""

    machine: Machine

    @property
    def url(self) -> str:
        """Where clients connect to."""
        return f"ws://{self.machine.address}:{PORT}"

    @property
    def client_key(self) -> str:
        """What clients present."""
        return (self.directory / ".wasla" / "client.key").read_text().strip()

    def prepare(self, *keys: Path) -> None:
        """Lay out the project, with copies of these keys."""
        self.lay_out()
        for key in keys:
            shutil.copy(key, self.directory / ".wasla")

    def command(self, *words: str | Path) -> list[str]:
        """Return the command line that runs *words* on the machine."""
        return self.machine.command(*words)

    def wait_until_ready(self) -> None:
        """Wait until the monitor says that changes arrive."""
        self.wait_for(f"/readyz on {self.machine.name} says yes", self.is_ready)

    def wait_for_log(self, text: str, *, times: int = 1) -> None:
        """Wait until the processes have written *text*."""
        self.wait_for(f"{self.machine.name} logs {text!r}", lambda: self.log.count(text) >= times)

    def _entered(self) -> AbstractContextManager[None]:
        return self.machine.entered()

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
    with server_directory(memory()) as directory:
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
            made[name] = Installation(Path(directory) / name, variables, net.machines[name])
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

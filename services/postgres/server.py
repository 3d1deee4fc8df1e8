"""The server: a temporary one to prepare the database with, and the one that takes this process's place.

Both listen on the same private socket directory, the temporary one under a port number of its own, so that nobody
connects before the database is ready. SIGINT is PostgreSQL's fast shutdown
(https://www.postgresql.org/docs/current/server-shutdown.html).
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, NoReturn

from services.postgres.account import Account
from services.postgres.addresses import SETUP_PORT
from services.postgres.binaries import Binaries
from services.postgres.complaints import sentence
from services.postgres.pid_file import PidFile
from shared.errors import DatabaseRefused

POLL_INTERVAL = 0.02
STOP_TIMEOUT = 60.0


def command(binaries: Binaries, data: Path, options: Mapping[str, str]) -> list[str]:
    """Return the server's command line with these settings, which go before those of postgresql.conf."""
    words = [str(binaries / "postgres"), "-D", str(data)]
    for name, value in options.items():
        words += ["-c", f"{name}={value}"]
    return words


def options(socket_directory: Path, *, port: int, listen_addresses: str = "") -> dict[str, str]:
    """Return the settings that decide who can connect."""
    return {
        "unix_socket_directories": str(socket_directory),
        "unix_socket_permissions": "0700",
        "listen_addresses": listen_addresses,
        "port": str(port),
    }


@asynccontextmanager
async def temporary_server(
    binaries: Binaries, data: Path, account: Account, *, socket_directory: Path, lock: int
) -> AsyncIterator[None]:
    """Run a server on the socket of :data:`SETUP_PORT` for the length of the block, ended even when cancelled."""
    words = command(binaries, data, options(socket_directory, port=SETUP_PORT))
    with tempfile.TemporaryFile() as output:
        # uvloop's own subprocesses cannot change the user; starting one blocks for a millisecond.
        process = subprocess.Popen(  # noqa: ASYNC220, S603
            words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=(lock,), **account.process_options()
        )
        try:
            await _until_ready(process, data, output)
            yield
        finally:
            _stop(process)


def become_server(words: list[str], account: Account) -> NoReturn:
    """Replace this process by the server; open inheritable descriptors, the lock among them, stay open."""
    os.chdir("/")
    os.umask(0o077)
    account.become()
    os.execv(words[0], words)  # noqa: S606 - that there is no shell is the point


def check_port(addresses: str, port: int) -> None:
    """Raise DatabaseRefused where somebody else listens on one of the TCP addresses asked for."""
    for address in filter(None, (part.strip() for part in addresses.split(","))):
        host = {"*": "", "0.0.0.0": ""}.get(address, address)  # noqa: S104 - the operator asked for it
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise DatabaseRefused(
                    f"WASLA_POSTGRES_LISTEN_ADDRESSES: {address} port {port} cannot be used ({error.strerror}); "
                    "stop what listens there, or set WASLA_POSTGRES_PORT to another port"
                ) from None


async def _until_ready(process: subprocess.Popen[bytes], data: Path, output: IO[bytes]) -> None:
    """Wait until the server says so in its pid file; recovery after a crash may take its time."""
    while True:
        status = PidFile.read(data)
        if status is not None and status.pid == process.pid and status.is_ready:
            return
        if process.poll() is not None:
            output.seek(0)
            raise DatabaseRefused(sentence("PostgreSQL", output.read().decode(errors="replace"), data))
        await asyncio.sleep(POLL_INTERVAL)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)  # at once; the next start recovers from the log
        process.wait()

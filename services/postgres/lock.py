"""One launcher or server at a time on a data directory.

The lock is flock(2) on a file: it belongs to the open descriptor, which every program started by the launcher
inherits, and the server too through ``exec``. So it is held exactly as long as one of them lives, whatever was
killed. A process number that was given to somebody else after a crash cannot be mistaken for a server, as it can by
PostgreSQL's own lock file in a container, where the numbers are the same at each start.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import signal
import time
from pathlib import Path

import structlog

from services.postgres import pid_file
from services.postgres.addresses import SETUP_PORT
from services.postgres.pid_file import PidFile
from shared.errors import DatabaseRefused

WAIT_TIMEOUT = 30.0
"""Seconds for the remains of a killed launcher or server to end."""
POLL_INTERVAL = 0.05

log = structlog.get_logger(__name__)


async def take_lock(path: Path, data: Path, *, timeout: float = WAIT_TIMEOUT) -> int:
    """Return the inheritable descriptor that holds the lock of the cluster in *data*.

    A temporary server that outlived its launcher is told to stop, and waited for. DatabaseRefused when a server
    holds the lock, or somebody else does for more than *timeout* seconds. Cancelled, it holds nothing.
    """
    descriptor = _open(path)
    try:
        await _wait(descriptor, data, time.monotonic() + timeout)
        _clear(data)
    except BaseException:
        os.close(descriptor)
        raise
    os.set_inheritable(descriptor, True)
    return descriptor


def _open(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    directory = path.parent.stat()
    os.fchown(descriptor, directory.st_uid, directory.st_gid)
    return descriptor


async def _wait(descriptor: int, data: Path, deadline: float) -> None:
    told: set[int] = set()
    while not _try_lock(descriptor):
        holder = PidFile.read(data)
        if holder is not None and holder.is_alive:
            if holder.port == SETUP_PORT:
                _end_orphan(holder.pid, told)
            elif holder.is_ready:
                raise DatabaseRefused(_in_use(data, holder))
        if time.monotonic() > deadline:
            raise DatabaseRefused(_in_use(data, holder))
        await asyncio.sleep(POLL_INTERVAL)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EAGAIN, errno.EACCES}:
            return False
        raise
    return True


def _end_orphan(pid: int, told: set[int]) -> None:
    if pid not in told:
        log.info("ending a temporary server whose launcher was killed", pid=pid)
        told.add(pid)
        os.kill(pid, signal.SIGINT)


def _clear(data: Path) -> None:
    """Remove the lock file of a server that is gone; refuse where one was started by other means than ours."""
    holder = PidFile.read(data)
    if holder is not None and holder.is_alive and holder.answers():
        raise DatabaseRefused(_in_use(data, holder))
    (data / pid_file.NAME).unlink(missing_ok=True)


def _in_use(data: Path, holder: PidFile | None) -> str:
    by = f"process {holder.pid}" if holder is not None and holder.is_alive else "another launcher"
    return (
        f"{data} is in use by {by}: expected nobody else there; "
        "stop the other, or set WASLA_DATA_DIR to another directory"
    )

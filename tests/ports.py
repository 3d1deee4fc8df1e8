"""Ports for the processes that tests start, from a block that no other test run on this machine draws from."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

BLOCK = 1200
BLOCKS = range(20_000, 32_000, BLOCK)
"""Below the range that outgoing connections are given ports from."""

_given = 0


def free_ports(count: int) -> int:
    """Return the first of *count* ports in a row that nobody has; the same ones come again when all had their turn."""
    while True:
        first = _own_block() + _take(count)
        if all(map(_is_free, range(first, first + count))):
            return first


def _take(count: int) -> int:
    """Return the place in the block of the next *count* ports."""
    global _given  # noqa: PLW0603 - what was given is the process's, as the block is
    start = _given if _given + count <= BLOCK else 0
    _given = start + count
    return start


@cache
def _own_block() -> int:
    """Return a block's first port; it is ours until this process ends."""
    return next(_unlocked())


def _unlocked() -> Iterator[int]:
    directory = Path(tempfile.gettempdir()) / f"wasla-test-ports-{os.getuid()}"
    directory.mkdir(exist_ok=True)
    for block in BLOCKS:
        descriptor = os.open(directory / str(block), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
        else:
            yield block
    raise RuntimeError("expected fewer test runs at a time on this machine: every block of ports is taken")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

"""What the oracle's writers, clients and judges stand on: a running product over one database."""

from __future__ import annotations

import asyncio
from typing import Protocol

import asyncpg


class Ground(Protocol):
    """``url`` leads the harness to the database past every fault, ``addresses`` the clients to the gateways."""

    @property
    def url(self) -> str: ...

    @property
    def addresses(self) -> list[str]: ...

    @property
    def lost_on_bus(self) -> int:
        """Messages of the bus that were dropped on purpose."""

    def complaints(self) -> list[str]:
        """Return what a process did that nobody asked of it."""


async def connect(url: str) -> asyncpg.Connection:
    """Open a session for the harness, as soon as the server takes one."""
    async with asyncio.timeout(60.0):
        while True:
            try:
                return await asyncpg.connect(url, timeout=5.0)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await asyncio.sleep(0.05)

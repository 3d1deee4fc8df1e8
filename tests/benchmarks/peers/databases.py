"""The ways from a table to the clients: ours, and LISTEN as people write it in Node.js and in Python."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.children import child, free_port
from tests.benchmarks.load.generator import Approach
from tests.benchmarks.peers.contract import INSTALL_PEERS
from tests.benchmarks.peers.installed import NODE, NODE_PEERS, has_node_module
from tests.benchmarks.peers.ours import register
from tests.benchmarks.peers.programs import always
from tests.benchmarks.running import ROOT, pipeline

TABLE = """
CREATE TABLE sold (
    id bigserial PRIMARY KEY,
    seats int,
    note text,
    at bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint
)
"""
TRIGGER = """
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('sold_events', row_to_json(NEW)::text);
    RETURN NULL;
END $$;
CREATE TRIGGER tell AFTER INSERT ON sold FOR EACH ROW EXECUTE FUNCTION tell();
"""
WATCH = "SELECT wasla.watch('sold', channel => 'sold_events')"


@dataclass(frozen=True, slots=True)
class Open:
    """Clients may come in at *port*."""

    port: int
    approach: Approach
    peak_memory: Callable[[], dict[str, int]] = dict


@dataclass(frozen=True, slots=True)
class Listening:
    """A program that takes a database's URL and a port; ``arrangement`` is the SQL that makes the table tell."""

    name: str
    command: Sequence[str | Path]
    is_installed: Callable[[], bool]
    arrangement: str = TRIGGER

    def missing(self) -> str | None:
        """The peers of Node.js come with the others."""
        return None if self.is_installed() else f"install it: {INSTALL_PEERS}"

    @contextlib.asynccontextmanager
    async def running(self, url: str, directory: Path) -> AsyncIterator[Open]:
        """Run it until the block ends."""
        port = free_port()
        with child([*self.command, url, str(port)], directory, environment={"PYTHONPATH": str(ROOT)}) as process:
            await asyncio.to_thread(process.wait_for_port, port)
            yield Open(port, Approach())


@dataclass(frozen=True, slots=True)
class Ours:
    """The real pg-listener and a real gateway."""

    name: str = "wasla"
    arrangement: str = WATCH

    def missing(self) -> str | None:
        """It is always there."""
        return None

    @contextlib.asynccontextmanager
    async def running(self, url: str, directory: Path) -> AsyncIterator[Open]:
        """Run both until the block ends; a client is in once the database is reported up."""
        del directory
        with pipeline(url) as processes:
            approach = Approach(greetings=[register()], ready='"database":"up"')
            yield Open(processes.port, approach, processes.peak_memory)


@dataclass(frozen=True, slots=True)
class Nobody:
    """Writers alone, without a trigger: what the others are measured against."""

    name: str = "no trigger"
    arrangement: str = ""

    def missing(self) -> str | None:
        """It needs nothing."""
        return None


OURS = Ours()
PATHS: tuple[Ours | Listening, ...] = (
    OURS,
    Listening("ws + pg LISTEN", [NODE, NODE_PEERS / "listen_server.js"], lambda: has_node_module("pg")),
    Listening("asyncpg LISTEN + websockets", [sys.executable, Path(__file__).parent / "listen_server.py"], always),
)

"""What faults act upon, and what is kept of each that was carried out."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.oracle.children import Child
from tests.oracle.clients import OracleClient
from tests.oracle.fleet import Fleet
from tests.oracle.plan import Fault


@dataclass(slots=True)
class Hit:
    """A fault that was carried out: its times, in monotonic seconds, and the clients whose link it ended."""

    kind: str
    began: float
    ended: float = 0.0
    victims: list[tuple[OracleClient, float]] = field(default_factory=list)


@dataclass(slots=True)
class World:
    """The product, its clients, and what the harness does for a fault.

    ``collect`` reads the log to its end; ``dropped_until`` is where it begins. ``flood`` commits that many large
    transactions, however often it has to try. Who has ``database_turn`` may count on a database that answers.
    """

    fleet: Fleet
    clients: list[OracleClient]
    collect: Callable[[], Awaitable[int]]
    flood: Callable[[int], Awaitable[None]]
    dropped_until: int = 0
    dropped_partitions: int = 0
    database_turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def on(self, gateway: Child) -> list[OracleClient]:
        """Return the clients that are registered with a gateway."""
        return [c for c in self.clients if c.link.is_registered and c.link.gateway.endswith(gateway.name)]


Draw = random.Random
Doing = Callable[[World, Fault, Draw, Hit], Awaitable[None]]

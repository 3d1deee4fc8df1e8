"""What a server that is measured has to be able to do: start on a core, be fed, and take clients."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.benchmarks.children import Child
from tests.benchmarks.load.generator import Approach
from tests.benchmarks.payloads import Message

INSTALL_PEERS = "./bench --install-peers"


class Feed(Protocol):
    """How events get into a server. Order of use: ``open`` when all clients take part, ``send``, ``close``."""

    async def open(self) -> None:
        """Connect."""

    async def send(self, messages: Sequence[Message]) -> None:
        """Hand over events that happened together."""

    async def close(self) -> None:
        """Let go. Idempotent."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server runs and for how many clients; ``core`` None leaves the choice to the system."""

    directory: Path
    clients: int
    core: int | None


@dataclass(frozen=True, slots=True)
class Running:
    """A server that takes clients at *port*."""

    child: Child
    port: int
    approach: Approach
    feed: Feed


class Peer(Protocol):
    """A server under its name in the figures."""

    @property
    def name(self) -> str:
        """The name in tables and figures."""

    def missing(self) -> str | None:
        """Return the sentence that says how to get what is missing; None where nothing is."""

    def running(self, place: Place) -> AbstractAsyncContextManager[Running]:
        """Run the server until the block ends."""

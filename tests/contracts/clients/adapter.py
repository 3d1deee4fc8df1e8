"""What the scenarios need of a client, whatever it is written in.

An adapter makes clients that reconnect within a fraction of a second: scenarios wait for what happens, but nobody wants
to wait long. How long a link may be silent is said by the gateway, and by ``hasty`` to clients that do not ask it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

Message = dict[str, Any]


class ClientLink(Protocol):
    """One running client. Each method waits for the next thing of its kind, for as long as the scenario lets it."""

    async def event(self) -> Message:
        """Return the data of the next ``realtime_event`` handed to the application."""

    async def resync(self) -> Message:
        """Return the data of the next ``resync`` handed to the application."""

    async def gave_up(self) -> int:
        """Return the close code after which the client does not reconnect by itself."""

    async def close(self) -> None:
        """End it."""


class ClientAdapter(Protocol):
    """Makes clients of one implementation."""

    async def open(
        self, addresses: Sequence[str], *, subscribe: Sequence[Message] = (), hasty: bool = False
    ) -> ClientLink:
        """Start a client that knows these addresses, in this order; it need not be connected yet.

        A *hasty* one pings after half a second, and takes a link for dead that does not answer as soon.
        """

"""Who is connected anywhere: which gateways to ask, and their answers put together.

Every gateway says hello once a second; a roster asks all of them and waits for those that were heard lately. One
that does not answer in time is named, so that a short list is never taken for a complete one. Times are monotonic
seconds.
"""

from __future__ import annotations

from typing import Final

from shared.bus.messages import RosterAnswer, RosterEntry, RosterReply

MAX_GATEWAYS: Final = 1000
"""Names that are kept; whoever may speak to the bus could make up any number."""


class Gateways:
    """The gateways heard lately."""

    def __init__(self, *, forgotten_after: float = 3.0) -> None:
        self._forgotten_after = forgotten_after
        self._heard_at: dict[str, float] = {}

    def heard(self, gateway: str, now: float) -> None:
        """A gateway said hello; of more than there can be, the one that was quiet the longest is forgotten."""
        self._heard_at.pop(gateway, None)
        self._heard_at[gateway] = now
        if len(self._heard_at) > MAX_GATEWAYS:
            del self._heard_at[next(iter(self._heard_at))]

    def present(self, now: float) -> frozenset[str]:
        """Return the gateways that can be expected to answer."""
        limit = now - self._forgotten_after
        self._heard_at = {name: heard_at for name, heard_at in self._heard_at.items() if heard_at >= limit}
        return frozenset(self._heard_at)


class Gathering:
    """The answers to one query, from the gateways expected and from any other."""

    def __init__(self, query_id: str, expected: frozenset[str]) -> None:
        self.query_id = query_id
        self._expected = expected
        self._clients: dict[str, list[RosterEntry]] = {}

    @property
    def missing(self) -> frozenset[str]:
        """The gateways that have not answered yet."""
        return self._expected - self._clients.keys()

    def add(self, answer: RosterAnswer) -> None:
        """Take an answer; a second one of the same gateway replaces its first."""
        self._clients[answer.gateway] = answer.clients

    def reply(self, request_id: int) -> RosterReply:
        """Return everybody, ordered by when they connected."""
        clients = [entry for entries in self._clients.values() for entry in entries]
        clients.sort(key=lambda entry: (entry.connected_at, entry.client_id))
        return RosterReply(request_id=request_id, clients=clients, missing=sorted(self.missing))

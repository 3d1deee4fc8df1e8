"""The adapter of the reference client."""

from __future__ import annotations

from collections.abc import Sequence

from tests.contracts.clients.adapter import Message
from tests.oracle.reference import Pace, ReferenceClient

PATIENT = Pace(first=0.02, cap=0.2, opening=60.0, silence=60.0, answer=60.0)
HASTY = Pace(first=0.02, cap=0.2, opening=60.0, silence=0.5, answer=0.5)


class ReferenceLink:
    """A reference client and how much of its journal was handed out."""

    def __init__(self, client: ReferenceClient) -> None:
        self._client = client
        self._taken: dict[str, int] = {}

    async def event(self) -> Message:
        return await self._next("realtime_event")

    async def resync(self) -> Message:
        return await self._next("resync")

    async def gave_up(self) -> int:
        await self._client.until(lambda: self._client.refused is not None)
        assert self._client.refused is not None
        return self._client.refused

    async def close(self) -> None:
        await self._client.stop()

    async def _next(self, kind: str) -> Message:
        taken = self._taken.get(kind, 0)
        await self._client.until(lambda: len(self._client.told(kind)) > taken)
        self._taken[kind] = taken + 1
        return self._client.told(kind)[taken]


class ReferenceAdapter:
    """Makes reference clients."""

    async def open(
        self, addresses: Sequence[str], *, subscribe: Sequence[Message] = (), hasty: bool = False
    ) -> ReferenceLink:
        client = ReferenceClient(addresses, subscribe=subscribe, pace=HASTY if hasty else PATIENT)
        client.start()
        return ReferenceLink(client)

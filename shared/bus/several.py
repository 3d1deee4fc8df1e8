"""A listener's end on several buses at once, while a fleet moves from one to another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from shared.bus.contract import Peer, Publisher, Recall
from shared.bus.messages import FromGateway, Published, Reply


class SeveralPublishers:
    """Implements :class:`shared.bus.contract.Publisher`: says everything everywhere, answers where it was asked."""

    def __init__(self, publishers: Sequence[Publisher]) -> None:
        self._publishers = publishers
        self._receiving: dict[asyncio.Task[tuple[Peer, FromGateway]], int] = {}

    def publish(self, message: Published) -> None:
        """Publish on each."""
        for publisher in self._publishers:
            publisher.publish(message)

    def recall_by(self, recall: Recall) -> None:
        """Tell each."""
        for publisher in self._publishers:
            publisher.recall_by(recall)

    async def receive(self) -> tuple[Peer, FromGateway]:
        """Return the next request or notice of any; raise what one of them raises. Cancelling loses nothing."""
        for number, publisher in enumerate(self._publishers):
            if number not in self._receiving.values():
                self._receiving[asyncio.ensure_future(publisher.receive())] = number
        done, _ = await asyncio.wait(self._receiving, return_when=asyncio.FIRST_COMPLETED)
        task = next(iter(done))
        number = self._receiving.pop(task)
        peer, message = task.result()
        return b"%d:%s" % (number, peer), message

    def reply(self, peer: Peer, reply: Reply) -> None:
        """Answer on the bus the request came by."""
        number, _, name = peer.partition(b":")
        self._publishers[int(number)].reply(name, reply)

    async def close(self) -> None:
        """Close each. Idempotent."""
        for publisher in self._publishers:
            await publisher.close()
        await asyncio.gather(*self._receiving, return_exceptions=True)

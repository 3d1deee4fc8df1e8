"""The listener's end of the bus over NATS."""

from __future__ import annotations

import asyncio

from nats.aio.msg import Msg

from shared.bus.codec import Malformed, decode_from_gateway, encode
from shared.bus.contract import Line, Peer, Recall
from shared.bus.inbox import Inbox
from shared.bus.jetstream.backlog import Backlog
from shared.bus.jetstream.connection import Access, Connection, end, tell_defect
from shared.bus.jetstream.limits import StreamLimits
from shared.bus.jetstream.stream import Stream
from shared.bus.jetstream.subjects import Subjects, token
from shared.bus.jetstream.writer import StreamWriter
from shared.bus.messages import Batch, Beat, FromGateway, Published, Reply

MAX_REQUESTS = 1000
"""Requests and notices that wait to be looked at; further ones are lost, and asked again."""


class NatsPublisher:
    """Implements :class:`shared.bus.contract.Publisher`; to be made inside a running event loop.

    ``name`` is the line by which gateways know this listener. Batches go into the stream, ``high_water_mark`` of them
    wait for that here; everything else is said at once or lost. ``malformed`` counts what came and was no message.
    """

    def __init__(
        self,
        access: Access,
        name: Line,
        *,
        subjects: Subjects | None = None,
        limits: StreamLimits | None = None,
        high_water_mark: int = 1000,
    ) -> None:
        subjects = subjects or Subjects()
        self.line = token(name)
        self.malformed = 0
        self._says = subjects.line(self.line)
        self._answers = subjects.inbox("")
        self._inbox: Inbox[Peer] = Inbox(MAX_REQUESTS)
        self.connection = Connection(
            access, name=f"wasla pg-listener {name}", inbox=subjects.inbox(f"{self.line}.stream")
        )
        self.connection.hear(subjects.desk(self.line), self._heard, queue="desk")
        self.connection.on_failure(self._inbox.fail)
        stream = Stream(self.connection, subjects, limits or StreamLimits())
        self.writer = StreamWriter(self.connection, stream, Backlog(high_water_mark))
        self._writing = asyncio.ensure_future(self.writer.run())
        tell_defect(self._writing, self._inbox.fail)

    def publish(self, message: Published) -> None:
        """Have a batch stored, say anything else; without waiting, and without effect once closed."""
        if self._inbox.closed:
            return
        if isinstance(message, Batch):
            self.writer.offer(message)
            return
        if isinstance(message, Beat):
            self.writer.note(message)
        self.connection.send(self._says, encode(message))

    def recall_by(self, recall: Recall) -> None:
        """What the stream has lost is read again by this."""
        self.writer.recall = recall

    async def receive(self) -> tuple[Peer, FromGateway]:
        """Return the next request or notice; raise LineUnavailable once closed. Cancelling loses nothing."""
        while True:
            peer, payload = await self._inbox.get()
            try:
                return peer, decode_from_gateway(payload)
            except Malformed:
                self.malformed += 1

    def reply(self, peer: Peer, reply: Reply) -> None:
        """Answer a request; without effect once closed."""
        payload = encode(reply)
        if not self._inbox.closed:
            self.connection.send(f"{peer.decode()}.{reply.request_id}", payload)

    async def close(self) -> None:
        """Hang up. Idempotent; ends ``receive``. What was not stored yet is written by another listener, or later."""
        self._inbox.close()
        await end(self._writing)
        await self.connection.close()

    def _heard(self, message: Msg, payload: bytes) -> None:
        if not message.reply.startswith(self._answers):
            self.malformed += 1  # an answer there would be this listener's word at a place that the asker may not write
            return
        peer, _, _number = message.reply.rpartition(".")
        self._inbox.put(peer.encode(), payload)

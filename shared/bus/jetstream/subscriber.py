"""The gateway's end of the bus over NATS."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from nats.aio.msg import Msg

from shared.bus.codec import Malformed, decode_published, decode_reply
from shared.bus.contract import Heard, Line, LineUnavailable, Standing
from shared.bus.inbox import Inbox
from shared.bus.jetstream.connection import Access, Connection, end, tell_defect
from shared.bus.jetstream.desk import Desk
from shared.bus.jetstream.reading import StreamReader
from shared.bus.jetstream.subjects import Subjects, token
from shared.bus.messages import Beat, Notice, ReplayReply, ReplayRequest, Reply, Request
from shared.errors import BusError

STREAM: Final = "the stream"
"""The line that batches come by, whoever has written them."""

LOOK_INTERVAL: Final = 1.0
"""Seconds without a beat after which the stream itself is asked where it stands."""

FORGOTTEN_AFTER: Final = 60.0
"""Seconds after which a listener that says nothing is no longer told or asked anything."""

_STANDING: Final = "\0standing"


class NatsSubscriber:
    """Implements :class:`shared.bus.contract.Subscriber`; to be made inside a running event loop.

    Lines are the listeners that were heard, and those of ``expected``. A replay is read from the stream where that
    holds the position, and asked of the line else. ``high_water_mark`` bounds what waits to be received.
    """

    shared_stream: Final = True
    refusals: Final[Mapping[Line, int]] = MappingProxyType({})

    def __init__(
        self,
        access: Access,
        *,
        identity: bytes,
        subjects: Subjects | None = None,
        high_water_mark: int = 1000,
        expected: Sequence[Line] = (),
    ) -> None:
        self._subjects = subjects = subjects or Subjects()
        self.malformed = 0
        self._asks_at = subjects.inbox(secrets.token_hex(8))
        self._inbox: Inbox[Line] = Inbox(high_water_mark)
        self._standing: Standing | None = None
        self.connection = Connection(
            access, name=f"wasla {identity.decode(errors='replace')}", inbox=f"{self._asks_at}.a"
        )
        self._reader = StreamReader(self.connection, subjects, f"{self._asks_at}.s")
        self._desks: dict[Line, Desk] = {}
        self._heard_at: dict[Line, float] = {}
        for line in expected:
            self._meet(line)
        self.connection.hear(subjects.live, self._heard_live)
        self.connection.hear(subjects.every_line, self._heard_line)
        self.connection.hear(f"{self._asks_at}.d.>", self._heard_answer)
        self.connection.hear(f"{self._asks_at}.s.>", self._reader.heard)
        self.connection.on_failure(self._inbox.fail)
        self._beat_at = float("-inf")
        self._clock = asyncio.get_running_loop().time
        self._looking = asyncio.ensure_future(self._look())
        tell_defect(self._looking, self._inbox.fail)

    @property
    def lines(self) -> Sequence[Line]:
        """The listeners that were heard or are expected."""
        return tuple(self._desks)

    async def receive(self) -> tuple[Line, Heard]:
        """Return the next message; one task at a time. Raise LineUnavailable once closed. Cancelling loses nothing."""
        while True:
            if (heard := self._read(*await self._inbox.get())) is not None:
                return heard

    def receive_waiting(self) -> tuple[Line, Heard] | None:
        """Return a message that is here already, or None; raise LineUnavailable once closed."""
        while (waiting := self._inbox.get_waiting()) is not None:
            if (heard := self._read(*waiting)) is not None:
                return heard
        return None

    async def request(self, line: Line, request: Request, *, timeout: float) -> Reply:
        """Read a replay from the stream; ask the line for what that does not hold, and for anything else."""
        deadline = self._clock() + timeout
        if isinstance(request, ReplayRequest) and (reply := await self._replay(request, timeout)) is not None:
            return reply
        return await self._desk(line).ask(request, max(0.01, deadline - self._clock()))

    def notify(self, line: Line, notice: Notice) -> None:
        """Tell one listener, without waiting; dropped when it cannot be reached."""
        self._desk(line).tell(notice)

    async def close(self) -> None:
        """Hang up. Idempotent; ends ``receive`` and requests."""
        for desk in self._desks.values():
            desk.fail(LineUnavailable("the bus was closed before the answer came"))
        self._inbox.close()
        await end(self._looking)
        await self.connection.close()

    async def _replay(self, request: ReplayRequest, timeout: float) -> ReplayReply | None:
        self._refuse_if_closed()
        try:
            async with asyncio.timeout(timeout / 2):
                events = await self._reader.after(
                    request.epoch, request.after_seq, request.max_events, request.max_bytes
                )
        except (BusError, TimeoutError):
            return None
        if not events:
            return None
        return ReplayReply(request.request_id, request.epoch, request.after_seq, events, events[-1].seq)

    async def _look(self) -> None:
        """Ask the stream where it stands whenever no listener says so, for ever."""
        while True:
            await self.connection.up.wait()
            await asyncio.sleep(LOOK_INTERVAL)
            self._forget()
            if self._clock() - self._beat_at < LOOK_INTERVAL:
                continue
            try:
                last = await self._reader.last()
            except BusError:
                continue
            if last is not None:
                self._standing = Standing(last.batch.epoch, last.last_seq)
                self._inbox.put(_STANDING, b"")

    def _heard_live(self, _message: Msg, payload: bytes) -> None:
        self._inbox.put(STREAM, payload)

    def _heard_line(self, message: Msg, payload: bytes) -> None:
        line = self._meet(message.subject.rpartition(".")[2])
        self._heard_at[line] = self._clock()
        self._inbox.put(line, payload)

    def _heard_answer(self, message: Msg, payload: bytes) -> None:
        line, _, number = message.subject.removeprefix(f"{self._asks_at}.d.").rpartition(".")
        desk = self._desks.get(line)
        if desk is None:
            return
        if message.headers and "Status" in message.headers:
            desk.nobody(int(number))
            return
        try:
            desk.answered(decode_reply(payload))
        except Malformed:
            self.malformed += 1

    def _read(self, line: Line, payload: bytes) -> tuple[Line, Heard] | None:
        if line == _STANDING:
            return (STREAM, self._standing) if self._standing is not None else None
        try:
            message = decode_published(payload)
        except Malformed:
            self.malformed += 1
            return None
        if isinstance(message, Beat) and message.epoch:  # one that has not seen the database says nothing of the stream
            self._beat_at = self._clock()
        return line, message

    def _meet(self, name: str) -> Line:
        line = token(name)
        if line not in self._desks:
            self._desks[line] = Desk(self.connection, line, self._subjects.desk(line), f"{self._asks_at}.d.{line}")
        return line

    def _forget(self) -> None:
        """Let go of listeners that were heard once and are gone for good."""
        limit = self._clock() - FORGOTTEN_AFTER
        for line in [line for line, at in self._heard_at.items() if at < limit and not self._desks[line].is_asked]:
            del self._heard_at[line], self._desks[line]

    def _desk(self, line: Line) -> Desk:
        self._refuse_if_closed()
        try:
            return self._desks[line]
        except KeyError:
            raise LineUnavailable(f"expected one of the lines {', '.join(self._desks)}, got {line}") from None

    def _refuse_if_closed(self) -> None:
        if self._inbox.closed:
            raise LineUnavailable("the bus is closed")

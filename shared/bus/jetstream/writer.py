"""Brings what a listener publishes into the stream, and the stream up to what the listener knows.

The stream is a reader of the listener with a cursor, its own end: whatever follows that end is written, one message
under way at a time, so that many small batches become few messages where the servers are far. Each write names the
sequence it follows. If another listener was quicker, the end is looked at and writing goes on from there.

The leader writes at once. A standby looks once a second and writes only where the stream stays behind what it knows:
the leader reaches the database and not the servers, or is gone.

A stream that ends beyond what the leader knows of the same epoch holds a history that was lost, or the leader is late:
the log decides (``overtaken``). So does one that ends with another event than the log has at that seq. Another epoch
behind what this writer has written is another leader's, who would be answered in kind for ever: this one makes way and
tries again later.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from shared.backoff import Backoff
from shared.bus.codec import encode
from shared.bus.contract import Recall
from shared.bus.jetstream.backlog import Backlog, fitting
from shared.bus.jetstream.connection import Connection, NotConnected
from shared.bus.jetstream.stream import WRONG_LAST, Stream, StreamRefused, Tail
from shared.bus.jetstream.subjects import STRETCH
from shared.bus.messages import Batch, Beat
from shared.errors import BusError

log = structlog.get_logger(__name__)

LOOK_INTERVAL: Final = 1.0
"""Seconds between looks at the stream's end: a tail that was lost is noticed and written again."""

REFILL_EVENTS: Final = 10_000
"""Events at most that a stream is given again; what is older is read from the log by whoever needs it."""

MAX_BATCH_BYTES: Final = 512 * 1024

MAKE_WAY_FIRST: Final = 10.0
MAKE_WAY_MOST: Final = 600.0
"""Seconds for which another leader's history is left in the stream: the first time, and at most."""

Overtaken = Callable[[str, int | None], Awaitable[None]]
"""Is told that the stream holds a seq of an epoch that the leader does not know; None: it has another event there."""


class StreamWriter:
    """Writes until cancelled. ``behind`` is by how many events the stream was short at the last look."""

    def __init__(self, connection: Connection, stream: Stream, backlog: Backlog) -> None:
        self.recall: Recall | None = None
        self.overtaken: Overtaken | None = None
        self.appended = 0
        self.tail: Tail | None = None
        self._connection = connection
        self._stream = stream
        self._backlog = backlog
        self._changed = asyncio.Event()
        self._beat: Beat | None = None
        self._target = ("", 0)
        self._lacking: Tail | None = None
        self._seen: Tail | None = None
        self._written = ""
        self._compared = 0
        self._makes_way_until: float | None = None
        self._makes_way_for = MAKE_WAY_FIRST
        self._looked_at = 0.0
        self._skips: dict[int, int] = {}
        self._told = ""
        self._clock = asyncio.get_running_loop().time

    @property
    def connected(self) -> bool:
        """Whether a server can be reached."""
        return self._connection.up.is_set()

    @property
    def behind(self) -> int:
        """How many events the listener knows and the stream, as far as is known, does not hold."""
        epoch, top = self._target
        held = self.tail.seq if self.tail is not None and self.tail.epoch == epoch else 0
        return max(0, top - held)

    def offer(self, batch: Batch) -> None:
        """There is something to write."""
        if batch.epoch != self._backlog.epoch:
            self._skips.clear()
        self._backlog.offer(batch)
        self._aim(batch.epoch, self._backlog.top)
        self._changed.set()

    def note(self, beat: Beat) -> None:
        """This is where the listener stands."""
        self._beat = beat
        if beat.epoch:
            self._aim(beat.epoch, beat.top_seq)

    async def run(self) -> None:
        """Write for ever; servers that cannot be used are tried again, and told of once."""
        backoff = Backoff(first=0.05, cap=0.5)
        while True:
            await self._connection.up.wait()
            try:
                await self._stream.settle()
                self._well()
                while True:
                    await self._step()
                    backoff.succeeded()
            except NotConnected:
                pass
            except BusError as error:
                self._trouble(error)
            self.tail = None
            await asyncio.sleep(backoff.next_delay())

    async def _step(self) -> None:
        """Look at the end when it is time, write once if there is something to write, else wait."""
        self._changed.clear()
        tail = await self._end()
        batch = await self._next(tail) if self._may_write(tail) else None
        if batch is not None:
            await self._append(batch, tail)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_INTERVAL):
                await self._changed.wait()

    async def _end(self) -> Tail:
        now = self._clock()
        if self.tail is None or now - self._looked_at >= LOOK_INTERVAL:
            self._seen, self.tail = self._lacking, await self._stream.tail()
            self._lacking = self.tail if self.behind else None
            self._looked_at = now
            await self._compare(self.tail)
        return self.tail

    async def _compare(self, tail: Tail) -> None:
        """Tell of an end that is not the log's: it holds what a log that was set back has lost."""
        epoch, top = self._target
        if self.overtaken is None or not self._is_leader or tail.epoch != epoch:
            return
        if tail.seq > top:
            await self.overtaken(epoch, tail.seq)
        elif tail.sequence != self._compared:
            if await self._differs(tail):
                await self.overtaken(epoch, None)
            else:
                self._compared = tail.sequence

    async def _differs(self, tail: Tail) -> bool:
        """Tell whether the log has another event where the stream ends; by what never changes, however it is sent."""
        if tail.last is None or self.recall is None:
            return False
        known = next(iter(await self.recall(tail.epoch, tail.seq - 1)), None)
        if known is None or known.seq != tail.seq:
            return False
        return (known.table, known.captured_at) != (tail.last.table, tail.last.captured_at)

    def _may_write(self, tail: Tail) -> bool:
        if self._beat is None or self._beat.leading:
            return not self._makes_way(tail)
        # A standby may follow a history that is over: it only continues what is there.
        return self._seen == tail and tail.epoch in {"", self._beat.epoch}

    @property
    def _is_leader(self) -> bool:
        return self._beat is not None and self._beat.leading

    def _makes_way(self, tail: Tail) -> bool:
        """Tell whether another leader's epoch stands behind what was written here, and is to be left there for now."""
        if tail.epoch in {"", self._target[0]} or self._written != self._target[0]:
            return False
        now = self._clock()
        if self._makes_way_until is None:
            self._makes_way_until = now + self._makes_way_for
            log.warning(
                "another leader writes another history into this stream; give each installation its own prefix",
                epoch=self._target[0],
                other_epoch=tail.epoch,
                seconds=self._makes_way_for,
            )
            self._makes_way_for = min(MAKE_WAY_MOST, 2 * self._makes_way_for)
        elif now >= self._makes_way_until:
            self._makes_way_until, self._written = None, ""
        return self._makes_way_until is not None

    def _aim(self, epoch: str, top: int) -> None:
        """This is the position up to which the stream should hold events, whoever was the last to say so."""
        known, former = self._target
        if epoch != known:
            self._written, self._makes_way_until, self._makes_way_for = "", None, MAKE_WAY_FIRST
        self._target = epoch, max(top, former) if epoch == known else top

    async def _next(self, tail: Tail) -> Batch | None:
        epoch, top = self._target
        known = tail.seq if tail.epoch == epoch else 0
        if top <= known:
            self._backlog.stored(known)
            return None
        after = self._past_skips(max(known, top - REFILL_EVENTS))
        if self._backlog.epoch == epoch and self._backlog.after_seq <= after:
            return self._fit(self._backlog.take(after, STRETCH, MAX_BATCH_BYTES))
        return self._fit(await self._recalled(epoch, after))

    async def _recalled(self, epoch: str, after_seq: int) -> Batch | None:
        """Return what the listener can read again, or what is left in the backlog where it cannot."""
        events = [] if self.recall is None else await self.recall(epoch, after_seq)
        if not events:
            return self._backlog.take(self._backlog.after_seq, STRETCH, MAX_BATCH_BYTES)
        at = events[0].captured_at if self._beat is None else self._beat.sent_at
        return Batch(epoch, events[0].seq - 1, fitting(events, STRETCH, MAX_BATCH_BYTES), at, at)

    def _fit(self, batch: Batch | None) -> Batch | None:
        """Return as much of a batch as the server takes in one message; an event that is too long alone is left out."""
        while batch is not None and len(encode(batch)) > self._connection.max_payload:
            if len(batch.events) == 1:
                self._skip(batch)
                return None
            half = batch.events[: len(batch.events) // 2]
            batch = Batch(batch.epoch, batch.after_seq, half, batch.sequenced_at, batch.published_at)
        return batch

    def _skip(self, batch: Batch) -> None:
        log.info("event too long for the stream, gateways ask for it", seq=batch.events[0].seq)
        self._skips[batch.after_seq] = batch.events[0].seq
        self._changed.set()

    def _past_skips(self, seq: int) -> int:
        while seq in self._skips:
            seq = self._skips[seq]
        return seq

    async def _append(self, batch: Batch, tail: Tail) -> None:
        try:
            self.tail = await self._stream.append(batch, tail)
        except StreamRefused as error:
            if error.number != WRONG_LAST:
                raise
            self.tail = None  # somebody else has written, or the stream has lost its end
            return
        self._written, self._compared = batch.epoch, self.tail.sequence
        self._lacking = self._seen = self.tail if self.behind else None
        self.appended += len(batch.events)
        self._backlog.stored(self.tail.seq)

    def _trouble(self, error: BusError) -> None:
        if str(error) != self._told:
            self._told = str(error)
            log.warning("the stream takes nothing, gateways ask for what they miss", reason=str(error))

    def _well(self) -> None:
        if self._told:
            self._told = ""
            log.info("the stream is well again")

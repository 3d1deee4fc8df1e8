"""Recent events by seq, and where the answer to a replay request comes from.

A gateway that missed something asks for the events after a position. Recent ones are answered from memory, older
ones from the log, and what the log has dropped is *expired*: never a shorter answer than the truth without saying so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice

from shared.bus.messages import ReplayReply, ReplayRequest
from shared.events import Event

_OVERHEAD_BYTES = 400
"""About what an event costs in memory beside its message."""


class RecentEvents:
    """The newest consecutive events of one epoch, bounded by number and by bytes.

    ``top_seq`` is the seq of the newest event, or where the next one follows when none is kept. ``epoch`` is empty
    until the database was seen.
    """

    def __init__(self, *, max_events: int, max_bytes: int) -> None:
        self.epoch = ""
        self.top_seq = 0
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._events: deque[Event] = deque()
        self._bytes = 0

    def restart(self, epoch: str, seq: int) -> None:
        """Begin anew behind a position: another epoch, or a stretch that nobody has any more."""
        self.epoch, self.top_seq = epoch, seq
        self._events.clear()
        self._bytes = 0

    def append(self, events: Sequence[Event]) -> None:
        """Add events that follow ``top_seq`` without a hole; the oldest make room."""
        expected = list(range(self.top_seq + 1, self.top_seq + 1 + len(events)))
        if [event.seq for event in events] != expected:
            raise AssertionError("events are appended in sequence: the sequencer numbers without a hole")
        self._events.extend(events)
        self._bytes += sum(map(_size, events))
        self.top_seq += len(events)
        while len(self._events) > self._max_events or self._bytes > self._max_bytes:
            self._bytes -= _size(self._events.popleft())

    def answer(self, request: ReplayRequest) -> ReplayReply | None:
        """Answer from memory, or return None where only the log reaches back so far.

        A reader of another epoch gets the epoch in force and no events.
        """
        after_seq = request.after_seq
        if request.epoch != self.epoch or after_seq >= self.top_seq:
            return self.reply(request, [])
        kept_after = self.top_seq - len(self._events)
        if after_seq < kept_after:
            return None
        # Skipping in a deque walks it; the ring is short enough for that to cost less than a round trip.
        tail = islice(self._events, after_seq - kept_after, None)
        return self.reply(request, _within(tail, request.max_events, request.max_bytes))

    def reply(self, request: ReplayRequest, events: list[Event], *, expired: bool = False) -> ReplayReply:
        """Return the answer with these events, from the position asked for."""
        return ReplayReply(
            request_id=request.request_id,
            epoch=self.epoch,
            after_seq=request.after_seq,
            events=events,
            top_seq=self.top_seq,
            expired=expired,
        )

    def reply_from_log(self, request: ReplayRequest, epoch: str, events: list[Event]) -> ReplayReply:
        """Return the answer with what the log holds of ``epoch`` after the position asked for."""
        if epoch != request.epoch or epoch != self.epoch:
            return self.reply(request, [])
        expired = request.after_seq < self.top_seq and (not events or events[0].seq != request.after_seq + 1)
        return self.reply(request, [] if expired else events, expired=expired)


def _within(events: islice[Event], max_events: int, max_bytes: int) -> list[Event]:
    """Return the first events that fit; the first always does, so that a reader gets on."""
    taken: list[Event] = []
    size = 0
    for event in islice(events, max(1, max_events)):
        size += len(event.message)
        if taken and size > max_bytes:
            break
        taken.append(event)
    return taken


def _size(event: Event) -> int:
    return len(event.message) + _OVERHEAD_BYTES

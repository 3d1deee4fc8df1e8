"""What a listener has published and the stream may not hold yet: consecutive batches of one epoch. Pure.

The oldest go first when there are too many; what is gone from here is read from the log by whoever needs it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from shared.bus.messages import Batch
from shared.events import Event


class Backlog:
    """At most ``max_batches``; ``top`` is the seq of the newest event of ``epoch``."""

    def __init__(self, max_batches: int) -> None:
        self.epoch = ""
        self.top = 0
        self._batches: deque[Batch] = deque(maxlen=max_batches)

    def offer(self, batch: Batch) -> None:
        """Add a batch; one that does not continue what is here takes its place."""
        if (batch.epoch, batch.after_seq) != (self.epoch, self.top):
            self._batches.clear()
        self.epoch, self.top = batch.epoch, _end(batch)
        self._batches.append(batch)

    def stored(self, seq: int) -> None:
        """Let go of what the stream holds: everything up to *seq*."""
        while self._batches and _end(self._batches[0]) <= seq:
            self._batches.popleft()

    @property
    def after_seq(self) -> int:
        """The oldest position whose following events are here; the top where there are none."""
        return self._batches[0].after_seq if self._batches else self.top

    def take(self, after_seq: int, max_events: int, max_bytes: int) -> Batch | None:
        """Return what follows a position that is not before :attr:`after_seq`, several batches as one."""
        following = [batch for batch in self._batches if _end(batch) > after_seq]
        if not following:
            return None
        events: list[Event] = []
        for batch in following:
            events += batch.events[max(0, after_seq - batch.after_seq) :]
            if len(events) >= max_events:
                break
        first = following[0]
        return Batch(
            self.epoch, after_seq, fitting(events, max_events, max_bytes), first.sequenced_at, first.published_at
        )


def fitting(events: Sequence[Event], max_events: int, max_bytes: int) -> list[Event]:
    """Return the first events that fit; the first always does, so that whoever writes them gets on."""
    taken: list[Event] = []
    size = 0
    for event in events[:max_events]:
        size += len(event.message)
        if taken and size > max_bytes:
            break
        taken.append(event)
    return taken


def _end(batch: Batch) -> int:
    return batch.after_seq + len(batch.events)

"""The last fifteen minutes, second by second: what a page that was just opened draws.

``take`` a sample a second; the oldest is forgotten for it, so that the memory is bounded. A second without a sample
(the monitor stood still) is a gap, and stays one: each sample carries its own time.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import msgspec

INTERVAL: Final = 1.0
"""Seconds between two samples."""

KEPT: Final = 900
"""Samples kept: fifteen minutes."""


class Sample(msgspec.Struct, frozen=True):
    """One second. ``at`` is Unix seconds; ``total`` and the hops are the seconds of the last round trip of the probe,
    none of them while delivery is late; ``events`` and ``deliveries`` are counts a second; None is not known."""

    at: float
    ready: bool
    total: float | None = None
    captured: float | None = None
    sequenced: float | None = None
    published: float | None = None
    gateway: float | None = None
    received: float | None = None
    events: float | None = None
    deliveries: float | None = None
    clients: int | None = None


class History:
    """The newest samples, oldest first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._samples: deque[Sample] = deque(maxlen=kept)
        self._top: tuple[str, int, float] | None = None

    @property
    def latest(self) -> Sample | None:
        """The newest sample."""
        return self._samples[-1] if self._samples else None

    def take(self, sample: Sample) -> None:
        """Add a sample."""
        self._samples.append(sample)

    def events_rate(self, epoch: str, top_seq: int, at: float) -> float | None:
        """Return the events a second since the last call; ``at`` is monotonic seconds, when the listener told of that
        seq. None where there is nothing to compare with: the first time, and in another history."""
        former, self._top = self._top, (epoch, top_seq, at)
        if former is None or former[0] != epoch or at <= former[2]:
            return None
        return max(0.0, (top_seq - former[1]) / (at - former[2]))

    def columns(self) -> dict[str, list[object]]:
        """Return every sample, column by column."""
        return {name: [getattr(sample, name) for sample in self._samples] for name in Sample.__struct_fields__}

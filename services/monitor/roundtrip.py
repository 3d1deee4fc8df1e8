"""Is a change delivered, how fast, and if not, where does it stay?

A round of the probe is one change of the monitor's own, followed through every hop: ``begin`` it, say which hop it
``reached``, then ``arrive`` or ``fail``. The hop that is *awaited* is the one to name when the time is up. A failed
round keeps delivery late until one arrives in time, and so does the lack of any round (a prober that hangs).

``now`` is monotonic seconds; the stamps of the hops are Unix seconds by the clock of whoever took them, so across
machines a hop may seem to take less than nothing: it counts as 0 then. ``total`` is measured by one clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum


class Hop(IntEnum):
    """The way of a change, in order. ``CONNECTED`` is the probe's own WebSocket, opened before the change is made."""

    CONNECTED = 0
    CAPTURED = 1
    SEQUENCED = 2
    PUBLISHED = 3
    GATEWAY = 4
    RECEIVED = 5

    @property
    def label(self) -> str:
        """The hop's name as operators, metrics and JSON spell it."""
        return self.name.lower()


STAMPED = (Hop.CAPTURED, Hop.SEQUENCED, Hop.PUBLISHED, Hop.GATEWAY)
"""The hops whose stamps travel inside the event."""


@dataclass(slots=True, frozen=True)
class Measurement:
    """A round that arrived: seconds by hop since the hop before it, and from sending to receiving."""

    hops: Mapping[Hop, float]
    total: float
    arrived_at: float


@dataclass(slots=True, frozen=True)
class Lateness:
    """Why delivery counts as late: the hop that never came, and a sentence."""

    missing: Hop
    reason: str


@dataclass(slots=True)
class _Round:
    nonce: str
    since: float  # begun, or sent: connecting and travelling have their time each
    awaited: Hop = Hop.CONNECTED


class RoundTrip:
    """The state of the probe. Times in seconds."""

    def __init__(self, *, interval: float, late_after: float, now: float) -> None:
        self._late_after = late_after
        self._max_silence = 2 * interval + 2 * late_after
        self._started_at = now
        self._round: _Round | None = None
        self._failure: Lateness | None = None
        self.last: Measurement | None = None

    @property
    def nonce(self) -> str | None:
        """The mark of the round in progress."""
        return self._round.nonce if self._round is not None else None

    @property
    def awaited(self) -> Hop:
        """The first hop that the round in progress has not reached."""
        return self._current().awaited

    def begin(self, nonce: str, now: float) -> None:
        """Start a round; one still in progress is abandoned."""
        self._round = _Round(nonce, now)

    def send(self, now: float) -> None:
        """The change is about to be made: the round trip counts from here."""
        self._current().since = now

    def reach(self, hop: Hop) -> None:
        """Note the furthest hop so far; news of an earlier one change nothing.

        Nor do news of a later one as long as the probe is not connected: the change is made all the same, and what the
        bus then tells of it does not bring it to a client.
        """
        current = self._current()
        if current.awaited is not Hop.CONNECTED or hop is Hop.CONNECTED:
            current.awaited = max(current.awaited, Hop(min(hop + 1, Hop.RECEIVED)))

    def miss(self, hop: Hop) -> None:
        """Note that a hop was taken for reached and was not."""
        current = self._current()
        current.awaited = min(current.awaited, hop)

    def arrive(self, stamps: Mapping[str, float], *, sent_at: float, received_at: float, now: float) -> Measurement:
        """End the round: the event is here. ``sent_at`` and ``received_at`` are Unix seconds, by this machine."""
        total = now - self._current().since
        hops = _durations(stamps, sent_at, received_at)
        self._round = None
        self._failure = _too_slow(hops, total) if total >= self._late_after else None
        self.last = Measurement(hops, total, now)
        return self.last

    def fail(self, reason: str) -> Lateness:
        """End the round: it did not arrive."""
        self._failure = Lateness(self._current().awaited, reason)
        self._round = None
        return self._failure

    def lateness(self, now: float) -> Lateness | None:
        """Say whether delivery is late now, and why; before the first round has ended it is merely unknown."""
        if self._failure is not None:
            return self._failure
        current = self._round
        if current is not None and now - current.since >= self._late_after:
            return Lateness(current.awaited, f"nothing came from the hop {current.awaited.label} in time")
        since = self.last.arrived_at if self.last is not None else self._started_at
        if now - since >= self._max_silence:
            return Lateness(Hop.CONNECTED, f"no round trip was completed for {now - since:.0f} s")
        return None

    def _current(self) -> _Round:
        if self._round is None:
            raise AssertionError("a round must be begun first")
        return self._round


def _too_slow(hops: Mapping[Hop, float], total: float) -> Lateness:
    slowest = max(hops, key=lambda hop: hops[hop])
    return Lateness(slowest, f"the round trip took {total:.1f} s, most of it until the hop {slowest.label}")


def _durations(stamps: Mapping[str, float], sent_at: float, received_at: float) -> dict[Hop, float]:
    durations: dict[Hop, float] = {}
    previous = sent_at
    for hop in STAMPED:
        stamp = stamps.get(hop.label)
        if stamp is not None:
            durations[hop] = max(0.0, stamp - previous)
            previous = stamp
    durations[Hop.RECEIVED] = max(0.0, received_at - previous)
    return durations

"""How often something happens, for a limit: counted by the second, or let flow at a rate with room for a rush.

A :class:`Rate` is for what costs next to nothing. A :class:`Bucket` is for what may come in a rush and then flows: what
is taken drains at a rate, and what the bucket does not hold is over the limit. It is the leaky bucket as a meter
(ITU-T I.371, Annex A). What was refused fills nothing.
"""

from __future__ import annotations


class Rate:
    """Counts within the second that ``now`` lies in, on any one clock; the next second counts anew."""

    __slots__ = ("_counted", "_second")

    def __init__(self) -> None:
        self._second = 0
        self._counted = 0

    def exceeds(self, limit: int, now: float) -> bool:
        """Count once more and tell whether that is beyond *limit*."""
        if int(now) != self._second:
            self._second, self._counted = int(now), 0
        self._counted += 1
        return self._counted > limit


class Bucket:
    """Holds a *burst* at most and drains by *rate* a second; the same two numbers each time, on any one clock.

    While a clock is set back nothing drains, and nothing is locked.
    """

    __slots__ = ("_as_of", "_level")

    def __init__(self) -> None:
        self._level = 0.0
        self._as_of = 0.0

    def takes(self, amount: float, now: float, *, rate: float, burst: float) -> bool:
        """Put *amount* in if there is room, and tell whether there was."""
        self._drain(now, rate)
        has_room = self._level + amount <= burst
        if has_room:
            self._level += amount
        return has_room

    def wait(self, amount: float, now: float, *, rate: float, burst: float) -> float:
        """Return in how many seconds *amount* has room, if nothing else comes in between."""
        self._drain(now, rate)
        return max(0.0, (self._level + amount - burst) / rate)

    def _drain(self, now: float, rate: float) -> None:
        self._level = max(0.0, self._level - max(0.0, now - self._as_of) * rate)
        self._as_of = now

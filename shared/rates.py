"""How often something happens in a second, counted for a limit."""

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

"""When the next dial may begin. No clock: the caller passes draws and says when a link was healthy.

Full jitter (Marc Brooker, *Exponential Backoff and Jitter*, AWS Architecture Blog, 2015): the delay is drawn evenly
between zero and a ceiling that doubles, so that clients which lost the same gateway do not come back together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

FIRST_CEILING: Final = 0.5
MAX_CEILING: Final = 30.0
HEALTHY_AFTER: Final = 30.0
"""Seconds; a link that has been registered for so long makes the delays begin anew."""


class Backoff:
    """``attempts`` are the dials since the link was last healthy; ``draw`` returns a number between 0 and 1."""

    __slots__ = ("_draw", "_sent_away", "attempts")

    def __init__(self, draw: Callable[[], float]) -> None:
        self._draw = draw
        self._sent_away = 0
        self.attempts = 0

    @property
    def is_fresh(self) -> bool:
        """Tell whether there is nothing to forget."""
        return self.attempts == 0 and self._sent_away == 0

    def reset(self) -> None:
        """Forget: the link was healthy, or the application starts anew."""
        self.attempts = 0
        self._sent_away = 0

    def after_loss(self) -> float:
        """Return the seconds to wait after a link, or an attempt to make one, ended."""
        ceiling: float = min(MAX_CEILING, FIRST_CEILING * 2.0 ** min(self.attempts, 16))
        self.attempts += 1
        return self._draw() * ceiling

    def after_drain(self, addresses: int) -> float:
        """Return the seconds to wait after 1001: none, but once round the addresses it is a loss like any other."""
        if self._sent_away >= addresses:
            return self.after_loss()
        self._sent_away += 1
        self.attempts += 1
        return 0.0

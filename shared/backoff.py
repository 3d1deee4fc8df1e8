"""Exponential backoff with full jitter, without a clock.

The caller asks :meth:`Backoff.next_delay` after each failure and sleeps itself; it calls :meth:`Backoff.succeeded`
once the thing has been healthy long enough. Full jitter (a uniform draw from zero to the ceiling) spreads the
retries of many peers that failed at the same moment.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Delays in seconds: uniform in [0, ceiling], the ceiling doubling from ``first`` up to ``cap``."""

    first: float = 0.5
    cap: float = 30.0
    rng: random.Random = field(default_factory=random.Random)
    attempts: int = 0

    def next_delay(self) -> float:
        """Return how long to wait before the next try, in seconds, and count the failure."""
        ceiling = min(self.cap, self.first * 2.0 ** min(self.attempts, 32))
        self.attempts += 1
        return self.rng.uniform(0.0, ceiling)

    def succeeded(self) -> None:
        """Forget the failures: the next delay starts from ``first`` again."""
        self.attempts = 0

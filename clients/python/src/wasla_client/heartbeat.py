"""Whether a registered link lives: when to ping, when to take it for dead, how long a pong took. No clock.

A link is dead when nothing was heard for two intervals, the last of them after a ping. Counting from the ping keeps a
link alive whose owner was late itself (a laptop that slept, a page in the background).

While the application holds the reading (it is slower than the stream) nothing can be heard and nothing is judged.
"""

from __future__ import annotations

import math
from typing import Final

DEFAULT_INTERVAL: Final = 15.0
LONGEST_INTERVAL: Final = 86_400.0
"""Seconds beyond which an interval is taken for a mistake, and the default holds."""

WAKE_TIMEOUT: Final = 5.0
"""Seconds in which a link is to answer after its owner woke up."""


class Heartbeat:
    """One link's; times are monotonic seconds."""

    __slots__ = ("_answer_deadline", "_count", "_heard_at", "_interval", "_is_held", "_pinged_at", "_unanswered")

    def __init__(self, now: float, interval: object) -> None:
        self._interval: float = DEFAULT_INTERVAL
        if isinstance(interval, int | float) and not isinstance(interval, bool) and 0 < interval <= LONGEST_INTERVAL:
            self._interval = interval
        self._heard_at = now
        self._pinged_at = now
        self._answer_deadline: float | None = None
        self._unanswered: dict[int, float] = {}
        self._count = 0
        self._is_held = False

    def heard(self, now: float) -> None:
        """Something came."""
        self._heard_at = now
        self._answer_deadline = None

    def ping(self, now: float) -> int:
        """Return the number of the ping that is sent now."""
        self._count += 1
        self._pinged_at = now
        self._unanswered = {self._count: now} if len(self._unanswered) > 10 else {**self._unanswered, self._count: now}
        if self._answer_deadline is None:
            self._answer_deadline = max(now + self._interval, self._heard_at + 2 * self._interval)
        return self._count

    def probe(self, now: float) -> int:
        """Return the number of a ping that is to be answered soon."""
        number = self.ping(now)
        self._answer_deadline = min(self._answer_deadline or math.inf, now + WAKE_TIMEOUT)
        return number

    def pong(self, number: object, now: float) -> float | None:
        """Return how long the answer to ping *number* took; None if no such ping waits for one."""
        if not isinstance(number, int):
            return None
        sent_at = self._unanswered.pop(number, None)
        return None if sent_at is None else now - sent_at

    def hold(self) -> None:
        """Nothing will be read for a while."""
        self._is_held = True

    def release(self, now: float) -> None:
        """Reading goes on, and the silence begins anew."""
        self._is_held = False
        self.heard(now)

    def is_dead(self, now: float) -> bool:
        """Tell whether the link is to be left."""
        return not self._is_held and self._answer_deadline is not None and now >= self._answer_deadline

    def is_due(self, now: float) -> bool:
        """Tell whether a ping is to be sent."""
        return not self._is_held and now >= self._pinged_at + self._interval

    @property
    def tick_at(self) -> float | None:
        """When to look again."""
        if self._is_held:
            return None
        ping_at = self._pinged_at + self._interval
        return ping_at if self._answer_deadline is None else min(ping_at, self._answer_deadline)

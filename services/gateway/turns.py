"""Turns for strangers: what connections ask for before they are registered, a bounded share of each turn of the loop.

When a gateway dies, thousands of clients come to the others at once, and an opening handshake costs as much as many
deliveries. Taken as they come they would fill the loop's turn for most of a second, and whoever is connected already
would wait as long for its events. So they queue, first come, first served, and the loop goes round between a few.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class Turns:
    """Carries out at most ``per_turn`` pieces of work in each turn of the loop, in the order they were asked for."""

    def __init__(self, per_turn: int) -> None:
        self._per_turn = per_turn
        self._queue: deque[Callable[[], None]] = deque()
        self._is_due = False

    def __len__(self) -> int:
        return len(self._queue)

    def ask(self, work: Callable[[], None]) -> None:
        """Have *work* done in its turn, soon."""
        self._queue.append(work)
        self._see_to_it()

    def _take(self) -> None:
        self._is_due = False
        try:
            for _ in range(min(self._per_turn, len(self._queue))):
                self._queue.popleft()()
        finally:  # whoever stands behind one that failed has a turn all the same
            if self._queue:
                self._see_to_it()

    def _see_to_it(self) -> None:
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._take)

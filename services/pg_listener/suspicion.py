"""Finding the row that makes every drain fail: how much to ask of the next one. Pure.

Drains take rows in one order, so a drain that fails is halved until one row is left that fails by itself. That row is
*marked*: its table's CAPTURE_FAILED takes its place, and the rest goes on. Order of use: drain at most
:attr:`Suspicion.limit` rows (with :attr:`Suspicion.mark`: mark the first instead), tell the outcome, repeat.
"""

from __future__ import annotations


class Suspicion:
    """How many rows the next drain may take; ``whole`` while nothing is suspected."""

    def __init__(self, whole: int) -> None:
        self.limit = whole
        self.mark = False
        self._whole = whole
        self._suspected = 0

    def failed(self) -> bool:
        """A drain failed over its rows; return whether another can be tried: not when even a mark failed."""
        if self.mark:
            return False
        self.mark = self.limit == 1
        self._suspected = self.limit
        self.limit = max(1, self.limit // 2)
        return True

    def drained(self, rows: int) -> None:
        """A drain took so many rows; past those that were suspected all is well again."""
        self._suspected -= rows
        if self.mark or rows == 0 or self._suspected <= 0:
            self.limit, self.mark, self._suspected = self._whole, False, 0

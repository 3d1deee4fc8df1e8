"""Whether the database can be used, since when, and why not. Times are Unix seconds."""

from __future__ import annotations

from typing import Final

START_PATIENCE: Final = 15.0
"""Seconds after its start for which a listener expects the database to be starting, too."""


class DatabaseStatus:
    """Up when the sequencing session works and the listening one gets answers.

    The second fact is what notices a silent network: a statement that waits for ever says nothing by itself.
    Each method returns whether that changed what is to be said.
    """

    def __init__(self, now: float) -> None:
        self.up = False
        self.since = now
        self.reason = "not connected yet"
        self._connected = False
        self._answering = True
        self._began = now
        self._was_up = False

    def is_starting(self, now: float) -> bool:
        """Tell whether it is too early for a database that was never up to count as trouble."""
        return not self._was_up and now < self._began + START_PATIENCE

    def connected(self, now: float) -> bool:
        """The sequencing session works."""
        self._connected = True
        self._answering = True
        return self._say(now, "")

    def lost(self, reason: str, now: float) -> bool:
        """The sequencing session ended, or does not work; ``reason`` is a sentence."""
        self._connected = False
        return self._say(now, reason)

    def silent(self, reason: str, now: float) -> bool:
        """A trivial question was not answered in time."""
        self._answering = False
        return self._say(now, reason if self._connected else self.reason)

    def answered(self, now: float) -> bool:
        """A trivial question was answered."""
        self._answering = True
        return self._say(now, "" if self._connected else self.reason)

    def _say(self, now: float, reason: str) -> bool:
        up = self._connected and self._answering
        changed = (up, reason) != (self.up, self.reason)
        if up != self.up:
            self.since = now
        self.up, self.reason = up, reason
        self._was_up = self._was_up or up
        return changed

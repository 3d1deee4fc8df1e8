"""What was heard and not looked at yet: flags set by the listening session, taken by whoever acts on them."""

from __future__ import annotations

import asyncio

FAILURES_KEPT = 10.0
"""Seconds for which a standby remembers what only the leader reports, in case it becomes the leader."""

REPORTS_KEPT = 10_000
"""Tables reported at a time; every role may ring, so there is a bound."""


class Signals:
    """Flags between the tasks of one event loop. ``audible``: notifications arrive, as far as is known."""

    def __init__(self) -> None:
        self.audible = False
        self.catalog_stale = asyncio.Event()
        self.revocations_stale = asyncio.Event()
        self._changed = asyncio.Event()
        self._rang = False
        self._failures: dict[str, float] = {}

    def ring(self) -> None:
        """There may be something to look at."""
        self._rang = True
        self._changed.set()

    def hear(self, audible: bool) -> None:
        """Notifications arrive, or do not, from now on."""
        if audible != self.audible:
            self.audible = audible
            self.ring()

    def capture_failed(self, table: str, now: float) -> None:
        """Changes of a table could not be captured, and this is all that could be said about it."""
        if len(self._failures) < REPORTS_KEPT:
            self._failures[table] = now
        self.ring()

    def take_ring(self) -> bool:
        """Return whether something rang since the last call."""
        rang, self._rang = self._rang, False
        self._changed.clear()
        return rang

    def failures(self, now: float) -> list[str]:
        """Return the tables whose failed capture is to be reported, each once; forget those of long ago."""
        self._failures = {table: at for table, at in self._failures.items() if at >= now - FAILURES_KEPT}
        return list(self._failures)

    def reported(self, table: str) -> None:
        """The failed capture is in the log now."""
        self._failures.pop(table, None)

    async def wait(self, timeout: float) -> None:
        """Wait until something rings, at most ``timeout`` seconds. Cancelling loses nothing."""
        if timeout <= 0 or self._rang:
            return
        try:
            async with asyncio.timeout(timeout):
                await self._changed.wait()
        except TimeoutError:
            pass

"""Pages of the log, fetched for readers who stand before the ring: a small cache and what is being asked for.

Readers who stand near each other share a page: after a gateway died, hundreds resume from about the same position.
"""

from __future__ import annotations

from collections import deque

from services.gateway.ring import Page


class History:
    """At most ``max_pages`` pages of at most ``page_events`` events; the oldest fetched goes first."""

    __slots__ = ("_asked", "_page_events", "_pages")

    def __init__(self, *, max_pages: int, page_events: int) -> None:
        self._page_events = page_events
        self._pages: deque[Page] = deque(maxlen=max_pages)
        self._asked: set[int] = set()

    def is_asked(self, after_seq: int) -> bool:
        """Tell whether a page that is being fetched may hold what follows this position."""
        return any(asked <= after_seq < asked + self._page_events for asked in self._asked)

    def ask(self, after_seq: int) -> None:
        """Take note that a page is being fetched."""
        self._asked.add(after_seq)

    def answered(self, after_seq: int) -> None:
        """Take note that the fetch ended, well or not."""
        self._asked.discard(after_seq)

    def add(self, page: Page) -> None:
        """Keep a page."""
        self._pages.append(page)

    def holding(self, seq: int) -> Page | None:
        """Return a page that holds the entry *seq*."""
        return next((page for page in self._pages if page.holds(seq)), None)

    def clear(self) -> None:
        """Forget the pages: another epoch has begun."""
        self._pages.clear()

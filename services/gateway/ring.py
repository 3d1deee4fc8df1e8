"""The ring: the most recent events, consecutive by seq, bounded by number and by bytes.

It is the only copy of an event that a gateway keeps, however many clients there are. A :class:`Page` is a stretch of
older events that was fetched from the log for readers who stand before the ring.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.entries import Entry


class Page:
    """Consecutive entries after ``after_seq``; does not change."""

    __slots__ = ("_entries", "after_seq")

    def __init__(self, after_seq: int, entries: Sequence[Entry]) -> None:
        self.after_seq = after_seq
        self._entries = entries

    def holds(self, seq: int) -> bool:
        """Tell whether the entry *seq* is here."""
        return 0 < seq - self.after_seq <= len(self._entries)

    def after(self, seq: int, limit: int) -> Sequence[Entry]:
        """Return at most *limit* entries that follow *seq*."""
        start = seq - self.after_seq
        return self._entries[start : start + limit]


class Ring:
    """Entries ``after_seq + 1`` to ``top`` of one epoch; the epoch is empty until the stream was joined."""

    __slots__ = ("_entries", "_max_bytes", "_max_events", "_start", "bytes", "epoch", "top")

    def __init__(self, *, max_events: int, max_bytes: int) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self.reset("", 0)

    def reset(self, epoch: str, seq: int) -> None:
        """Forget everything and stand at *seq* of *epoch*."""
        self.epoch = epoch
        self.top = seq
        self.bytes = 0
        self._entries: list[Entry] = []
        self._start = 0

    def __len__(self) -> int:
        return len(self._entries) - self._start

    @property
    def after_seq(self) -> int:
        """The oldest position that can be served from here."""
        return self.top - len(self)

    def holds(self, seq: int) -> bool:
        """Tell whether the entry *seq* is here."""
        return self.after_seq < seq <= self.top

    def after(self, seq: int, limit: int) -> Sequence[Entry]:
        """Return at most *limit* entries that follow *seq*, which is not before :attr:`after_seq`."""
        if not self.after_seq <= seq <= self.top:
            raise AssertionError("the caller asked holds() first")
        start = self._start + seq - self.after_seq
        return self._entries[start : start + limit]

    def extend(self, entries: Sequence[Entry]) -> None:
        """Append entries that follow :attr:`top`, and let the oldest go."""
        if entries and entries[0].seq != self.top + 1:
            raise AssertionError("the intake yields every seq once, in order")
        self._entries.extend(entries)
        self.top += len(entries)
        self.bytes += sum(entry.size for entry in entries)
        self._evict()

    def _evict(self) -> None:
        start, kept = self._start, self._entries
        while len(kept) - start > self._max_events or (self.bytes > self._max_bytes and len(kept) - start > 1):
            self.bytes -= kept[start].size
            start += 1
        self._start = start
        self._compact()

    def _compact(self) -> None:
        """Let go of evicted entries in portions, so that eviction costs O(1) an entry."""
        if self._start > 1024 or self._start == len(self._entries):
            del self._entries[: self._start]
            self._start = 0

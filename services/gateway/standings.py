"""Where every reader stands: in one state, live with its group or among those who wait; and what it was told.

A reader's state follows from its cursor, from its transport, and from where what follows the cursor can be had: in the
ring, on a page of the log, or not yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.gateway.history import History
from services.gateway.readers import Group, Reader, ReaderState
from services.gateway.ring import Page, Ring


class Standings:
    """Readers by state; one that is GONE is not kept. ``written_to`` is the seq that live groups are being written."""

    __slots__ = ("_history", "_ring", "_untold", "_waiting", "written_to")

    def __init__(self, ring: Ring, history: History) -> None:
        self._ring = ring
        self._history = history
        self._waiting: dict[ReaderState, dict[Reader, None]] = {
            state: {} for state in ReaderState if state not in (ReaderState.LIVE, ReaderState.GONE)
        }
        self._untold: dict[Reader, int] = {}
        self.written_to: int | None = None

    def __len__(self) -> int:
        """Return how many readers are not caught up."""
        return sum(len(readers) for readers in self._waiting.values())

    def waiting(self, state: ReaderState) -> Mapping[Reader, None]:
        """Return the readers in a state that is neither LIVE nor GONE, those first that came to it first."""
        return self._waiting[state]

    def listed(self, state: ReaderState) -> list[Reader]:
        """Return the same as a list, for whoever moves some of them."""
        return list(self._waiting[state])

    def everyone_waiting(self) -> list[Reader]:
        """Return every reader that is not caught up."""
        return [reader for readers in self._waiting.values() for reader in readers]

    def source(self, cursor: int) -> Ring | Page | None:
        """Return where what follows *cursor* can be had, None where it must be fetched."""
        return self._ring if self._ring.holds(cursor + 1) else self._history.holding(cursor + 1)

    def place(self, reader: Reader) -> None:
        """Put a reader into the state that its cursor and its transport call for."""
        if reader.paused:
            self.enter(reader, ReaderState.PAUSED)
        elif reader.cursor > self._ring.top:
            self.enter(reader, ReaderState.AHEAD)
        elif reader.cursor == self._ring.top:
            self.enter(reader, ReaderState.LIVE)
        elif self.source(reader.cursor) is not None:
            self.enter(reader, ReaderState.READY)
        else:
            self.enter(reader, ReaderState.STARVED)

    def enter(self, reader: Reader, state: ReaderState) -> None:
        """Move a reader from its state to another."""
        if reader.state is ReaderState.LIVE:
            del reader.group.live_with(reader)[reader]
            self._untold.pop(reader, None)
        elif reader.state is not ReaderState.GONE:
            del self._waiting[reader.state][reader]
        reader.state = state
        if state is ReaderState.LIVE:
            reader.group.live_with(reader)[reader] = reader.write
            if reader.told < self._ring.top:
                self._untold[reader] = self._ring.top
        elif state is not ReaderState.GONE:
            self._waiting[state][reader] = None

    def stands_at(self, reader: Reader) -> int:
        """Return up to where everything that matches was written to a reader."""
        if reader.state is not ReaderState.LIVE:
            return reader.cursor
        return self._ring.top if self.written_to is None else self.written_to

    def told(self, reader: Reader) -> int:
        """Return the largest seq that a frame told this reader, its own or its group's since it joined that."""
        told = reader.told
        if reader.state is ReaderState.LIVE:
            if reader.group.told > self._untold.get(reader, -1):
                told = max(told, reader.group.told)
            if self.written_to is not None:
                told = max(told, self.written_to)
        return told

    def take_untold(self, groups: Iterable[Group]) -> list[Reader]:
        """Return, once, the live readers that no frame has told the top; they count as told it from now on."""
        top = self._ring.top
        behind = [group for group in groups if group.told < top]
        # A reader that came to be live after its group was told the top is not in any of those groups.
        untold = [reader for reader, joined_at in self._untold.items() if joined_at == top <= reader.group.told]
        self._untold.clear()
        for group in behind:
            group.told = top
            untold += [reader for reader in group.all_live() if reader.told < top]
        for reader in untold:
            reader.told = top
        return untold

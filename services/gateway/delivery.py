"""Delivery: what is written to whom, from one ring, without a queue for anybody.

Readers that are caught up get each batch as one joined chunk a group. A reader whose transport is above its
high-water mark is skipped; when it reads again it is served from its cursor in turns: from the ring, from a page of
the log, and where that position is no longer kept with one ``resync``. What a reader may hold unread is therefore one
high-water mark and one chunk, however slow it is and however much happens.

Nothing here waits or does I/O: ``Reader.write`` must only hand bytes to a transport, and the transport calls
:meth:`Delivery.pause` from within it when it is full. The order of a reader's frames is the order of these calls.
``now`` is Unix time in seconds, for the messages' timestamps, unless it says monotonic.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.gateway.chunks import chunks, take
from services.gateway.counts import Counts
from services.gateway.entries import Entry, resync
from services.gateway.frames import text_frame
from services.gateway.groups import Groups
from services.gateway.history import History
from services.gateway.readers import Group, Reader, ReaderState, Write
from services.gateway.rights.views import View
from services.gateway.ring import Page, Ring
from services.gateway.subscriptions import Interest
from shared.positions import Position
from shared.protocol import encode

SCAN_EVENTS: Final = 512
"""How many entries are looked at for one reader in one turn."""

AHEAD_PATIENCE: Final = 1.0
"""Seconds a reader may stand ahead of what the leader says is the top before its position counts as foreign."""


class Delivery:
    """The ring, the groups, and every reader in exactly one state."""

    def __init__(self, ring: Ring, history: History) -> None:
        self.ring = ring
        self.history = history
        self.groups = Groups()
        self.counts = Counts()
        self._waiting: dict[ReaderState, dict[Reader, None]] = {
            state: {} for state in ReaderState if state not in (ReaderState.LIVE, ReaderState.GONE)
        }
        self._untold: dict[Reader, int] = {}
        self._written_to: int | None = None

    @property
    def position(self) -> Position:
        """Where a reader stands that joins now."""
        return Position(self.ring.epoch, self.ring.top)

    @property
    def lagging(self) -> int:
        """How many readers are not caught up."""
        return sum(len(readers) for readers in self._waiting.values())

    @property
    def ready(self) -> bool:
        """Tell whether :meth:`serve` has something to do."""
        return bool(self._waiting[ReaderState.READY])

    @property
    def starved(self) -> bool:
        """Tell whether somebody waits for a page of the log."""
        return bool(self._waiting[ReaderState.STARVED])

    def join(self, write: Write, interest: Interest, view: View | None = None) -> Reader:
        """Enter a reader that was told the present position and is live from there; *view* None: it sees all."""
        reader = Reader(write, self.groups.enter(interest, view))
        reader.cursor = reader.told = self.ring.top
        self._place(reader)
        return reader

    def can_resume(self, position: Position) -> bool:
        """Tell whether a resume from *position* may succeed: its epoch is the present one, or none is known yet."""
        return not self.ring.epoch or position.epoch == self.ring.epoch

    def is_ahead(self, position: Position) -> bool:
        """Tell whether the stream has not come as far as *position* here, so that nothing vouches for it yet."""
        return bool(self.ring.epoch) and position.seq > self.ring.top

    def resume(
        self,
        write: Write,
        interest: Interest,
        position: Position,
        view: View | None = None,
        *,
        now: float,
        monotonic: float,
    ) -> Reader:
        """Enter a reader that goes on from a position it had; one of another epoch is told to resync."""
        reader = Reader(write, self.groups.enter(interest, view))
        reader.cursor = reader.told = position.seq
        reader.epoch = position.epoch
        reader.since = monotonic
        if not self.ring.epoch:
            self._enter(reader, ReaderState.PENDING)
        elif position.epoch == self.ring.epoch:
            self._place(reader)
        else:
            self.counts.resumes["expired"] += 1
            self._resync(reader, "epoch_changed", now)
            return reader
        self.counts.resumes["log" if reader.state is ReaderState.STARVED else "ring"] += 1
        return reader

    def leave(self, reader: Reader) -> None:
        """Forget a reader. Idempotent."""
        if reader.state is not ReaderState.GONE:
            self._enter(reader, ReaderState.GONE)
            self.groups.leave(reader.group)

    def change_interest(self, reader: Reader, interest: Interest) -> int:
        """Give a reader another interest and return the seq after which it holds."""
        return self._regroup(reader, interest, reader.group.view)

    def change_view(self, reader: Reader, view: View | None, now: float) -> None:
        """Give a reader other rights: what it shows may be too much or too little, so it reloads."""
        self._regroup(reader, reader.group.interest, view)
        if reader.state is not ReaderState.PENDING:
            self._resync(reader, "rights_changed", now)

    def _regroup(self, reader: Reader, interest: Interest, view: View | None) -> int:
        cursor, told, state = self._stands_at(reader), self._told(reader), reader.state
        self._enter(reader, ReaderState.GONE)
        self.groups.leave(reader.group)
        reader.group = self.groups.enter(interest, view)
        reader.cursor, reader.told = cursor, told
        if state is ReaderState.PENDING:
            self._enter(reader, state)
        else:
            self._place(reader)
        return cursor

    def deliver(self, entries: Sequence[Entry]) -> None:
        """Append new entries and write them to every live reader they concern."""
        matched = self.groups.match(entries)
        self.ring.extend(entries)
        for group, wanted in matched.items():
            self._write_to_group(group, wanted)
        self._written_to = None
        for reader in [reader for reader in self._waiting[ReaderState.AHEAD] if reader.cursor <= self.ring.top]:
            self._place(reader)

    def pause(self, reader: Reader) -> None:
        """The reader's transport is full; may be called from within ``Reader.write``."""
        reader.paused = True
        if reader.state not in (ReaderState.GONE, ReaderState.PENDING):
            reader.cursor, reader.told = self._stands_at(reader), self._told(reader)
            self._enter(reader, ReaderState.PAUSED)

    def unpause(self, reader: Reader, now: float) -> None:
        """The reader's transport takes bytes again."""
        reader.paused = False
        if reader.state is not ReaderState.PAUSED:
            return
        if reader.owed is not None:
            self._resync(reader, reader.owed, now)
        else:
            self._place(reader)

    def serve(self, budget: int) -> None:
        """Write the next chunk to readers that lag, each in its turn, looking at about *budget* entries in all."""
        ready = self._waiting[ReaderState.READY]
        while ready and budget > 0:
            budget -= self._serve(next(iter(ready)))

    def next_wanted(self) -> int | None:
        """Return a position whose events must be fetched from the log and are not being fetched, or None."""
        starved = self._waiting[ReaderState.STARVED]
        return next((reader.cursor for reader in starved if not self.history.is_asked(reader.cursor)), None)

    def add_page(self, page: Page) -> None:
        """Take a page of the log and make ready whoever waits for it."""
        self.history.add(page)
        for reader in list(self._waiting[ReaderState.STARVED]):
            if self._source(reader.cursor) is not None:
                self._place(reader)

    def expire(self, after_seq: int, now: float) -> None:
        """The log no longer holds what follows *after_seq*: whoever waits for that, or for older, must reload."""
        for reader in [reader for reader in self._waiting[ReaderState.STARVED] if reader.cursor <= after_seq]:
            self._resync(reader, "position_expired", now)

    def tell_positions(self, now: float) -> None:
        """Tell every live reader the top, unless a frame told it already. To be called at most once a second."""
        top = self.ring.top
        frame = text_frame(encode("position", {"epoch": self.ring.epoch, "seq": top}, now))
        behind = [group for group in self.groups if group.told < top]
        # A reader that came to be live after its group was told the top is not in any of those groups.
        missed = [reader for reader, joined_at in self._untold.items() if joined_at == top]
        told_late = [reader for reader in missed if reader.group.told >= top]
        self._untold.clear()
        for group in behind:
            group.told = top
            told_late += [reader for reader in group.live if reader.told < top]
        for reader in told_late:
            reader.told = top
            reader.write(frame)

    def reset(self, epoch: str, seq: int, reason: str, now: float) -> None:
        """Go on from a position that does not connect to what readers have: everyone reloads.

        Only who resumed from a position of this epoch that has not been reached yet goes on where it stands.
        """
        everyone = [reader for group in self.groups for reader in group.live]
        everyone += [reader for readers in self._waiting.values() for reader in readers]
        unmoved = {reader for reader in self._waiting[ReaderState.PENDING] if reader.epoch == epoch}
        if epoch == self.ring.epoch:
            unmoved.update(self._waiting[ReaderState.AHEAD])
        self.ring.reset(epoch, seq)
        self.history.clear()
        self.groups.vision.reset(epoch)
        for group in self.groups:
            group.told = seq
        for reader in everyone:
            if reader in unmoved:
                self._place(reader)
            else:
                self._resync(reader, reason, now)

    def check_ahead(self, leader_top: int, *, now: float, monotonic: float) -> None:
        """A leader's beat said where the top is: a position beyond it was never reached here."""
        for reader in list(self._waiting[ReaderState.AHEAD]):
            if leader_top < reader.cursor and monotonic - reader.since >= AHEAD_PATIENCE:
                self._resync(reader, "epoch_changed", now)

    def _write_to_group(self, group: Group, entries: Sequence[Entry]) -> None:
        for chunk in chunks(entries):
            self._written_to = chunk.last_seq
            writes = list(group.live.values())
            for write in writes:
                write(chunk.frames)
            self.counts.deliveries += chunk.events * len(writes)
        group.told = entries[-1].seq

    def _serve(self, reader: Reader) -> int:
        """Write one chunk and return how many entries were looked at."""
        source = self._source(reader.cursor)
        if source is None:
            self._place(reader)
            return 1
        taken = take(source.after(reader.cursor, SCAN_EVENTS), self.groups.shown(reader.group))
        reader.cursor = taken.last_seq
        if taken.events:
            reader.told = taken.told_seq
            self.counts.deliveries += taken.events
            reader.write(taken.frames)
        if reader.state is ReaderState.READY:
            self._place(reader)
        return taken.scanned

    def _resync(self, reader: Reader, reason: str, now: float) -> None:
        """Tell a reader to reload and let it go on from the top, as soon as its transport can take that."""
        if reader.paused:
            reader.owed = reason
            self._enter(reader, ReaderState.PAUSED)
            return
        reader.owed = None
        reader.cursor = reader.told = self.ring.top
        self.counts.resyncs[reason] += 1
        self._place(reader)
        reader.write(text_frame(encode("resync", resync(reason, None, self.ring.epoch, self.ring.top), now)))

    def _place(self, reader: Reader) -> None:
        """Put a reader into the state that its cursor and its transport call for."""
        if reader.paused:
            self._enter(reader, ReaderState.PAUSED)
        elif reader.cursor > self.ring.top:
            self._enter(reader, ReaderState.AHEAD)
        elif reader.cursor == self.ring.top:
            self._enter(reader, ReaderState.LIVE)
        elif self._source(reader.cursor) is not None:
            self._enter(reader, ReaderState.READY)
        else:
            self._enter(reader, ReaderState.STARVED)

    def _enter(self, reader: Reader, state: ReaderState) -> None:
        if reader.state is ReaderState.LIVE:
            del reader.group.live[reader]
            self._untold.pop(reader, None)
        elif reader.state is not ReaderState.GONE:
            del self._waiting[reader.state][reader]
        reader.state = state
        if state is ReaderState.LIVE:
            reader.group.live[reader] = reader.write
            if reader.told < self.ring.top:
                self._untold[reader] = self.ring.top
        elif state is not ReaderState.GONE:
            self._waiting[state][reader] = None

    def _source(self, cursor: int) -> Ring | Page | None:
        return self.ring if self.ring.holds(cursor + 1) else self.history.holding(cursor + 1)

    def _stands_at(self, reader: Reader) -> int:
        if reader.state is not ReaderState.LIVE:
            return reader.cursor
        return self.ring.top if self._written_to is None else self._written_to

    def _told(self, reader: Reader) -> int:
        """Return the largest seq that a frame told this reader, its own or its group's since it joined that."""
        told = reader.told
        if reader.state is ReaderState.LIVE:
            if reader.group.told > self._untold.get(reader, -1):
                told = max(told, reader.group.told)
            if self._written_to is not None:
                told = max(told, self._written_to)
        return told

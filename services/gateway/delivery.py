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

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from services.gateway.chunks import chunks, take
from services.gateway.counts import Counts
from services.gateway.deflation import Deflation
from services.gateway.entries import Entry, resync
from services.gateway.frames import text_frame
from services.gateway.groups import Groups
from services.gateway.history import History
from services.gateway.readers import Group, Reader, ReaderState, Write
from services.gateway.rights.epochs import changed_since, epoch_told, history_of
from services.gateway.rights.views import View
from services.gateway.ring import Page, Ring
from services.gateway.standings import Standings
from services.gateway.subscriptions import Interest
from shared.positions import Position
from shared.protocol import encode

SCAN_EVENTS: Final = 512
"""How many entries are looked at for one reader in one turn."""

LAGGING_BYTES: Final = 256 * 1024
"""Bytes of events that are compressed in one turn for readers that lag: some milliseconds' worth."""

AHEAD_PATIENCE: Final = 1.0
"""Seconds a reader may stand ahead of what the leader says is the top before its position counts as foreign."""


class Delivery:
    """The ring, the groups, and every reader in exactly one state."""

    def __init__(self, ring: Ring, history: History, deflation: Deflation | None = None) -> None:
        self.ring = ring
        self.history = history
        self.deflation = deflation or Deflation(min_bytes=0)
        self.groups = Groups()
        self.counts = Counts()
        self._standings = Standings(ring, history)

    @property
    def position(self) -> Position:
        """Where the stream stands."""
        return Position(self.ring.epoch, self.ring.top)

    @property
    def lagging(self) -> int:
        """How many readers are not caught up."""
        return len(self._standings)

    @property
    def ready(self) -> bool:
        """Tell whether :meth:`serve` has something to do."""
        return bool(self._standings.waiting(ReaderState.READY))

    @property
    def starved(self) -> bool:
        """Tell whether somebody waits for a page of the log."""
        return bool(self._standings.waiting(ReaderState.STARVED))

    def join(self, write: Write, interest: Interest, view: View | None = None, *, deflates: bool = False) -> Reader:
        """Enter a reader that was told the present position and is live from there; *view* None: it sees all."""
        reader = Reader(write, self.groups.enter(interest, view), deflates=deflates)
        reader.cursor = reader.told = self.ring.top
        self._standings.place(reader)
        return reader

    def joins_at(self, view: View | None) -> Position:
        """Return where a reader stands that joins now, as it is told."""
        return Position(epoch_told(self.ring.epoch, view), self.ring.top)

    def can_resume(self, position: Position, view: View | None = None) -> bool:
        """Tell whether a resume from *position* may succeed: nothing speaks against it, or no epoch is known yet."""
        return not self.ring.epoch or changed_since(position.epoch, self.ring.epoch, view) is None

    def missed_since(self, position: Position) -> int:
        """Return how many events lie behind a position, as far as it is known here what that is."""
        return max(0, self.ring.top - position.seq) if history_of(position.epoch) == self.ring.epoch else 0

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
        expired: bool = False,
        deflates: bool = False,
    ) -> Reader:
        """Enter a reader that goes on from a position it had.

        It must reload where that was in another history, or by other rights, or where it is *expired*: it missed more
        than it is to have again.
        """
        reader = Reader(write, self.groups.enter(interest, view), deflates=deflates)
        reader.cursor = reader.told = position.seq
        reader.epoch = position.epoch
        reader.since = monotonic
        reason = changed_since(position.epoch, self.ring.epoch, view)
        if reason is None and expired:
            reason = "position_expired"
        if not self.ring.epoch:
            self._standings.enter(reader, ReaderState.PENDING)
        elif reason is not None:
            self.counts.resumes["expired"] += 1
            self._resync(reader, reason, now)
            return reader
        else:
            self._standings.place(reader)
        self.counts.resumes["log" if reader.state is ReaderState.STARVED else "ring"] += 1
        return reader

    def leave(self, reader: Reader) -> None:
        """Forget a reader. Idempotent."""
        if reader.state is not ReaderState.GONE:
            self._standings.enter(reader, ReaderState.GONE)
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
        cursor, told, state = self._standings.stands_at(reader), self._standings.told(reader), reader.state
        self._standings.enter(reader, ReaderState.GONE)
        self.groups.leave(reader.group)
        reader.group = self.groups.enter(interest, view)
        reader.cursor, reader.told = cursor, told
        if state is ReaderState.PENDING:
            self._standings.enter(reader, state)
        else:
            self._standings.place(reader)
        return cursor

    def deliver(self, entries: Sequence[Entry]) -> None:
        """Append new entries and write them to every live reader they concern."""
        matched = self.groups.match(entries)
        self.ring.extend(entries)
        for group, wanted in matched.items():
            self._write_to_group(group, wanted)
        self._standings.written_to = None
        for reader in self._standings.listed(ReaderState.AHEAD):
            if reader.cursor <= self.ring.top:
                self._standings.place(reader)

    def pause(self, reader: Reader) -> None:
        """The reader's transport is full; may be called from within ``Reader.write``."""
        reader.paused = True
        if reader.state not in (ReaderState.GONE, ReaderState.PENDING):
            reader.cursor, reader.told = self._standings.stands_at(reader), self._standings.told(reader)
            self._standings.enter(reader, ReaderState.PAUSED)

    def unpause(self, reader: Reader, now: float) -> None:
        """The reader's transport takes bytes again."""
        reader.paused = False
        if reader.state is not ReaderState.PAUSED:
            return
        if reader.owed is not None:
            self._resync(reader, reader.owed, now)
        else:
            self._standings.place(reader)

    def serve(self, budget: int) -> None:
        """Write the next chunk to readers that lag, each in its turn, looking at about *budget* entries in all."""
        ready = self._standings.waiting(ReaderState.READY)
        self.deflation.allowance = LAGGING_BYTES
        while ready and budget > 0:
            budget -= self._serve(next(iter(ready)))

    def next_wanted(self) -> int | None:
        """Return a position whose events must be fetched from the log and are not being fetched, or None."""
        starved = self._standings.waiting(ReaderState.STARVED)
        return next((reader.cursor for reader in starved if not self.history.is_asked(reader.cursor)), None)

    def add_page(self, page: Page) -> None:
        """Take a page of the log and make ready whoever waits for it."""
        self.history.add(page)
        for reader in self._standings.listed(ReaderState.STARVED):
            if self._standings.source(reader.cursor) is not None:
                self._standings.place(reader)

    def expire(self, after_seq: int, now: float) -> None:
        """The log no longer holds what follows *after_seq*: whoever waits for that, or for older, must reload."""
        for reader in self._standings.listed(ReaderState.STARVED):
            if reader.cursor <= after_seq:
                self._resync(reader, "position_expired", now)

    def tell_positions(self, now: float) -> None:
        """Tell every live reader the top, unless a frame told it already. To be called at most once a second."""
        top = self.ring.top
        frames: dict[str, bytes] = {}
        for reader in self._standings.take_untold(self.groups):
            epoch = epoch_told(self.ring.epoch, reader.group.view)
            if epoch not in frames:
                frames[epoch] = text_frame(encode("position", {"epoch": epoch, "seq": top}, now))
            reader.write(frames[epoch])

    def reset(self, epoch: str, seq: int, reason: str, now: float) -> None:
        """Go on from a position that does not connect to what readers have: everyone reloads.

        Only who resumed from a position of this epoch that has not been reached yet goes on where it stands.
        """
        everyone = [reader for group in self.groups for reader in group.all_live()] + self._standings.everyone_waiting()
        pending = set(self._standings.listed(ReaderState.PENDING))
        unmoved = set(self._standings.listed(ReaderState.AHEAD)) if epoch == self.ring.epoch else set()
        self.ring.reset(epoch, seq)
        self.history.clear()
        self.groups.vision.reset(epoch)
        for group in self.groups:
            group.told = seq
        for reader in everyone:
            changed = changed_since(reader.epoch, epoch, reader.group.view) if reader in pending else reason
            if reader in unmoved or changed is None:
                self._standings.place(reader)
            else:
                self._resync(reader, changed, now)

    def doubted(self, leader_top: int, *, monotonic: float) -> int | None:
        """Return the furthest position beyond what a leader said is the top, None where nobody has had one for long.

        What was said may be old, a reader that has more be right: the leader is to be asked before it is rejected.
        """
        return max((reader.cursor for reader in self._beyond(leader_top, monotonic)), default=None)

    def reject_beyond(self, leader_top: int, *, asked_at: float, now: float) -> None:
        """A leader, asked at *asked_at* (monotonic), answered where the top is: nothing beyond was ever reached."""
        for reader in self._beyond(leader_top, asked_at):
            self._resync(reader, "epoch_changed", now)

    def _beyond(self, top: int, monotonic: float) -> list[Reader]:
        ahead = self._standings.waiting(ReaderState.AHEAD)
        return [reader for reader in ahead if top < reader.cursor and monotonic - reader.since >= AHEAD_PATIENCE]

    def _write_to_group(self, group: Group, entries: Sequence[Entry]) -> None:
        if group.live:
            self._write(group.live, entries)
        if group.deflating:
            self._write(group.deflating, [self.deflation.deflated(entry) for entry in entries])
        group.told = entries[-1].seq

    def _write(self, readers: Mapping[Reader, Write], entries: Sequence[Entry]) -> None:
        for chunk in chunks(entries):
            self._standings.written_to = chunk.last_seq
            writes = list(readers.values())
            for write in writes:
                write(chunk.frames)
            self.counts.deliveries += chunk.events * len(writes)

    def _serve(self, reader: Reader) -> int:
        """Write one chunk and return how many entries were looked at."""
        source = self._standings.source(reader.cursor)
        if source is None:
            self._standings.place(reader)
            return 1
        taken = take(source.after(reader.cursor, SCAN_EVENTS), self._shown(reader))
        reader.cursor = taken.last_seq
        if taken.events:
            reader.told = taken.told_seq
            self.counts.deliveries += taken.events
            reader.write(taken.frames)
        if reader.state is ReaderState.READY:
            self._standings.place(reader)
        return taken.scanned

    def _shown(self, reader: Reader) -> Callable[[Entry], Entry | None]:
        """Return what tells what a reader is to be written of one entry, None for nothing."""
        shown = self.groups.shown(reader.group)
        return self.deflation.deflating_if_allowed(shown) if reader.deflates else shown

    def _resync(self, reader: Reader, reason: str, now: float) -> None:
        """Tell a reader to reload and let it go on from the top, as soon as its transport can take that."""
        if reader.paused:
            reader.owed = reason
            self._standings.enter(reader, ReaderState.PAUSED)
            return
        reader.owed = None
        reader.cursor = reader.told = self.ring.top
        self.counts.resyncs[reason] += 1
        self._standings.place(reader)
        epoch = epoch_told(self.ring.epoch, reader.group.view)
        reader.write(text_frame(encode("resync", resync(reason, None, epoch, self.ring.top), now)))

"""From what the listeners publish to one stream: every seq once, in order, or a decision to ask for what is missing.

Several lines (listeners) publish the same events; each seq is taken from whichever line has it first. What stands
ahead of a gap is held, bounded, until a replay has filled it. A loss shows as a batch that does not follow, or as a
beat whose top is ahead of what has come: both ask for a replay after a short random delay (another line may deliver
in between, and not every gateway should ask at once), one request at a time, from another line when one fails. Beats
come four times a second, so a loss is noticed well within two seconds.

An epoch is followed when the leading listener says so. While a leader of the present epoch still beats, another
epoch is not believed: a listener that lost its database must not pull every client back and forth. A standby is
followed, too, where no line holds the present epoch any more.

A bus that stores the stream brings all events by a line of its own, which is asked for replays first; it says where it
ends while no listener is heard, so that a gateway joins, and repairs what it missed, without any. It never takes a
gateway away from the epoch that a listener has named.

Which line won an event, had it too late or lost it is counted by line, and what ails a line is kept in the book.

``now`` is monotonic seconds. Order of use: :meth:`Intake.on_batch` and :meth:`Intake.on_beat` as they come;
:meth:`Intake.next_request` when they said something or time went by; then exactly one of :meth:`Intake.on_reply`,
:meth:`Intake.on_failure` for each request.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.gateway.arrivals import Arrivals
from shared.backoff import Backoff
from shared.bus.contract import Line, Standing
from shared.bus.messages import Batch, Beat, ReplayReply
from shared.events import Event
from shared.line_book import Heard, LineBook

MAX_ASKING_DELAY: Final = 0.05
"""Seconds: the random delay before a gap is asked for stays under this."""

STORED_WITHIN: Final = 0.2
"""Seconds more where the stream is stored first: a beat goes straight, and tells of events that are on their way."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The stream stands at a position from which it goes on; what readers had before does not connect to it."""

    epoch: str
    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask *line* for what follows ``after_seq``."""

    line: Line
    epoch: str
    after_seq: int


@dataclass(slots=True)
class Intake:
    """The stream as far as it has come: everything up to ``top`` of ``epoch`` was yielded."""

    max_held: int
    max_held_bytes: int
    rng: random.Random = field(default_factory=random.Random)
    epoch: str = ""
    top: int = 0
    gaps: int = 0
    dropped: int = 0
    shared_stream: bool = False
    book: LineBook = field(default_factory=LineBook)
    arrivals: dict[Line, Arrivals] = field(default_factory=lambda: defaultdict(Arrivals))
    _announced: int = 0
    _held: dict[int, Event] = field(default_factory=dict)
    _held_bytes: int = 0
    _asked: Ask | None = None
    _ask_at: float | None = None
    _failed: list[Line] = field(default_factory=list)
    _store: Line | None = None
    _is_told: bool = False
    _backoff: Backoff = field(init=False)

    def __post_init__(self) -> None:
        self._backoff = Backoff(first=0.1, cap=1.0, rng=self.rng)

    @property
    def lines(self) -> Mapping[Line, Heard]:
        """The lines that were ever heard."""
        return self.book.heard

    @property
    def behind(self) -> int:
        """How many events are known to exist and have not come."""
        return max(0, self._announced - self.top)

    @property
    def held(self) -> int:
        """How many events wait behind a gap."""
        return len(self._held)

    @property
    def wants_request(self) -> bool:
        """Tell whether :meth:`next_request` has, or will soon have, something to say."""
        return self._ask_at is not None and self._asked is None

    def on_beat(self, line: Line, beat: Beat, now: float) -> Joined | None:
        """Take note of a line's beat; return where the stream goes on when it does not go on by itself."""
        self.book.hear(line, beat, now)
        if not self.shared_stream and self.arrivals[line].on_beat(beat):
            self.book.lost(line, now)
        if not beat.epoch:
            return None
        if beat.epoch != self.epoch and not self._is_believed(beat, now):
            return None
        self._is_told = True
        if beat.epoch != self.epoch:
            return self._join(beat)
        self._announced = max(self._announced, beat.top_seq)
        self._notice_gap(now)
        return None

    def on_standing(self, line: Line, standing: Standing, now: float) -> Joined | None:
        """Take note of where a stored stream ends; it is followed until a listener has said which epoch it is.

        Whoever knows that stays: the stream may still end with a former epoch.
        """
        self._store = line
        if standing.epoch == self.epoch:
            self._announced = max(self._announced, standing.top_seq)
            self._notice_gap(now)
        elif not self._is_told and not any(beat.epoch for beat in self.book.live(now).values()):
            return self._join(standing)
        return None

    def on_batch(self, line: Line, batch: Batch, now: float) -> Sequence[Event]:
        """Return the events that are new and follow what was yielded before, if any."""
        arrivals = self.arrivals[line]
        arrivals.came(batch)
        if batch.epoch != self.epoch or not batch.events:
            return ()
        self._announced = max(self._announced, batch.events[-1].seq)
        known, dropped = self.top + self.held, self.dropped
        taken = self._take(batch.after_seq, batch.events, now)
        first = self.top + self.held - known
        arrivals.first += first
        arrivals.duplicates += len(batch.events) - first - (self.dropped - dropped)
        return taken

    def next_request(self, now: float) -> Ask | None:
        """Return the replay to ask for now; there is never more than one under way."""
        if self._asked is not None or self._ask_at is None or now < self._ask_at:
            return None
        line = self.best_line(now, avoid=self._failed)
        if line is None:
            self._ask_at = now + self._backoff.next_delay()
            return None
        self._ask_at = None
        self._asked = Ask(line, self.epoch, self.top)
        return self._asked

    def seconds_to_request(self, now: float) -> float | None:
        """Return how long until :meth:`next_request` has something to say; None while it has not."""
        return max(0.0, self._ask_at - now) if self._ask_at is not None and self._asked is None else None

    def on_reply(self, reply: ReplayReply, now: float) -> Sequence[Event] | Joined:
        """Take the answer to the request under way: events as from a batch, or where the stream goes on instead."""
        asked, self._asked = self._asked, None
        if asked is None or asked.epoch != self.epoch:
            return ()
        if reply.epoch != self.epoch or (not reply.events and not reply.expired and self.behind):
            # That listener stands elsewhere, or behind: another one knows more.
            self._try_again(asked.line, now)
            return ()
        if reply.expired and asked.after_seq == self.top:
            return self._jump(reply.top_seq)
        self._failed.clear()
        self._backoff.succeeded()
        self._announced = max(self._announced, reply.top_seq)
        taken = self._take(reply.after_seq, reply.events, now)
        if self.behind:
            self._ask_at = now
        return taken

    def on_failure(self, now: float) -> None:
        """The request under way got no answer: ask another line, later."""
        asked, self._asked = self._asked, None
        if asked is not None:
            self._try_again(asked.line, now)

    def best_line(self, now: float, *, avoid: Sequence[Line] = ()) -> Line | None:
        """Return the line to ask: one that beats, has not just failed, is of this epoch, leads, and knows most."""
        alive = self.book.live(now)

        def rank(line: Line) -> tuple[bool, bool, bool, int]:
            beat = alive[line]
            return line in avoid, beat.epoch != self.epoch, not beat.leading, -beat.top_seq

        return min(alive, key=rank, default=self._store)

    def _take(self, after_seq: int, events: Sequence[Event], now: float) -> Sequence[Event]:
        if after_seq > self.top:
            self._hold(events)
            self._notice_gap(now)
            return ()
        new = events[self.top - after_seq :]
        if not new:
            return ()
        self.top = new[-1].seq
        if self._held:
            new = [*new, *self._release()]
        if not self.behind:
            self._ask_at = None
        return new

    def _hold(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.seq <= self.top or event.seq in self._held:
                continue
            if len(self._held) >= self.max_held or self._held_bytes >= self.max_held_bytes:
                self.dropped += 1
                continue
            self._held[event.seq] = event
            self._held_bytes += len(event.message)

    def _release(self) -> list[Event]:
        """Return the held events that follow ``top``, and let go of those before it."""
        released: list[Event] = []
        while (event := self._held.pop(self.top + 1, None)) is not None:
            self.top = event.seq
            self._held_bytes -= len(event.message)
            released.append(event)
        for seq in [seq for seq in self._held if seq <= self.top]:
            self._held_bytes -= len(self._held.pop(seq).message)
        return released

    def _notice_gap(self, now: float) -> None:
        if self.behind and self._asked is None and self._ask_at is None:
            self.gaps += 1
            patience = STORED_WITHIN if self.shared_stream else 0.0
            self._ask_at = now + patience + self.rng.uniform(0.0, MAX_ASKING_DELAY)

    def _try_again(self, failed: Line, now: float) -> None:
        if failed in self._failed:
            self._failed.clear()
        self._failed.append(failed)
        if self.behind:
            self._ask_at = now + self._backoff.next_delay()

    def _is_believed(self, beat: Beat, now: float) -> bool:
        if not self.epoch:
            return True
        present = [known for known in self.book.live(now).values() if known.database_up and known.epoch == self.epoch]
        if beat.leading:
            return beat.database_up and not any(known.leading for known in present)
        # A standby follows the log of a leader that is not heard here: better than a stream that stands still.
        return beat.database_up and not present

    def _join(self, found: Beat | Standing) -> Joined:
        self.epoch = found.epoch
        self._restart_at(found.top_seq)
        return Joined(self.epoch, self.top, "epoch_changed")

    def _jump(self, top: int) -> Joined:
        self._restart_at(top)
        return Joined(self.epoch, self.top, "position_expired")

    def _restart_at(self, top: int) -> None:
        self.top = self._announced = top
        self._held.clear()
        self._held_bytes = 0
        self._ask_at = None
        self._failed.clear()

"""The doorbell: when writers ring, when the sequencer polls, and how it changes from one to the other.

A NOTIFY in a writing transaction takes a lock of the whole database until the commit, so writers ring only for a
sequencer that sleeps. The sequencer shows that it is awake by holding the advisory lock K exclusively: a writer that
cannot share K skips its ring. Letting K go is the delicate moment, because a writer that skipped may commit later:

===========  =================================  ===========================================================
state        what it does                       what leads out of it
===========  =================================  ===========================================================
BUSY         holds K, polls                     quiet for a while, with K held and a bell to hear: LETTING_GO
LETTING_GO   K released; polls, and hears       an empty drain that saw the end of every transaction that
             the bell                           could have skipped: IDLE; anything found, or deaf: BUSY
IDLE         waits for the bell                 anything found, or deaf: BUSY
===========  =================================  ===========================================================

*Who could have skipped*: whoever wrote before the release, hence whoever has a transaction id below one that is
assigned after it, the **horizon**. (The xmax of a snapshot will not do: it is one more than the latest *completed*
id, and running writers may stand above it; see ``GetSnapshotData`` in PostgreSQL's procarray.c.) A drain whose
snapshot has an xmin beyond the horizon sees all they committed. *Without a bell* (where prepared transactions are
allowed writers never ring; a LISTEN may be broken) the machine stays BUSY and polls for ever.

Order of use: ask :meth:`Doorbell.next`, carry it out, tell the outcome, repeat. :meth:`Doorbell.rang` and
:meth:`Doorbell.hear` may be told at any moment. One instance serves one database
session; after a reconnect begin with a new one. Times are monotonic seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """Whether writers ring, and whether the sequencer polls."""

    BUSY = "busy"
    LETTING_GO = "letting_go"
    IDLE = "idle"


class Act(Enum):
    """What is to be done now."""

    DRAIN = "drain"
    TAKE = "take"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do until then; ``wakeable``: or until the bell rings."""

    until: float
    wakeable: bool


@dataclass(frozen=True, slots=True)
class Pace:
    """Intervals in seconds: ``busy`` between polls while there is work, ``watchful`` where polling lasts long.

    After ``release_after`` without work writers are asked to ring, which is sooner than the next poll; while they come
    faster than that none of them pays for a ring. ``rest`` is how many times as long as a drain took the pause after
    it lasts, between ``busy`` and ``watchful``.
    """

    busy: float = 0.005
    watchful: float = 0.02
    watchful_after: float = 0.5
    release_after: float = 0.05
    safety: float = 1.0
    rest: float = 3.0


class Doorbell:
    """The state machine; see the module's text for its table."""

    def __init__(self, pace: Pace, *, audible: bool, now: float) -> None:
        self.state = State.BUSY
        self.held = False
        self.audible = audible
        self._pace = pace
        self._quiet_since = now
        self._poll_at = now
        self._drain_began = now
        self._may_take = False
        self._rung = False
        self._horizon = math.inf

    def next(self, now: float) -> Act | Wait:
        """Return what to do at ``now``."""
        busy = self.state is State.BUSY
        if busy and not self.held and self._may_take:
            return Act.TAKE
        if now >= self._poll_at or (self._rung and not busy):
            return Act.DRAIN
        if busy and self.held and self.audible and now >= self._quiet_since + self._pace.release_after:
            return Act.RELEASE
        return Wait(until=self._poll_at, wakeable=not busy)

    def draining(self, now: float) -> None:
        """A DRAIN begins: it answers every ring heard so far, and none that is heard while it runs."""
        self._rung = False
        self._drain_began = now

    def rang(self) -> None:
        """Somebody rang: there may be something to drain."""
        self._rung = True

    def hear(self, audible: bool, now: float) -> None:
        """The bell can, or cannot, be heard from now on. Rings before a return of hearing may have been missed."""
        if audible == self.audible:
            return
        self.audible = audible
        self._become_busy(now)
        self._poll_at = now

    def took(self, held: bool) -> None:
        """TAKE was tried; a writer that looks at K in the same instant can make it fail, it is tried again."""
        self.held = held
        self._may_take = False

    def released(self, horizon: int, now: float) -> None:
        """RELEASE was carried out; ``horizon`` is a transaction id assigned after K was free."""
        if not self.held:
            raise AssertionError("K is released by who holds it")
        self.held = False
        self._horizon = horizon
        # Hearing may have gone while K was being released: then K is taken again.
        self.state = State.LETTING_GO if self.audible else State.BUSY
        self._poll_at = now

    def drained(self, *, found: bool, more: bool, xmin: int, now: float) -> None:
        """DRAIN was carried out, in a snapshot with this xmin; ``more``: events were left for the next."""
        if found or more:
            self._become_busy(now)
        elif self.state is State.LETTING_GO and xmin > self._horizon:
            self.state = State.IDLE
        self._may_take = True
        # Under load a drain takes a while, and a little more is worth waiting for: fewer, fuller batches cost the
        # writers, who share the machine with us, far less than many small ones.
        rest = min(self._pace.rest * (now - self._drain_began), self._pace.watchful)
        self._poll_at = now if more else now + max(self._interval(now), rest)

    def _become_busy(self, now: float) -> None:
        self.state = State.BUSY
        self._quiet_since = now
        self._may_take = True

    def _interval(self, now: float) -> float:
        if self.state is State.IDLE:
            return self._pace.safety
        long_quiet = now >= self._quiet_since + self._pace.watchful_after
        return self._pace.watchful if long_quiet else self._pace.busy

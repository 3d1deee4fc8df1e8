"""Who was heard from, and since when not: the book of heartbeats.

``hear`` every heartbeat, ``review`` about once a second. A process is *present*, *late* or *lost* by the length of
its silence; a review names only those whose presence changed. ``now`` is monotonic time in seconds.

Time in which the monitor itself stood still (a suspended machine, a starved one) is nobody's silence: when two
reviews are further apart than ``max_pause``, the time between them is credited to every process.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from types import MappingProxyType
from typing import NamedTuple

from shared.heartbeats import Heartbeat


class Presence(StrEnum):
    """How a process stands by the length of its silence; ``gone`` is said once, when it is forgotten."""

    PRESENT = "present"
    LATE = "late"
    LOST = "lost"
    GONE = "gone"


@dataclass(slots=True)
class Entry:
    """The last heartbeat of a process and when it was heard; ``restarts`` counts its changes of pid."""

    heartbeat: Heartbeat
    heard_at: float
    presence: Presence = Presence.PRESENT
    restarts: int = 0


class Change(NamedTuple):
    """A process whose presence is not what it was; ``silence`` in seconds."""

    process: str
    presence: Presence
    silence: float


class Ledger:
    """Heartbeats by process name. Thresholds in seconds of silence."""

    def __init__(self, *, late_after: float, lost_after: float, forget_after: float, max_pause: float) -> None:
        self._late_after = late_after
        self._lost_after = lost_after
        self._forget_after = forget_after
        self._max_pause = max_pause
        self._entries: dict[str, Entry] = {}
        self._news: list[Change] = []
        self._reviewed_at: float | None = None
        self._listening_since: float | None = None

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Every process that is not forgotten, by name."""
        return MappingProxyType(self._entries)

    def hear(self, heartbeat: Heartbeat, now: float) -> None:
        """Note a heartbeat."""
        known = self._entries.get(heartbeat.process)
        if known is None:
            self._entries[heartbeat.process] = Entry(heartbeat, now)
            self._news.append(Change(heartbeat.process, Presence.PRESENT, 0.0))
            return
        known.restarts += known.heartbeat.pid != heartbeat.pid
        known.heartbeat, known.heard_at = heartbeat, now

    def review(self, now: float, *, meant_to_run: Collection[str] = (), stopped: Collection[str] = ()) -> list[Change]:
        """Return what changed since the last review.

        A silent process that was ``stopped`` on purpose is forgotten as soon as it would be late, one that is
        ``meant_to_run`` never, any other after ``forget_after``.
        """
        self._credit_own_pause(now)
        changes, self._news = self._news, []
        for process in list(self._entries):
            patience = _patience(process, meant_to_run, stopped, self._forget_after)
            changes.extend(self._judge(process, now, forget_after=patience))
        return changes

    def is_present(self, process: str) -> bool:
        """Tell whether that process was on time at the last review."""
        entry = self._entries.get(process)
        return entry is not None and entry.presence is Presence.PRESENT

    def quiet_for(self, process: str, now: float) -> float:
        """Return how long nothing was heard from a process while the monitor listened; 0 before the first review."""
        if self._listening_since is None:
            return 0.0
        entry = self._entries.get(process)
        since = self._listening_since if entry is None else max(entry.heard_at, self._listening_since)
        return max(0.0, now - since)

    def _credit_own_pause(self, now: float) -> None:
        if self._reviewed_at is None or self._listening_since is None:
            self._listening_since = now
        elif (paused := now - self._reviewed_at) > self._max_pause:
            self._listening_since += paused
            for entry in self._entries.values():
                entry.heard_at = min(now, entry.heard_at + paused)
        self._reviewed_at = now

    def _judge(self, process: str, now: float, *, forget_after: float) -> list[Change]:
        entry = self._entries[process]
        silence = now - entry.heard_at
        presence = self._presence(silence, forget_after)
        if presence is Presence.GONE:
            del self._entries[process]
        if presence is entry.presence:
            return []
        entry.presence = presence
        return [Change(process, presence, silence)]

    def _presence(self, silence: float, forget_after: float) -> Presence:
        if silence < self._late_after:
            return Presence.PRESENT
        if silence >= forget_after:
            return Presence.GONE
        return Presence.LATE if silence < self._lost_after else Presence.LOST


def _patience(process: str, meant_to_run: Collection[str], stopped: Collection[str], forget_after: float) -> float:
    if process in stopped:
        return 0.0
    return inf if process in meant_to_run else forget_after

"""How good each line is: one listener as somebody hears it, judged before it is needed.

Every event is taken from whichever line has it first, so a line that is silent, late or without its database is not
missed until the others fail. :class:`LineBook` is told of every beat and says at any time what ails which line, in
the same words to a gateway, to the monitor and to the doctor.

What ails is a verdict once it has lasted for :data:`PATIENCE`: a listener that starts, and one that takes over, are
given that time. ``now`` is monotonic seconds. Order of use: :meth:`LineBook.expect` the configured lines, then
:meth:`LineBook.hear` each beat; :meth:`LineBook.judge` whenever somebody asks, :meth:`LineBook.changes` to be told
once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from shared.bus.contract import Line
from shared.bus.messages import Beat

SILENT_AFTER: Final = 2.0
"""Seconds without a beat after which a line is not counted on: it beats four times a second."""

UNHEARD_AFTER: Final = 5.0
"""Seconds for which a configured line is awaited: machines start their processes together, not in order."""

PATIENCE: Final = 2.0
"""Seconds for which anything else must have been so before it counts."""

REMEMBERED_FOR: Final = 10.0
"""Seconds for which a line that lost events on their way here is said to lose them."""

FORGOTTEN_AFTER: Final = 60.0
"""Seconds without a beat after which a line that nobody has configured is forgotten: its listener is gone for good."""


class LineState(StrEnum):
    """What there is to say of a line; ``awaited`` is a line that has not been heard yet and may still be."""

    AWAITED = "awaited"
    GOOD = "good"
    UNHEARD = "unheard"
    SILENT = "silent"
    NO_DATABASE = "no_database"
    ELSEWHERE = "elsewhere"
    BEHIND = "behind"
    LOSING = "losing"


_REMARKS: Final = {
    LineState.UNHEARD: "was never heard from",
    LineState.SILENT: "has fallen silent",
    LineState.NO_DATABASE: "does not reach the database and could not take over",
    LineState.ELSEWHERE: "follows another history of the database than the one that leads",
    LineState.BEHIND: "is behind the others and stays behind",
    LineState.LOSING: "loses events on their way here",
}


@dataclass(slots=True)
class Heard:
    """The last beat of a line, when it came, and since when what ails it.

    ``aim`` is the seq the best line stood at when this one was first seen to fall short of it.
    """

    beat: Beat
    at: float
    down_since: float | None = None
    elsewhere_since: float | None = None
    short_since: float | None = None
    aim: int = 0
    lost_at: float | None = None

    def is_live(self, now: float) -> bool:
        """Tell whether it has beaten lately."""
        return now - self.at <= SILENT_AFTER


@dataclass(frozen=True, slots=True)
class Verdict:
    """``age`` is the seconds since the last beat (or since it is expected), ``behind`` the events the best line has
    told of and this one has not."""

    line: Line
    state: LineState
    age: float
    behind: int = 0
    beat: Beat | None = None

    @property
    def remark(self) -> str | None:
        """What ails it, as a sentence without figures: the same from everybody. None where nothing does."""
        words = _REMARKS.get(self.state)
        return None if words is None else f"the listener at {self.line} {words}"


@dataclass(slots=True)
class LineBook:
    """Every line that is expected or was heard. ``epoch`` is the history that the leader continues, "" before one is
    known; while a leader of it beats, no other is taken for it."""

    epoch: str = ""
    heard: dict[Line, Heard] = field(default_factory=dict)
    _expected_at: dict[Line, float] = field(default_factory=dict)
    _told: dict[Line, LineState] = field(default_factory=dict)

    def expect(self, lines: Iterable[Line], now: float) -> None:
        """These lines are configured: each is to be heard soon."""
        for line in lines:
            self._expected_at.setdefault(line, now)

    def hear(self, line: Line, beat: Beat, now: float) -> None:
        """A line has beaten."""
        known = self.heard.get(line)
        if known is None:
            known = self.heard[line] = Heard(beat, now)
        elif known.beat.epoch != beat.epoch:
            known.short_since = None
        known.beat, known.at = beat, now
        self._follow(now)
        known.down_since = None if beat.database_up else _since(known.down_since, now)
        known.elsewhere_since = _since(known.elsewhere_since, now) if self._is_elsewhere(beat) else None
        self._measure(known, now)

    def lost(self, line: Line, now: float) -> None:
        """Events that this line told of did not come by it."""
        self.heard[line].lost_at = now

    def live(self, now: float) -> dict[Line, Beat]:
        """Return the last beats of the lines that beat."""
        return {line: heard.beat for line, heard in self.heard.items() if heard.is_live(now)}

    def judge(self, now: float) -> list[Verdict]:
        """Return what there is to say of every line, by address."""
        self._forget(now)
        return [self._verdict(line, now) for line in sorted(self._expected_at.keys() | self.heard.keys())]

    def changes(self, now: float) -> list[Verdict]:
        """Return the lines of which something else is to be said than at the last call: what ails them now, or that
        they are well again."""
        changed = []
        for verdict in self.judge(now):
            told = self._told.get(verdict.line, LineState.GOOD)
            if verdict.state in {told, LineState.AWAITED}:
                continue
            self._told[verdict.line] = verdict.state
            changed.append(verdict)
        return changed

    def _forget(self, now: float) -> None:
        gone = [line for line, heard in self.heard.items() if now - heard.at > FORGOTTEN_AFTER]
        for line in gone:
            if line not in self._expected_at:
                del self.heard[line]
                self._told.pop(line, None)

    def _follow(self, now: float) -> None:
        leading = [beat.epoch for beat in self.live(now).values() if beat.leading and beat.epoch]
        if leading and self.epoch not in leading:
            self.epoch = leading[0]
            for heard in self.heard.values():
                heard.short_since = None

    def _is_elsewhere(self, beat: Beat) -> bool:
        return bool(self.epoch) and bool(beat.epoch) and beat.epoch != self.epoch

    def _measure(self, heard: Heard, now: float) -> None:
        if heard.short_since is not None and heard.beat.top_seq >= heard.aim:
            heard.short_since = None
        if heard.short_since is None and self._behind(heard.beat):
            heard.short_since, heard.aim = now, self._best_top()

    def _best_top(self) -> int:
        return max((h.beat.top_seq for h in self.heard.values() if h.beat.epoch == self.epoch), default=0)

    def _behind(self, beat: Beat) -> int:
        return max(0, self._best_top() - beat.top_seq) if beat.epoch == self.epoch else 0

    def _verdict(self, line: Line, now: float) -> Verdict:
        heard = self.heard.get(line)
        if heard is None:
            age = now - self._expected_at[line]
            return Verdict(line, LineState.UNHEARD if age > UNHEARD_AFTER else LineState.AWAITED, age)
        return Verdict(line, _state(heard, now), now - heard.at, self._behind(heard.beat), heard.beat)


def _state(heard: Heard, now: float) -> LineState:
    if not heard.is_live(now):
        return LineState.SILENT
    if _lasts(heard.down_since, now):
        return LineState.NO_DATABASE
    if _lasts(heard.elsewhere_since, now):
        return LineState.ELSEWHERE
    if _lasts(heard.short_since, now):
        return LineState.BEHIND
    if heard.lost_at is not None and now - heard.lost_at < REMEMBERED_FOR:
        return LineState.LOSING
    return LineState.GOOD


def _since(since: float | None, now: float) -> float:
    return now if since is None else since


def _lasts(since: float | None, now: float) -> bool:
    return since is not None and now - since >= PATIENCE

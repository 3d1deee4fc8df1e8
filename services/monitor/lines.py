"""What the listeners say of themselves: the last beat of every line, and the last event that passed.

Times are monotonic seconds, except ``captured_at``, Unix seconds by the database's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shared.bus.messages import Batch, Beat
from shared.events import Event


@dataclass(slots=True, frozen=True)
class HeardBeat:
    """A beat and when it was heard."""

    beat: Beat
    heard_at: float


class Lines:
    """The bus as the monitor hears it; a line counts as silent ``silent_after`` seconds after its last beat."""

    def __init__(self, *, silent_after: float) -> None:
        self._silent_after = silent_after
        self._beats: dict[str, HeardBeat] = {}
        self._last_event: Event | None = None

    @property
    def beats(self) -> Mapping[str, HeardBeat]:
        """The last beat of every line that was ever heard, by address."""
        return MappingProxyType(self._beats)

    @property
    def last_event(self) -> Event | None:
        """The newest event of a watched table, the probe's own aside."""
        return self._last_event

    def hear(self, line: str, beat: Beat, now: float) -> None:
        """Note a beat."""
        self._beats[line] = HeardBeat(beat, now)

    def pass_by(self, batch: Batch) -> list[Event]:
        """Note the events of a batch; return the internal ones, among which the probe's."""
        internal: list[Event] = []
        for event in batch.events:
            if event.internal:
                internal.append(event)
            else:
                self._last_event = event
        return internal

    def is_silent(self, line: str, now: float) -> bool:
        """Tell whether that line's listener has not beaten for too long, or never."""
        heard = self._beats.get(line)
        return heard is None or now - heard.heard_at >= self._silent_after

    def has_leader(self, now: float) -> bool:
        """Tell whether a listener that is heard sequences."""
        return any(heard.beat.leading and not self.is_silent(line, now) for line, heard in self._beats.items())

"""What the listeners say of themselves: how good each line is, and the last event that passed.

Times are monotonic seconds, except ``captured_at``, Unix seconds by the database's clock.
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.bus.messages import Batch, Beat
from shared.events import Event
from shared.line_book import LineBook, Verdict


class Lines:
    """The bus as the monitor hears it: beats alone judge a line here, for the monitor may miss events."""

    def __init__(self) -> None:
        self._book = LineBook()
        self._last_event: Event | None = None

    @property
    def last_event(self) -> Event | None:
        """The newest event of a watched table, the probe's own aside."""
        return self._last_event

    def expect(self, lines: Iterable[str], now: float) -> None:
        """These lines are configured."""
        self._book.expect(lines, now)

    def hear(self, line: str, beat: Beat, now: float) -> None:
        """Note a beat."""
        self._book.hear(line, beat, now)

    def pass_by(self, batch: Batch) -> list[Event]:
        """Note the events of a batch; return the internal ones, among which the probe's."""
        internal: list[Event] = []
        for event in batch.events:
            if event.internal:
                internal.append(event)
            else:
                self._last_event = event
        return internal

    def judge(self, now: float) -> list[Verdict]:
        """Return what there is to say of every line, by address."""
        return self._book.judge(now)

    def lacks_leader(self, now: float) -> bool:
        """Tell whether listeners are heard, or were, and none of them sequences now."""
        return bool(self._book.heard) and not any(beat.leading for beat in self._book.live(now).values())

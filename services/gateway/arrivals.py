"""What comes by one line: taken first from it, had already, or told of by its beats and never come.

A line carries what its listener publishes in order or not at all, so at each beat everything the listener has
published since the beat before must be here: what is not was lost on the way. That shows on a standby's line, too,
whose losses nobody misses as long as the leader's line brings everything.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.bus.messages import Batch, Beat


@dataclass(slots=True)
class Arrivals:
    """One line. ``first`` and ``duplicates`` count events of the present epoch, ``missed`` those of the line's own."""

    first: int = 0
    duplicates: int = 0
    missed: int = 0
    _last: Beat | None = None
    _came: int = 0

    def came(self, batch: Batch) -> None:
        """A batch arrived, whatever it is worth."""
        if self._last is not None and batch.epoch == self._last.epoch and batch.events:
            self._came += max(0, batch.events[-1].seq - max(batch.after_seq, self._last.top_seq))

    def on_beat(self, beat: Beat) -> int:
        """A beat arrived; return how many events were lost since the one before it.

        A listener that was restarted, or that changed to another epoch, begins anew.
        """
        last, came = self._last, self._came
        self._last, self._came = beat, 0
        if last is None or (last.listener, last.epoch) != (beat.listener, beat.epoch):
            return 0
        lost = max(0, beat.top_seq - last.top_seq - came)
        self.missed += lost
        return lost

"""The record of who was refused: from where, what, and why; never what was presented.

One line each, up to a number a second, so that whoever knocks without end fills no disk; the next line says how many
were left out.
"""

from __future__ import annotations

from typing import Final

import structlog

from shared.rates import Rate

log = structlog.get_logger(__name__)

MAX_LINES_PER_SECOND: Final = 20
_LONGEST: Final = 200


class RefusalLog:
    """Writes one line for each refusal, up to *max_lines* a second."""

    def __init__(self, max_lines: int = MAX_LINES_PER_SECOND) -> None:
        self._max_lines = max_lines
        self._lines = Rate()
        self._left_out = 0

    def refused(self, *, remote: str | None, what: str, why: str, now: float, **fields: str) -> None:
        """Note that *what* somebody asked for was refused; *now* is seconds on any one clock.

        *fields* are what was said, cut short; no secret is one of them.
        """
        if self._lines.exceeds(self._max_lines, now):
            self._left_out += 1
            return
        shown = {name: value[:_LONGEST] for name, value in fields.items()}
        if self._left_out:
            shown["left_out"] = str(self._left_out)
            self._left_out = 0
        log.warning("access refused", remote=remote or "unknown", what=what, why=why, **shown)

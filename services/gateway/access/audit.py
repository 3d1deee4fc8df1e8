"""The record of who was refused: from where, what, and why; never what was presented.

One line each, up to a number a second, so that whoever knocks without end fills no disk; the next line says how many
were left out.
"""

from __future__ import annotations

from typing import Final

import structlog

from services.gateway.access.denials import Denial
from services.gateway.connection import Connection
from services.gateway.rates import Rate

log = structlog.get_logger(__name__)

MAX_LINES_PER_SECOND: Final = 20
_LONGEST: Final = 200


class Audit:
    """Writes one line for each refusal."""

    def __init__(self) -> None:
        self._lines = Rate()
        self._left_out = 0

    def refused(self, connection: Connection, what: str, denial: Denial, now: float, **fields: str) -> None:
        """Note that a client's *what* was refused. *fields* are what it said, cut short; no secret is one of them."""
        if self._lines.exceeds(MAX_LINES_PER_SECOND, now):
            self._left_out += 1
            return
        shown = {name: value[:_LONGEST] for name, value in fields.items()}
        if denial.user is not None:
            shown["user"] = denial.user[:_LONGEST]
        if self._left_out:
            shown["left_out"] = str(self._left_out)
            self._left_out = 0
        log.warning("access refused", remote=remote(connection), what=what, why=str(denial.why), **shown)


def remote(connection: Connection) -> str:
    """Return where a connection comes from, for people."""
    peer = connection.transport.get_extra_info("peername")
    return str(peer[0]) if peer else "unknown"

"""Whether the database is up, as the listeners say; what a client's DB indicator shows.

Up while any listener that beats says so. Without a beat from any listener for two seconds nothing is known of the
database and changes do not arrive: that counts as down. Speaks only on change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.line_book import Heard


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """``since`` is Unix time in seconds."""

    up: bool
    since: float


def next_status(current: DatabaseStatus, lines: Iterable[Heard], now: float, unix_now: float) -> DatabaseStatus:
    """Return *current* itself unless it changed. ``now`` is monotonic, ``unix_now`` the wall clock, in seconds."""
    beats = [heard.beat for heard in lines if heard.is_live(now)]
    up = any(beat.database_up for beat in beats)
    if up == current.up:
        return current
    since = max((beat.database_since for beat in beats if beat.database_up == up), default=unix_now)
    return DatabaseStatus(up, since)

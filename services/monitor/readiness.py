"""Is this machine delivering changes? The answer of ``/readyz``.

Health is delivery: ready means that the probe's last round trip was on time, nothing else, whatever the processes
say of themselves. A process that is lost while its siblings deliver is a warning; a probe that is late is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from services.monitor.ledger import Presence
from services.monitor.observations import Observations


class Readiness(NamedTuple):
    """``reasons`` why it is not ready, most telling first; ``warnings`` of what is wrong although it delivers."""

    is_ready: bool
    reasons: list[str]
    warnings: list[str]


def judge(seen: Observations, now: float) -> Readiness:
    """Decide; ``now`` is monotonic seconds."""
    reasons = list(_reasons(seen, now))
    return Readiness(not reasons, reasons, list(_warnings(seen, now)))


def _reasons(seen: Observations, now: float) -> Iterator[str]:
    if not seen.database.is_installed:
        yield "not installed in this database yet: run wasla setup"
    if lateness := seen.round_trip.lateness(now):
        yield f"delivery is late at the hop {lateness.missing.label}: {lateness.reason}"
    elif seen.round_trip.last is None:
        yield "no round trip was completed yet"
    if seen.database.is_up is False and seen.database.is_installed:
        yield f"the database is down: {seen.database.reason}"


def _warnings(seen: Observations, now: float) -> Iterator[str]:
    for process, entry in sorted(seen.ledger.entries.items()):
        if entry.presence is not Presence.PRESENT:
            yield f"{process} is {entry.presence}: nothing heard for {now - entry.heard_at:.0f} s"
    for program in seen.programs or ():
        if program.is_given_up:
            yield f"supervisord gave up on {program.name}: {program.explanation or 'it ended too often'}"
    yield from _line_warnings(seen, now)
    if seen.lines.lacks_leader(now):
        yield "no listener sequences: changes wait in the database"


def _line_warnings(seen: Observations, now: float) -> Iterator[str]:
    """What ails the lines as the monitor hears them, then what only some process finds."""
    own = [verdict.remark for verdict in seen.lines.judge(now) if verdict.remark is not None]
    yield from own
    for process, entry in sorted(seen.ledger.entries.items()):
        if entry.presence is Presence.PRESENT:
            yield from (f"{process}: {remark}" for remark in entry.heartbeat.remarks if remark not in own)

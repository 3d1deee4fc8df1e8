"""One look at everything that is drawn over time: read from the observations, added to their history."""

from __future__ import annotations

from services.monitor.history import Sample
from services.monitor.observations import Observations
from services.monitor.readiness import judge
from services.monitor.roundtrip import Hop
from shared.line_book import SILENT_AFTER


def take_sample(seen: Observations, *, now: float, unix_now: float) -> None:
    """Read the processes' figures and add this second; ``now`` is monotonic seconds."""
    seen.figures.read(seen.ledger.entries)
    seen.history.take(
        Sample(
            at=unix_now,
            ready=judge(seen, now).is_ready,
            events=_events_rate(seen, now),
            deliveries=seen.figures.deliveries_rate(),
            clients=seen.figures.clients(),
            **_round_trip(seen, now),
        )
    )


def _round_trip(seen: Observations, now: float) -> dict[str, float | None]:
    last = seen.round_trip.last
    if last is None or seen.round_trip.lateness(now) is not None:
        return {}
    return {"total": last.total, **{hop.label: last.hops.get(hop) for hop in Hop if hop is not Hop.CONNECTED}}


def _events_rate(seen: Observations, now: float) -> float | None:
    """The listener that sequences knows first how far the log goes; without one nothing is sequenced."""
    for verdict in seen.lines.judge(now):
        beat = verdict.beat
        if beat is not None and beat.leading and verdict.age <= SILENT_AFTER:
            return seen.history.events_rate(beat.epoch, beat.top_seq, now - verdict.age)
    return None

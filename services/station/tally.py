"""What was written against what arrived: the sum at the end of a simulated day. Pure; monotonic seconds.

Every transaction of ours is noted with the rows it changed and when its COMMIT was sent, every event with its
transaction and when it arrived, in any order: an event may be here before the answer to the COMMIT is. What the two
disagree on is missing or too many; nothing is asked of the log.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec


class Summary(msgspec.Struct, frozen=True):
    """``written``, ``received``, ``missing`` and ``repeated`` count rows, latencies are milliseconds."""

    transactions: int
    written: int
    received: int
    missing: int
    repeated: int
    latency_p50: float | None
    latency_p99: float | None
    latency_max: float | None


class Tally:
    """Events of other writers may be noted, too: they are not counted."""

    def __init__(self) -> None:
        self._written: dict[str, tuple[int, float]] = {}
        self._arrived: defaultdict[str, list[float]] = defaultdict(list)
        self._repeated = 0
        self._top_seq = 0

    @property
    def received(self) -> int:
        """Events that arrived so far, whosoever they are."""
        return sum(map(len, self._arrived.values()))

    @property
    def is_complete(self) -> bool:
        """Tell whether all that was written has arrived."""
        return all(len(self._arrived.get(tx_id, ())) >= changes for tx_id, (changes, _) in self._written.items())

    def write(self, tx_id: str, changes: int, committing_at: float) -> None:
        """Note a transaction that was committed."""
        self._written[tx_id] = changes, committing_at

    def arrive(self, tx_id: str, seq: int, arrived_at: float) -> None:
        """Note an event; one that does not come after those before it came twice."""
        if seq <= self._top_seq:
            self._repeated += 1
            return
        self._top_seq = seq
        self._arrived[tx_id].append(arrived_at)

    def summary(self) -> Summary:
        """Return the sum so far."""
        latencies: list[float] = []
        received = missing = 0
        for tx_id, (changes, committing_at) in self._written.items():
            arrivals = self._arrived.get(tx_id, [])
            received += len(arrivals)
            missing += max(0, changes - len(arrivals))
            latencies.extend(arrived_at - committing_at for arrived_at in arrivals)
        latencies.sort()
        return Summary(
            transactions=len(self._written),
            written=sum(changes for changes, _ in self._written.values()),
            received=received,
            missing=missing,
            repeated=self._repeated,
            latency_p50=_percentile(latencies, 0.50),
            latency_p99=_percentile(latencies, 0.99),
            latency_max=_percentile(latencies, 1.0),
        )


def _percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return the smallest value that at least that share of them does not exceed, in milliseconds."""
    if not ordered:
        return None
    place = max(0, -int(-share * len(ordered) // 1) - 1)
    return round(ordered[min(place, len(ordered) - 1)] * 1000, 1)

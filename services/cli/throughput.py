"""How much passes a second, told from two looks at what only grows. Pure; times are monotonic seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.cli.gateways import Gateway


@dataclass(frozen=True, slots=True)
class Rates:
    """Events sequenced and events written to clients, a second; None before there are two looks."""

    events: float | None = None
    deliveries: float | None = None


@dataclass(slots=True)
class Throughput:
    """Remembers the last look. A process that was replaced begins again at nothing: it counts from its new start."""

    _at: float | None = None
    _top_seq: int = 0
    _deliveries: dict[str, int] = field(default_factory=dict)

    def look(self, top_seq: int, gateways: list[Gateway], now: float) -> Rates:
        """Note where things stand and return what passed since the last look."""
        former, self._at = self._at, now
        deliveries = {gateway.process: gateway.deliveries for gateway in gateways}
        events = max(0, top_seq - self._top_seq)
        written = sum(max(0, total - self._deliveries.get(name, 0)) for name, total in deliveries.items())
        self._top_seq, self._deliveries = top_seq, deliveries
        if former is None or now <= former:
            return Rates()
        return Rates(events / (now - former), written / (now - former))

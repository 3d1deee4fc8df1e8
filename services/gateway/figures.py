"""The gateway's figures, read from the parts that keep them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.gateway.hub import Hub
from services.gateway.intake import Intake
from shared.bus.contract import Subscriber


@dataclass(frozen=True, slots=True)
class GatewayFigures:
    """Implements :class:`services.gateway.metrics.Figures`."""

    hub: Hub
    intake: Intake
    bus: Subscriber

    def gauges(self) -> Mapping[str, float]:
        """Return the present values by name."""
        delivery = self.hub.delivery
        return {
            "wasla_clients": len(self.hub.clients),
            "wasla_connections": len(self.hub.connections),
            "wasla_groups": len(delivery.groups),
            "wasla_ring_events": len(delivery.ring),
            "wasla_ring_bytes": delivery.ring.bytes,
            "wasla_lagging_clients": delivery.lagging,
            "wasla_held_events": self.intake.held,
            "wasla_seq": delivery.ring.top,
            "wasla_events_behind": self.intake.behind,
        }

    def totals(self) -> Mapping[str, float]:
        """Return what only grows, by name."""
        return {"wasla_deliveries": self.hub.delivery.counts.deliveries, "wasla_gaps": self.intake.gaps}

    def labelled_totals(self) -> Mapping[tuple[str, str], Mapping[str, int]]:
        """Return what only grows, by name and label name, then label value."""
        counts = self.hub.delivery.counts
        drops = {**self.hub.drops, "held_event": self.intake.dropped, "malformed_bus_message": self.bus.malformed}
        return {
            ("wasla_resumes", "source"): dict(counts.resumes),
            ("wasla_resyncs", "reason"): dict(counts.resyncs),
            ("wasla_drops", "kind"): dict(drops),
            ("wasla_closes", "code"): {str(code): count for code, count in self.hub.closes.items()},
            ("wasla_errors", "code"): dict(self.hub.errors),
            ("wasla_limits_reached", "reason"): {str(limit): n for limit, n in self.hub.turnstile.reached.items()},
            ("wasla_bus_refusals", "line"): dict(self.bus.refusals),
        }

"""What a gateway counts, in the Prometheus text format.

Most figures are kept where they arise and read when asked for, so that counting costs the hot path nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

HOP_BUCKETS: Final = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class HopTimes:
    """The two hops that end in this process, and the events by the line they came by."""

    def __init__(self, registry: CollectorRegistry) -> None:
        hops = Histogram(
            "wasla_hop_seconds", "Time between two hops of an event", ["hop"], buckets=HOP_BUCKETS, registry=registry
        )
        self._to_received = hops.labels("published_to_received")
        self._to_written = hops.labels("received_to_written")
        self._events = Counter(
            "wasla_events_received_total", "Events received, by the line they came by", ["line"], registry=registry
        )

    def received(self, line: str, events: int, seconds: float) -> None:
        """A batch came; clocks of two machines may differ, so it is never less than nothing."""
        self._to_received.observe(max(0.0, seconds))
        self._events.labels(line).inc(events)

    def written(self, seconds: float) -> None:
        """A batch was written to every client that was caught up."""
        self._to_written.observe(max(0.0, seconds))


class Figures(Protocol):
    """Where the figures are read from."""

    def gauges(self) -> Mapping[str, float]:
        """Return the present values by name."""

    def totals(self) -> Mapping[str, float]:
        """Return what only grows, by name."""

    def labelled_totals(self) -> Mapping[tuple[str, str], Mapping[str, int]]:
        """Return what only grows, by name and label name, then label value."""


DESCRIPTIONS: Final[dict[str, str]] = {
    "wasla_clients": "Registered clients",
    "wasla_connections": "Open connections, registered or not",
    "wasla_groups": "Groups of clients with equal subscriptions",
    "wasla_ring_events": "Events in the ring",
    "wasla_ring_bytes": "Bytes in the ring",
    "wasla_lagging_clients": "Clients that are not caught up",
    "wasla_held_events": "Events that wait behind a gap",
    "wasla_seq": "Seq of the newest event delivered",
    "wasla_events_behind": "Events known to exist that have not arrived",
    "wasla_deliveries": "Events written to clients",
    "wasla_gaps": "Losses on the bus that were noticed",
    "wasla_resumes": "Resumed clients, by where they went on from",
    "wasla_resyncs": "Resyncs sent, by reason",
    "wasla_drops": "What was dropped as it may be, by kind",
    "wasla_closes": "Connections closed, by code",
    "wasla_errors": "Error messages sent, by code",
    "wasla_limits_reached": "Times that a client reached a limit, by limit",
    "wasla_bus_refusals": "Handshakes on the bus that failed, by line",
}


class FigureCollector(Collector):
    """Reads the figures when the registry is asked."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Yield every family once."""
        for name, value in self._figures.gauges().items():
            yield GaugeMetricFamily(name, DESCRIPTIONS[name], value=value)
        for name, value in self._figures.totals().items():
            yield CounterMetricFamily(name, DESCRIPTIONS[name], value=value)
        for (name, label), values in self._figures.labelled_totals().items():
            family = CounterMetricFamily(name, DESCRIPTIONS[name], labels=[label])
            for label_value, value in values.items():
                family.add_metric([label_value], value)
            yield family

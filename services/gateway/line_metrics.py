"""How this gateway hears each line, in the Prometheus text format, read when somebody asks."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.gateway.intake import Intake


class LineCollector(Collector):
    """Yields the figures of every line that is expected or was heard."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def collect(self) -> Iterator[Metric]:
        """Yield every family once."""
        yield from self._arrivals()
        age = GaugeMetricFamily("wasla_line_beat_age_seconds", "Seconds since a listener's last beat.", labels=["line"])
        behind = GaugeMetricFamily("wasla_line_behind_events", "Events the best line is ahead.", labels=["line"])
        state = GaugeMetricFamily("wasla_line_state", "1 for what there is to say of it.", labels=["line", "state"])
        for verdict in self._intake.book.judge(time.monotonic()):
            age.add_metric([verdict.line], verdict.age)
            behind.add_metric([verdict.line], verdict.behind)
            state.add_metric([verdict.line, str(verdict.state)], 1)
        yield from (age, behind, state)

    def _arrivals(self) -> Iterator[Metric]:
        first = CounterMetricFamily("wasla_line_first", "Events taken first from this line.", labels=["line"])
        duplicates = CounterMetricFamily("wasla_line_duplicates", "Events that were there already.", labels=["line"])
        missed = CounterMetricFamily("wasla_line_missed", "Events it told of that did not come by it.", labels=["line"])
        for line, arrivals in sorted(self._intake.arrivals.items()):
            first.add_metric([line], arrivals.first)
            duplicates.add_metric([line], arrivals.duplicates)
            missed.add_metric([line], arrivals.missed)
        yield from (first, duplicates, missed)

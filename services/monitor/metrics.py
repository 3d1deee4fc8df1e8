"""What the monitor itself measures.

The probe's figures are kept in a registry of their own, which travels in the monitor's heartbeat like that of every
process. What it says *about* the processes is read from the status whenever somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from services.monitor.roundtrip import Hop, Measurement
from services.monitor.status import Status

_BUCKETS = (0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.06, 0.125, 0.25, 0.5, 1.0, 2.0)
_LABELS = ("process", "role", "machine")
TOTAL = "total"
"""Label value of the whole round trip, beside the names of the hops."""


class MonitorMetrics:
    """The monitor's own registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._probe_seconds = Histogram(
            "wasla_probe_seconds",
            "Seconds of the probe's round trip until each hop since the one before it, and in total.",
            ["hop"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._probes = Counter(
            "wasla_probes", "Round trips of the probe by how they ended.", ["outcome"], registry=self.registry
        )
        self._missing = Counter(
            "wasla_probe_missing", "Round trips that did not arrive, by missing hop.", ["hop"], registry=self.registry
        )
        self.kills = Counter(
            "wasla_process_kills", "Hung processes killed to be restarted.", ["program"], registry=self.registry
        )
        self.limits_reached = Counter(
            "wasla_limits_reached", "Times that a client reached a limit, by limit", ["reason"], registry=self.registry
        )

    def count_arrival(self, measurement: Measurement) -> None:
        """Count a round trip that arrived."""
        self._probes.labels("arrived").inc()
        self._probe_seconds.labels(TOTAL).observe(measurement.total)
        for hop, seconds in measurement.hops.items():
            self._probe_seconds.labels(hop.label).observe(seconds)

    def count_failure(self, missing: Hop) -> None:
        """Count a round trip that did not."""
        self._probes.labels("failed").inc()
        self._missing.labels(missing.label).inc()


def describe(status: Status) -> Iterator[Metric]:
    """Yield the status as metric families."""
    yield _gauge("wasla_ready", "1 when the last round trip was on time.", status.ready)
    yield _gauge("wasla_probe_late", "1 when the probe's round trip is late.", status.realtime.late)
    if status.realtime.age is not None:
        yield _gauge("wasla_probe_age_seconds", "Seconds since a round trip arrived.", status.realtime.age)
    if status.database.up is not None:
        yield _gauge("wasla_monitor_database_up", "1 when the database answers the monitor.", status.database.up)
    if status.websocket.up is not None:
        yield _gauge("wasla_websocket_up", "1 when a gateway let the probe in.", status.websocket.up)
    yield _describe_bus(status)
    yield from _describe_processes(status)
    yield from _describe_programs(status)
    yield from _describe_lines(status)


def _describe_bus(status: Status) -> Metric:
    engines = GaugeMetricFamily("wasla_bus_engine", "1 for each engine of the bus in use.", labels=["engine"])
    for engine in status.bus:
        engines.add_metric([engine], 1)
    return engines


def _describe_processes(status: Status) -> Iterator[Metric]:
    up = GaugeMetricFamily("wasla_up", "1 when the process is heard from, 0 when it is lost.", labels=_LABELS)
    age = GaugeMetricFamily("wasla_heartbeat_age_seconds", "Seconds since the last heartbeat.", labels=_LABELS)
    lag = GaugeMetricFamily("wasla_loop_lag_seconds", "Longest hold of the loop in the last second.", labels=_LABELS)
    restarts = CounterMetricFamily("wasla_process_restarts", "Restarts seen by a changed pid.", labels=_LABELS)
    for process in status.processes:
        labels = [process.process, process.role, process.machine]
        up.add_metric(labels, process.presence != "lost")
        age.add_metric(labels, process.age)
        lag.add_metric(labels, process.loop_lag)
        restarts.add_metric(labels, process.restarts)
    yield from (up, age, lag, restarts)


def _describe_programs(status: Status) -> Iterator[Metric]:
    running = GaugeMetricFamily(
        "wasla_program_state", "1 for the state supervisord gives.", labels=["program", "state"]
    )
    for program in status.programs or ():
        running.add_metric([program.name, program.state], 1)
    yield running


def _describe_lines(status: Status) -> Iterator[Metric]:
    age = GaugeMetricFamily("wasla_line_beat_age_seconds", "Seconds since a listener's last beat.", labels=["line"])
    leading = GaugeMetricFamily("wasla_line_leading", "1 when the listener there sequences.", labels=["line"])
    top = GaugeMetricFamily("wasla_line_top_seq", "Highest seq the listener there has told of.", labels=["line"])
    behind = GaugeMetricFamily("wasla_line_behind_events", "Events the best line is ahead.", labels=["line"])
    state = GaugeMetricFamily("wasla_line_state", "1 for what there is to say of it.", labels=["line", "state"])
    for line in status.lines:
        age.add_metric([line.line], line.age)
        leading.add_metric([line.line], line.leading)
        top.add_metric([line.line], line.top_seq)
        behind.add_metric([line.line], line.behind)
        state.add_metric([line.line, line.state], 1)
    yield from (age, leading, top, behind, state)


def _gauge(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(name, documentation, value=float(value))


def malformed(count: int) -> Metric:
    """Return the metric of what could not be read of the processes' metrics at this look."""
    return _gauge("wasla_metrics_malformed", "Texts and families of processes that were left out here.", count)

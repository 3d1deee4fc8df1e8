"""What the pg-listener counts. The monitor publishes it with the process's name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.pg_listener.doorbell import State
from services.pg_listener.encoding import Row
from shared.bus.handshakes import FAILURES
from shared.events import CAPTURE_FAILED

_HOP_BUCKETS = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.0, 2.0, 5.0, 30.0)
_SAMPLES_A_BATCH = 32
"""A flood's batches are sampled: observing each of 50,000 events a second would cost what encoding them costs."""


class StreamFigures(Protocol):
    """What a writer of the stream tells of itself."""

    @property
    def behind(self) -> int:
        """Events that the stream lacks."""

    @property
    def connected(self) -> bool:
        """Whether a server can be reached."""

    @property
    def appended(self) -> int:
        """Events written since the start."""


class ListenerMetrics:
    """Counters, gauges and histograms in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.sequenced_total = self._counter("wasla_events_sequenced", "Events numbered by this process.")
        self.published_total = self._counter("wasla_events_published", "Events sent to the bus by this process.")
        self.drains = self._counter("wasla_drains", "Looks at the outbox.", "outcome")
        self.replays = self._counter("wasla_replay_requests", "Requests for missed events, by who answered.", "source")
        self.reconnects = self._counter("wasla_database_reconnects", "Sessions that were lost.", "session")
        self.capture_failures = self._counter("wasla_capture_failures", "Changes that could not be captured.")
        self.skipped_notifications = self._counter(
            "wasla_notifications_skipped", "Courtesy notifications not sent because the server's queue was filling."
        )
        self.marked_rows = self._counter("wasla_rows_marked", "Rows that could not be numbered and became marks.")
        self.epoch_changes = self._counter("wasla_epoch_changes", "Changes of the epoch.")
        self.leading = self._gauge("wasla_leading", "1 while this process sequences.")
        self.database_up = self._gauge("wasla_database_up", "1 while this process can use the database.")
        self.top_seq = self._gauge("wasla_top_seq", "Seq of the newest event this process knows.")
        self.notification_queue_usage = self._gauge(
            "wasla_notification_queue_usage", "Part of the server's notification queue in use, 0 to 1."
        )
        self._refused = self._gauge("wasla_bus_refused", "Connections to the bus refused since the start.", "reason")
        self._doorbell = self._gauge("wasla_doorbell_state", "1 for the doorbell's state.", "state")
        self._hops = Histogram(
            "wasla_hop_seconds", "Time an event took.", ["hop"], buckets=_HOP_BUCKETS, registry=self.registry
        )
        self.doorbell(None)

    def sequenced(self, rows: Sequence[Row]) -> None:
        """Count rows that this process numbered, and how long after their capture."""
        self.sequenced_total.inc(len(rows))
        hop = self._hops.labels("capture_to_sequenced")
        for row in _sampled(rows):
            hop.observe(max(0.0, row["sequenced_at"] - row["captured_at"]))

    def drained(self, rows: Sequence[Row], *, notifications_skipped: bool) -> None:
        """Count a look at the outbox, and the marks that it numbered."""
        self.drains.labels("events" if rows else "empty").inc()
        self.capture_failures.inc(sum(row["event_type"] == CAPTURE_FAILED for row in rows))
        if notifications_skipped:
            self.skipped_notifications.inc(len(rows))

    def published(self, count: int, delay: float) -> None:
        """Count events of a batch that was sent ``delay`` seconds after it was sequenced."""
        self.published_total.inc(count)
        self._hops.labels("sequenced_to_published").observe(max(0.0, delay))

    def show(self, leading: bool, database_up: bool, top_seq: int) -> None:
        """Show where this process stands."""
        self.leading.set(leading)
        self.database_up.set(database_up)
        self.top_seq.set(top_seq)

    def count_refused(self, refused: Mapping[str, int]) -> None:
        """Show, whenever asked, who was not let in, by reason."""
        for turn in FAILURES:
            self._refused.labels(turn.value).set_function(partial(_count, refused, turn.value))

    def show_stream(self, stream: StreamFigures) -> None:
        """Show, whenever asked, how the stream on NATS stands."""
        behind = self._gauge("wasla_stream_behind_events", "Events known here that the stream on NATS does not hold.")
        behind.set_function(lambda: stream.behind)
        appended = self._gauge("wasla_stream_appended_events", "Events written to the stream by this process.")
        appended.set_function(lambda: stream.appended)
        connected = self._gauge("wasla_stream_connected", "1 while a NATS server is connected.")
        connected.set_function(lambda: float(stream.connected))

    def doorbell(self, state: State | None) -> None:
        """Show the doorbell's state; None while this process does not sequence."""
        for each in State:
            self._doorbell.labels(each.value).set(each is state)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)


def _count(counted: Mapping[str, int], name: str) -> float:
    return counted.get(name, 0)


def _sampled(rows: Sequence[Row]) -> Iterable[Row]:
    return rows[:: max(1, len(rows) // _SAMPLES_A_BATCH)]

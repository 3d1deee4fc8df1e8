"""What the processes' own metrics say that a person wants to see beside their names, and how fast it grows.

``read`` the heartbeats about once a second; only a new heartbeat is read. A rate is taken between two heartbeats of
the same process by the clock of that process, so that it does not depend on when they were looked at.

Figures a process does not tell are None: nothing is made up for what did not parse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from services.monitor.ledger import Entry, Presence

_READ = (
    b"wasla_clients ",
    b"wasla_lagging_clients ",
    b"wasla_deliveries_total ",
    b"wasla_line_first_total{",
    b"wasla_line_duplicates_total{",
    b"wasla_line_missed_total{",
)
"""How the lines that are read begin."""


@dataclass(slots=True)
class LineCounts:
    """Events by the line they came by: taken from it first, there already, told of but never come."""

    first: int = 0
    duplicates: int = 0
    missed: int = 0


@dataclass(slots=True)
class Figures:
    """One process's figures at its last heartbeat; ``deliveries`` counts since its start, the rate is a second's."""

    pid: int
    sent_at: float
    clients: int | None = None
    lagging: int | None = None
    deliveries: float | None = None
    deliveries_rate: float | None = None
    lines: dict[str, LineCounts] = field(default_factory=dict)


class FigureBook:
    """The figures of every process that is heard from."""

    def __init__(self) -> None:
        self._figures: dict[str, Figures] = {}

    def read(self, entries: Mapping[str, Entry]) -> None:
        """Read the heartbeats that are new; forget the processes that are not there any more, or not alive."""
        for process in self._figures.keys() - entries.keys():
            del self._figures[process]
        for process, entry in entries.items():
            if entry.presence is Presence.LOST:
                self._figures.pop(process, None)
                continue
            former = self._figures.get(process)
            beat = entry.heartbeat
            if former is None or (former.pid, former.sent_at) != (beat.pid, beat.sent_at):
                read = read_figures(beat.metrics, pid=beat.pid, sent_at=beat.sent_at)
                read.deliveries_rate = _rate(former, read)
                self._figures[process] = read

    def of(self, process: str) -> Figures | None:
        """Return the figures of one process."""
        return self._figures.get(process)

    def clients(self) -> int | None:
        """Return how many clients there are on this machine's gateways; None where none tells."""
        told = [figures.clients for figures in self._figures.values() if figures.clients is not None]
        return sum(told) if told else None

    def deliveries_rate(self) -> float | None:
        """Return how many events a second are written to clients here; None where none tells."""
        rates = (figures.deliveries_rate for figures in self._figures.values())
        told = [rate for rate in rates if rate is not None]
        return sum(told) if told else None

    def line(self, line: str) -> LineCounts | None:
        """Return the counts of a line, of all gateways here together; None where none has heard of it."""
        heard = [figures.lines[line] for figures in self._figures.values() if line in figures.lines]
        if not heard:
            return None
        return LineCounts(
            sum(counts.first for counts in heard),
            sum(counts.duplicates for counts in heard),
            sum(counts.missed for counts in heard),
        )


def read_figures(metrics: bytes, *, pid: int, sent_at: float) -> Figures:
    """Read a process's metrics in the Prometheus text format; what is not there, or malformed, stays None."""
    figures = Figures(pid, sent_at)
    for sample in _samples(metrics):
        match sample.name:
            case "wasla_clients":
                figures.clients = int(sample.value)
            case "wasla_lagging_clients":
                figures.lagging = int(sample.value)
            case "wasla_deliveries_total":
                figures.deliveries = sample.value
            case _:
                _count(figures.lines.setdefault(sample.labels.get("line", ""), LineCounts()), sample)
    return figures


def _samples(metrics: bytes) -> Iterator[Sample]:
    """Parse only the lines that are wanted: the whole text is mostly histograms."""
    wanted = [line for line in metrics.splitlines() if line.startswith(_READ)]
    try:
        families = list(text_string_to_metric_families("\n".join(line.decode("utf-8") for line in wanted) + "\n"))
    except ValueError:
        return
    for family in families:
        yield from family.samples


def _count(counts: LineCounts, sample: Sample) -> None:
    match sample.name:
        case "wasla_line_first_total":
            counts.first = int(sample.value)
        case "wasla_line_duplicates_total":
            counts.duplicates = int(sample.value)
        case "wasla_line_missed_total":
            counts.missed = int(sample.value)


def _rate(former: Figures | None, latest: Figures) -> float | None:
    if former is None or former.pid != latest.pid or latest.deliveries is None or former.deliveries is None:
        return None
    seconds = latest.sent_at - former.sent_at
    return max(0.0, latest.deliveries - former.deliveries) / seconds if seconds > 0 else None

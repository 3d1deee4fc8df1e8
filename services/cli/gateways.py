"""What each gateway says of itself: clients, lag, deliveries, read from the monitor's ``/metrics``. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterator

import msgspec
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

_FIELDS = {
    "wasla_clients": "clients",
    "wasla_lagging_clients": "lagging",
    "wasla_events_behind": "behind",
    "wasla_seq": "seq",
    "wasla_deliveries_total": "deliveries",
}


class Gateway(msgspec.Struct):
    """One gateway worker: registered clients, those of them not caught up, events it has not received yet, the seq it
    stands at, and events written to clients since its start."""

    process: str
    machine: str
    clients: int = 0
    lagging: int = 0
    behind: int = 0
    seq: int = 0
    deliveries: int = 0


def read_gateways(metrics: bytes) -> list[Gateway]:
    """Return every gateway in a Prometheus text, by name; raise ValueError where it is none."""
    found: dict[tuple[str, str], Gateway] = {}
    for sample in samples(metrics, _FIELDS):
        key = sample.labels.get("process", ""), sample.labels.get("machine", "")
        gateway = found.setdefault(key, Gateway(*key))
        setattr(gateway, _FIELDS[sample.name], int(sample.value))
    return [found[key] for key in sorted(found)]


def samples(metrics: bytes, names: Container[str]) -> Iterator[Sample]:
    """Yield the samples of these names from a Prometheus text; raise ValueError where it is none."""
    for family in text_string_to_metric_families(metrics.decode()):
        yield from (sample for sample in family.samples if sample.name in names)

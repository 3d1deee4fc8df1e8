"""Metrics of several processes in one text that Prometheus accepts."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from services.monitor.families import Families


def process_text(count: int) -> bytes:
    registry = CollectorRegistry()
    Counter("wasla_deliveries", "Deliveries.", registry=registry).inc(count)
    Histogram("wasla_hop_seconds", "Hops.", ["hop"], buckets=[1.0], registry=registry).labels("a").observe(0.5)
    return generate_latest(registry)


def test_a_family_of_several_processes_stands_once() -> None:
    families = Families()
    families.add_text(process_text(3), {"process": "gateway:gateway-00"})
    families.add_text(process_text(4), {"process": "gateway:gateway-01"})
    assert families.text().decode().splitlines() == [
        "# HELP wasla_deliveries_total Deliveries.",
        "# TYPE wasla_deliveries_total counter",
        'wasla_deliveries_total{process="gateway:gateway-00"} 3.0',
        'wasla_deliveries_total{process="gateway:gateway-01"} 4.0',
        "# HELP wasla_hop_seconds Hops.",
        "# TYPE wasla_hop_seconds histogram",
        'wasla_hop_seconds_bucket{hop="a",le="1.0",process="gateway:gateway-00"} 1.0',
        'wasla_hop_seconds_bucket{hop="a",le="+Inf",process="gateway:gateway-00"} 1.0',
        'wasla_hop_seconds_count{hop="a",process="gateway:gateway-00"} 1.0',
        'wasla_hop_seconds_sum{hop="a",process="gateway:gateway-00"} 0.5',
        'wasla_hop_seconds_bucket{hop="a",le="1.0",process="gateway:gateway-01"} 1.0',
        'wasla_hop_seconds_bucket{hop="a",le="+Inf",process="gateway:gateway-01"} 1.0',
        'wasla_hop_seconds_count{hop="a",process="gateway:gateway-01"} 1.0',
        'wasla_hop_seconds_sum{hop="a",process="gateway:gateway-01"} 0.5',
    ]


def test_a_label_of_the_processs_own_is_kept_beside_ours() -> None:
    registry = CollectorRegistry()
    Gauge("g", "G.", ["process"], registry=registry).labels("theirs").set(1)
    families = Families()
    families.add_text(generate_latest(registry), {"process": "ours"})
    assert 'g{exported_process="theirs",process="ours"} 1.0' in families.text().decode()


def test_what_cannot_be_read_is_left_out_and_counted() -> None:
    families = Families()
    families.add_text(b"\xff", {})
    families.add_text(b"# TYPE a gauge\na{ 1\n", {})
    families.add_text(b"# TYPE x gauge\nx 1\n", {"process": "one"})
    families.add_text(b"# TYPE x histogram\nx_count 1\n", {"process": "two"})
    assert families.malformed == 3
    assert families.text() == b'# HELP x \n# TYPE x gauge\nx{process="one"} 1.0\n'

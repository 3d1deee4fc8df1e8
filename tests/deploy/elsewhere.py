"""What only machines of other settings serve: with a certificate of their own, with NATS as their bus."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from services.gateway.certificate_metrics import CertificateCollector
from services.monitor.families import Families
from services.pg_listener.metrics import ListenerMetrics

FAR = 4_000_000_000
"""A day of the year 2096."""


def text() -> str:
    """Return it as such a machine's monitor would."""
    certificate: Any = SimpleNamespace(validity=SimpleNamespace(ends=FAR))
    gateway = CollectorRegistry()
    gateway.register(CertificateCollector(certificate))
    listener = ListenerMetrics()
    listener.show_stream(SimpleNamespace(behind=0, appended=1, connected=True))
    listener.leading.set(1)
    families = Families()
    for process, registry in (("gateway:gateway-00", gateway), ("pg-listener:pg-listener", listener.registry)):
        families.add_text(generate_latest(registry), {"process": process, "machine": "c"})
    return families.text().decode()

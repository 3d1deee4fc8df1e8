"""Until when the certificate in force is good, which is not the one in its file where that was renewed since."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shared.access.tls import Certificate


class CertificateCollector(Collector):
    """Yields one figure."""

    def __init__(self, certificate: Certificate) -> None:
        self._certificate = certificate

    def collect(self) -> Iterator[Metric]:
        """Yield it."""
        family = GaugeMetricFamily(
            "wasla_tls_certificate_not_after_seconds", "Unix time at which the certificate in force ends."
        )
        family.add_metric([], self._certificate.validity.ends)
        yield family

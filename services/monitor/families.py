"""The metrics of many processes as one text, in which every metric family stands once.

Prometheus refuses a text that names a family twice, so the processes' texts cannot simply be joined. Each is parsed,
its samples are labelled with where they come from, and families of the same name are put together. A label of the
process's own that has the same name is kept with the prefix ``exported_``, as Prometheus does.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample


class Families(Collector):
    """Collects families, then writes them out. ``malformed`` counts texts and families that were left out."""

    def __init__(self) -> None:
        self._families: dict[str, Metric] = {}
        self.malformed = 0

    def add_text(self, text: bytes, labels: Mapping[str, str]) -> None:
        """Add what a process wrote, labelled; a text that cannot be parsed is left out as a whole."""
        try:
            families = list(text_string_to_metric_families(text.decode("utf-8")))
        except ValueError:
            self.malformed += 1
            return
        for family in families:
            if not family.name.endswith("_created"):  # when a counter was made: noise to everybody
                self.add(family, labels)

    def add(self, family: Metric, labels: Mapping[str, str] | None = None) -> None:
        """Add one family; it is left out when its name is known with another type."""
        known = self._families.get(family.name)
        if known is None:
            known = self._families[family.name] = Metric(family.name, family.documentation, family.type)
        elif known.type != family.type:
            self.malformed += 1
            return
        known.samples.extend(_labelled(family.samples, labels or {}))

    def collect(self) -> Iterator[Metric]:
        """Yield every family, by name."""
        yield from (self._families[name] for name in sorted(self._families))

    def text(self) -> bytes:
        """Return all of it in the Prometheus text format."""
        return generate_latest(self)


def _labelled(samples: Iterable[Sample], labels: Mapping[str, str]) -> Iterator[Sample]:
    for sample in samples:
        own = {f"exported_{name}" if name in labels else name: value for name, value in sample.labels.items()}
        yield Sample(sample.name, {**own, **labels}, sample.value)  # no process of ours says when: it is now

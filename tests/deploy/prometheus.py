"""What /metrics of running machines serves, and what Prometheus makes of it: ``promtool`` evaluates, none runs."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from tests.deploy.rendering import require

OWN_LABELS = frozenset({"job", "instance"})
"""What Prometheus adds to every series."""

Line = Mapping[str, str]
"""A series over time, as promtool takes it."""

UP = "up"
"""The one series that is Prometheus' own."""

_METRIC = re.compile(r"\b(?:(?:wasla|process)_\w+|up)\b")
_SELECTOR = re.compile(r"\b((?:wasla|process)_\w+|up)\{([^}]*)\}")
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_GROUPING = re.compile(r"\bby \(([^)]*)\)")
_LABELS = re.compile(r"\{([^}]*)\}")
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_STRING = re.compile(r'"[^"]*"')
_NOTHING = 'label_replace(vector(0), "nothing", "1", "", "")'


class Series(NamedTuple):
    """One sample with where it comes from. ``grows``: it is a counter's, or a histogram's."""

    name: str
    labels: Mapping[str, str]
    value: float
    grows: bool

    def line(self, change: int = 0) -> Line:
        """Return it for an hour, as promtool takes it, growing by *change* at each step where it may."""
        labels = ",".join(f"{name}={json.dumps(value)}" for name, value in sorted(self.labels.items()))
        return {"series": f"{self.name}{{{labels}}}", "values": f"{self.value:f}+{change if self.grows else 0}x240"}


class Served:
    """Everything that machines serve: series, and the names of those that have not begun yet."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.series: list[Series] = []
        self.names = {UP}
        for instance, text in texts.items():
            self._add(text, {"job": "wasla", "instance": instance})

    def labels(self, name: str) -> set[str]:
        """Return the labels that any of a metric's series has."""
        return {label for series in self.series if series.name == name for label in series.labels}

    def _add(self, text: str, origin: Mapping[str, str]) -> None:
        self.series.append(Series(UP, origin, 1, grows=False))
        for family in text_string_to_metric_families(text):
            self.names.add(f"{family.name}_total" if family.type == "counter" else family.name)
            for sample in family.samples:
                self.names.add(sample.name)
                grows = family.type in {"counter", "histogram"}
                self.series.append(Series(sample.name, {**sample.labels, **origin}, sample.value, grows))


def served(urls: Mapping[str, str], texts: Mapping[str, str]) -> Served:
    """Ask each machine's monitor; *urls*, and *texts* of further ones, by the name that Prometheus knows them by."""
    texts = dict(texts)
    for instance, url in urls.items():
        with urllib.request.urlopen(f"{url}/metrics") as answer:
            texts[instance] = answer.read().decode()
    return Served(texts)


def metrics_of(expression: str) -> set[str]:
    """Return the metrics that an expression of PromQL names."""
    return set(_METRIC.findall(_STRING.sub('""', expression)))


def labels_of(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Yield each label that an expression names, and the metrics of which one must have it."""
    for name, matchers in _SELECTOR.findall(expression):
        yield from ((label, {name}) for label in _MATCHER.findall(matchers))
    for names in _GROUPING.findall(expression):
        yield from ((label.strip(), metrics_of(expression)) for label in names.split(","))


def promtool(*words: str | Path) -> str:
    """Return what ``promtool`` says; it has to be content."""
    answer = subprocess.run([require("promtool", "prometheus"), *words], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def evaluate(directory: Path, world: Sequence[Line], expressions: Sequence[str]) -> list[list[set[str]]]:
    """Return the names of the labels of each value that each expression has after half an hour of these series."""
    found = _found(directory, [(world, [f"({each}) or {_NOTHING}" for each in expressions])])
    return [[names for labels in values if (names := set(labels)) != {"nothing"}] for values in found]


def ringing(directory: Path, worlds: Sequence[Sequence[Line]], rules: Path) -> list[set[str]]:
    """Return, for each world, the alerts that ring after half an hour of its series."""
    question = f'count by (alertname) (ALERTS{{alertstate="firing"}}) or {_NOTHING}'
    found = _found(directory, [(world, [question]) for world in worlds], rules)
    return [{labels["alertname"] for labels in values if "alertname" in labels} for values in found]


def _found(
    directory: Path, worlds: Sequence[tuple[Sequence[Line], Sequence[str]]], rules: Path | None = None
) -> list[list[dict[str, str]]]:
    """Return the labels of each value of each expression.

    promtool compares with what is expected: nothing is, so it complains of all that it finds.
    """
    tests = [
        {
            "interval": "15s",
            "input_series": list(world),
            "promql_expr_test": [{"expr": each, "eval_time": "30m"} for each in expressions],
        }
        for world, expressions in worlds
    ]
    file = directory / "promtool.json"  # JSON is YAML, too
    plan = {"rule_files": [] if rules is None else [str(rules)], "evaluation_interval": "30s", "tests": tests}
    file.write_text(json.dumps(plan), encoding="utf-8")
    answer = subprocess.run(
        [require("promtool", "prometheus"), "test", "rules", file], capture_output=True, text=True, check=False
    )
    said = answer.stdout + answer.stderr
    found = re.findall(r"^\s*got: (.*)$", said, re.MULTILINE)
    assert len(found) == sum(len(expressions) for _, expressions in worlds), said
    return [[dict(_LABEL.findall(labels)) for labels in _LABELS.findall(values)] for values in found]

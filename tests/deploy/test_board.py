"""The board of Grafana shows what /metrics of running machines really serves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.prometheus import OWN_LABELS, Served, evaluate, labels_of, metrics_of
from tests.deploy.rendering import DEPLOY

pytestmark = pytest.mark.timeout(400)

BOARD: Mapping[str, Any] = json.loads((DEPLOY / "grafana.json").read_text(encoding="utf-8"))
PANELS: list[Mapping[str, Any]] = [panel for panel in BOARD["panels"] if panel["type"] != "row"]

RARE: Mapping[str, set[str]] = {
    "wasla_bus_refusals_total": {"line"},
    "wasla_process_kills_total": {"program"},
    "wasla_replay_requests_total": {"source"},
}
"""What is counted from its first occurrence on, and does not occur here; with its own labels."""


def expressions() -> Iterator[tuple[str, str, str]]:
    """Yield each panel's title with each of its expressions, variables filled in, and how it is labelled."""
    for panel in PANELS:
        for target in panel["targets"]:
            text = target["expr"].replace("$__rate_interval", "1m").replace("$instance", ".*")
            yield panel["title"], text, target["legendFormat"]


def test_every_metric_and_label_is_served(metrics: Served) -> None:
    for title, expression, _ in expressions():
        assert metrics_of(expression) <= metrics.names, title
        for label, names in labels_of(expression):
            known = {each for name in names for each in metrics.labels(name) | RARE.get(name, set())}
            assert label in known | OWN_LABELS | {"le"}, f"{title}: {label} of {names}"


def test_what_surrounds_the_panels_is_served_too(metrics: Served) -> None:
    asked = [note["expr"] for note in BOARD["annotations"]["list"]]
    asked += [each["query"]["query"] for each in BOARD["templating"]["list"] if each["type"] == "query"]
    assert set().union(*map(metrics_of, asked)) == {"wasla_epoch_changes_total", "wasla_ready"}
    assert {"wasla_epoch_changes_total", "wasla_ready"} <= metrics.names


def test_every_expression_finds_something_and_is_labelled_by_what_it_has(metrics: Served, tmp_path: Path) -> None:
    chosen = [each for each in expressions() if not metrics_of(each[1]) & set(RARE)]
    found = evaluate(tmp_path, [series.line(1) for series in metrics.series], [each[1] for each in chosen])
    for (title, expression, legend), values in zip(chosen, found, strict=True):
        assert values, f"{title} shows nothing: {expression}"
        shown = set(re.findall(r"\{\{(\w+)\}\}", legend))
        assert shown <= set.union(*values), f"{title} is labelled by {shown}, and has {values[0]}"


def test_every_panel_says_what_it_shows() -> None:
    titles = [panel["title"] for panel in PANELS]
    assert len(titles) == len(set(titles))
    for panel in PANELS:
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]


def test_panels_stand_beside_each_other() -> None:
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    for one, other in combinations((panel["gridPos"] for panel in BOARD["panels"]), 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below
        assert one["x"] + one["w"] <= 24

"""What honest clients noticed of attacks, drawn as SVG: from the half of the deliveries to the rare ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt

from tests.attacks.carrying_out import Outcome
from tests.attacks.table import quantile
from tests.benchmarks.drawing import OURS, THEIRS


def draw(outcomes: Sequence[Outcome], directory: Path) -> Path:
    """Draw the half and the 99th part of a hundred, before and during each attack, and return where."""
    figure, axes = plt.subplots(figsize=(7.5, 0.3 * len(outcomes) + 1.2), layout="constrained")
    names = [each.attack.name for each in outcomes]
    for attribute, colour, offset in (("before", THEIRS, -0.18), ("during", OURS, 0.18)):
        sides = [getattr(each, attribute) for each in outcomes]
        halves, rare = ([quantile(side, share) for side in sides] for share in (0.5, 0.99))
        places = [place + offset for place in range(len(names))]
        axes.hlines(places, halves, rare, color=colour, linewidth=3, label=f"{attribute} it: p50 to p99")
        axes.plot(halves, places, "o", color=colour, markersize=4)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("ms from the sale until both honest clients have it", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.grid(axis="x", color="#e2e8f0", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(fontsize=8, loc="outside upper center", ncols=2, frameon=False)
    path = directory / "attacks.svg"
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    return path

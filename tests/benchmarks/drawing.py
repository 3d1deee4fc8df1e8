"""Results drawn as SVG: bars by subject, ours in colour, the limit as a line."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

from tests.benchmarks.results import Measure, Result

OURS, THEIRS, LIMIT = "#2b6cb0", "#a0aec0", "#c53030"

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "wasla"  # the same figures make the same file


def draw(result: Result, directory: Path) -> Path | None:
    """Draw what is to be drawn into one file and return where; None where there is nothing."""
    measures = [measure for measure in result.measures if measure.drawn and measure.values]
    if not measures:
        return None
    heights = [0.32 * len(measure.values) + 0.9 for measure in measures]
    figure, places = plt.subplots(
        len(measures), figsize=(7.5, sum(heights) + 0.5), height_ratios=heights, layout="constrained", squeeze=False
    )
    for axes, measure in zip(places[:, 0], measures, strict=True):
        _bars(axes, measure)
    noise = ", noisy machine" if result.environment.get("noisy") else ""
    figure.suptitle(f"{result.title}{' (quick run' + noise + ')' if result.quick else noise}", fontsize=10)
    path = directory / f"{result.name}.svg"
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    return path


def _bars(axes: Axes, measure: Measure) -> None:
    subjects = list(reversed(measure.values))
    medians = [measure.median(subject) for subject in subjects]
    below = [median - min(measure.values[subject]) for median, subject in zip(medians, subjects, strict=True)]
    above = [max(measure.values[subject]) - median for median, subject in zip(medians, subjects, strict=True)]
    colours = [OURS if subject.startswith("wasla") else THEIRS for subject in subjects]
    bars = axes.barh(subjects, medians, color=colours, xerr=[below, above], ecolor="#4a5568", capsize=2)
    axes.bar_label(bars, [_label(measure, subject) for subject in subjects], padding=4, fontsize=8)
    if measure.reference is not None and measure.reference in measure.values:
        axes.axvline(measure.median(measure.reference), color=LIMIT, linewidth=1, linestyle="--")
    axes.margins(x=0.3)
    if measure.logarithmic:
        _logarithmic(axes, min(medians), max(medians))
    axes.set_title(measure.title, fontsize=9, loc="left")
    axes.set_xlabel(measure.unit, fontsize=8)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def _logarithmic(axes: Axes, least: float, most: float) -> None:
    """Begin a decade's step below the least: a logarithmic axis has no zero, so bars say their order alone."""
    axes.set_xscale("log")
    axes.set_xlim(10 ** math.floor(math.log10(least * 0.7)), most * 8)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())


def _label(measure: Measure, subject: str) -> str:
    median, ratio = measure.median(subject), measure.ratio(subject)
    text = f"{median:,.0f}" if median >= 100 else f"{median:.2g}" if median < 0.1 else f"{median:.2f}"
    return text if ratio is None else f"{text}  ({ratio:.2f} x)"

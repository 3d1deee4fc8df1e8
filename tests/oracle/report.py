"""What a run found, as JSON, as markdown, and drawn."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt

from tests.oracle.run import BESIDE, PEACE, Found, Shape


def summary(seconds: Sequence[float]) -> dict[str, float]:
    """Return how many, and the quantiles, in seconds."""
    ordered = sorted(seconds)
    return {
        "count": len(ordered),
        "p50": round(statistics.median(ordered), 3),
        "p99": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 3),
        "max": round(ordered[-1], 3),
    }


def as_json(shape: Shape, found: Found, command: str) -> str:
    """Return everything as JSON."""
    said = {
        "command": command,
        "seed": shape.seed,
        "clients": shape.clients,
        "writers": shape.writers,
        "two_phase": shape.two_phase,
        "events": found.events,
        "transactions": found.transactions,
        "rolled_back": found.rolled_back,
        "deliveries": found.deliveries,
        "links": found.links,
        "resyncs": dict(found.resyncs),
        "faults": dict(found.faults),
        "lost_on_bus": found.lost_on_bus,
        "dropped_partitions": found.dropped_partitions,
        "seconds": round(found.seconds, 1),
        "resumed": _summaries(found.resumed),
        "delivered": _summaries(found.delivered),
    }
    return json.dumps(said, indent=2) + "\n"


def as_markdown(shape: Shape, found: Found, command: str, figure: str) -> str:
    """Return the report that people read."""
    lines = [
        "# The oracle's last long run",
        "",
        "Random transactions, random clients and random faults; every client's stream was compared with what the",
        "writers noted and with the log, the rows each client rebuilt with the tables. **Nothing was wrong.**",
        "",
        f"`{command}`",
        "",
        "| what | how many |",
        "|---|---|",
        f"| events | {found.events:,} |",
        f"| transactions committed | {found.transactions:,} |",
        f"| transactions rolled back or lost to others | {found.rolled_back:,} |",
        f"| faults | {found.faults.total():,} |",
        f"| events delivered to {shape.clients} clients | {found.deliveries:,} |",
        f"| links they made | {found.links:,} |",
        f"| messages taken from the bus | {found.lost_on_bus:,} |",
        f"| partitions of the log dropped under clients that were away | {found.dropped_partitions:,} |",
        *(f"| resyncs told: {reason} | {count:,} |" for reason, count in sorted(found.resyncs.items())),
        f"| duration | {found.seconds:,.0f} s |",
        "",
        "Measured, in seconds: from a gateway's end until each of its clients had resumed elsewhere, apart where",
        f"others lasted or had ended less than {PEACE:g} s before; and, of faults that no other overlapped, the",
        "longest delivery of what was committed meanwhile, on links that stayed up. The next fault may follow at once",
        "and delay it further; `--alone` leaves peace after each.",
        "",
        "| fault | carried out | measured | p50 | p99 | longest |",
        "|---|---|---|---|---|---|",
        *(_row(f"{kind}: resumed", _count(found, kind), found.resumed[kind]) for kind in sorted(found.resumed)),
        *(_row(kind, found.faults[kind], found.delivered.get(kind, [])) for kind in sorted(found.faults)),
        "",
        f"![Recovery]({figure})",
        "",
    ]
    return "\n".join(lines)


def draw(found: Found, path: Path) -> None:
    """Draw how long clients took to resume, and how long deliveries took under each fault."""
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "oracle"
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 6))
    resumed = [
        [seconds for kind, values in found.resumed.items() if kind.endswith(BESIDE) is beside for seconds in values]
        for beside in (False, True)
    ]
    left.hist(resumed, bins=30, stacked=True, color=("#3572b0", "#b8c9de"), label=("by itself", BESIDE.strip(", ")))
    left.legend()
    left.set(title="Gateway killed: clients resumed", xlabel="seconds", ylabel="clients")
    kinds = sorted(kind for kind, seconds in found.delivered.items() if seconds)
    right.boxplot([found.delivered[kind] for kind in kinds], orientation="horizontal", tick_labels=kinds, whis=(0, 100))
    right.set(title="Longest delivery under one fault", xlabel="seconds")
    right.tick_params(axis="y", labelsize=7)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _summaries(seconds: Mapping[str, Sequence[float]]) -> dict[str, dict[str, float]]:
    return {kind: summary(values) for kind, values in sorted(seconds.items()) if values}


def _count(found: Found, kind: str) -> int:
    return found.faults[kind.removesuffix(BESIDE)]


def _row(name: str, count: int, seconds: Sequence[float]) -> str:
    if not seconds:
        return f"| {name} | {count} | - | - | - | - |"
    said = summary(seconds)
    return f"| {name} | {count} | {said['count']:.0f} | {said['p50']:.3f} | {said['p99']:.3f} | {said['max']:.3f} |"

"""What honest clients noticed of attacks, in figures: as a line, as a table, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.table import Table

from tests.attacks.carrying_out import Outcome

MIB = 1024 * 1024


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value, in milliseconds, that *share* of the values do not exceed; they are in seconds, in order."""
    return values[min(len(values) - 1, int(share * len(values)))] * 1000


def ended(outcome: Outcome) -> str:
    """Say how often it ended how."""
    return ", ".join(f"{count:,} x {end}" for end, count in outcome.ends.most_common())


def row(outcome: Outcome) -> str:
    """Return one outcome as a line."""
    p50, p99 = (
        f"p{share * 100:.0f} {quantile(outcome.before, share):.1f} -> {quantile(outcome.during, share):.1f} ms"
        for share in (0.5, 0.99)
    )
    before, after = (size / MIB for size in outcome.memory)
    ends = ended(outcome)
    return f"{outcome.attack.name}: {p50}, {p99}, {before:.0f} -> {after:.0f} MiB, {outcome.seconds:.1f} s; {ends}\n"


def drawn_table(outcomes: Sequence[Outcome]) -> Table:
    """Return all of them for a terminal."""
    table = Table("attack", "ended", title="A sale on its way to honest clients")
    for head in ("deliveries", "p50 before", "p50 during", "p99 before", "p99 during", "gateway"):
        table.add_column(head, justify="right")
    for each in outcomes:
        figures = (f"{quantile(side, share):.1f} ms" for share in (0.5, 0.99) for side in (each.before, each.during))
        memory = f"{each.memory[0] / MIB:.0f} to {each.memory[1] / MIB:.0f} MiB"
        table.add_row(each.attack.name, ended(each), str(len(each.during)), *figures, memory)
    return table


def write(outcomes: Sequence[Outcome], machine: Mapping[str, object], directory: Path) -> Path:
    """Write the figures and return where; milliseconds, MiB of the gateway, counted ends."""
    found = {
        "machine": machine,
        "attacks": [
            {
                "attack": each.attack.name,
                "about": each.attack.about,
                "seconds": round(each.seconds, 1),
                "ends": dict(each.ends.most_common()),
                "before": _figures(each.before),
                "during": _figures(each.during),
                "gateway_mib": [round(size / MIB) for size in each.memory],
            }
            for each in outcomes
        ],
    }
    path = directory / "attacks.json"
    path.write_text(json.dumps(found, indent=1) + "\n")
    return path


def _figures(values: Sequence[float]) -> dict[str, float]:
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "longest": 1.0}
    return {"deliveries": len(values), **{name: round(quantile(values, share), 1) for name, share in shares.items()}}

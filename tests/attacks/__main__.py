"""Carry out every attack and say what honest clients noticed of it.

    python -m tests.attacks [--seconds 5] [--only NAME ...] [--out docs/attacks]

Writes the figures as JSON and draws them. Attackers share the machine with who is attacked, at a lower priority: what
they take of the processor is in the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from rich.console import Console

from tests.attacks.carrying_out import attackers, watched
from tests.attacks.catalogue import ATTACKS
from tests.attacks.drawing import draw
from tests.attacks.ground import attacked_ground
from tests.attacks.table import drawn_table, write
from tests.benchmarks.environment import environment

SALES = 200

console = Console(width=140)


def main() -> None:
    """Do it."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="how long what could go on for ever does")
    parser.add_argument("--only", nargs="+", choices=ATTACKS, default=list(ATTACKS), metavar="NAME")
    parser.add_argument("--out", type=Path, default=Path("docs/attacks"), help="where the figures are written")
    options = parser.parse_args()
    rows, machine = [], environment()
    with (
        tempfile.TemporaryDirectory(prefix="wasla-attacks-", dir="/tmp") as directory,
        attacked_ground(Path(directory)) as ground,
        attackers() as pool,
    ):
        for name in options.only:
            attack = ATTACKS[name]
            outcome = asyncio.run(watched(ground, pool, attack, seconds=options.seconds, sales=SALES))
            unforeseen = set(outcome.ends) - attack.ends
            console.print(f"{name}: {'as it should be' if not unforeseen else f'[red]{unforeseen}[/]'}")
            rows.append(outcome)
    options.out.mkdir(parents=True, exist_ok=True)
    console.print(drawn_table(rows))
    console.print(f"written: {write(rows, machine, options.out)}, {draw(rows, options.out)}")


if __name__ == "__main__":
    main()

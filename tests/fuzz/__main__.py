"""``python -m tests.fuzz --inputs 1000000 --seed 7 --out docs/fuzz``: a long run, ending in a report.

Without ``--out`` the report is only printed. Whatever is found is shown with its traceback and the smallest input that
does it, and ends the run with 1. ``--target NAME --only NUMBER`` makes one input again and shows what comes of it.
"""

from __future__ import annotations

import argparse
import math
import random
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.fuzz.quiet import quiet
from tests.fuzz.report import as_json, as_markdown
from tests.fuzz.running import Tally, chance_of, once, run
from tests.fuzz.target import Target
from tests.fuzz.targets import BY_NAME, TARGETS


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="of all targets together")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--target", action="append", choices=sorted(BY_NAME), help="only this one; repeatable")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="make this one input of each target, and show it")
    parser.add_argument("--out", type=Path, help="directory for the report, such as docs/fuzz")
    asked = parser.parse_args()
    targets = [target for target in TARGETS if asked.target is None or target.name in asked.target]
    console = Console()
    with quiet():
        if asked.only is not None:
            return uvloop.run(_show(targets, asked.seed, asked.only, console))
        tallies = uvloop.run(_run(targets, asked.inputs, asked.seed, console))
    return _report(tallies, asked.seed, asked.out, console)


def numbers(targets: Sequence[Target], inputs: int) -> list[int]:
    """Return how many inputs each target gets; together they are no fewer than *inputs*."""
    whole = sum(target.share for target in targets)
    return [math.ceil(inputs * target.share / whole) for target in targets]


async def _run(targets: Sequence[Target], inputs: int, seed: int, console: Console) -> list[Tally]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    tallies = []
    with Progress(*columns, console=console) as progress:
        for target, count in zip(targets, numbers(targets, inputs), strict=True):
            task = progress.add_task(target.name, total=count)
            tally = await run(target, count, seed, lambda step, task=task: progress.advance(task, step))
            tallies.append(tally)
    return tallies


async def _show(targets: Sequence[Target], seed: int, number: int, console: Console) -> int:
    for target in targets:
        given = target.make(chance_of(seed, target, number))
        console.print(f"{target.name}:", style="bold")
        for part in given:
            console.print(f"  {part!r}", markup=False)
        console.print(f"  -> {await once(target, given)!r}", markup=False)
    return 0


def _report(tallies: Sequence[Tally], seed: int, out: Path | None, console: Console) -> int:
    command = f"python -m tests.fuzz {shlex.join(sys.argv[1:])}"
    markdown = as_markdown(tallies, command)
    if out is None:
        console.print(markdown, markup=False)
    else:
        out.mkdir(parents=True, exist_ok=True)
        (out / "README.md").write_text(markdown)
        (out / "report.json").write_text(as_json(tallies, command, seed))
        console.print(f"the report is in {out}")
    found = [finding for tally in tallies for finding in tally.findings.values()]
    for finding in found:
        console.print(f"{finding.target}, input {finding.number}: {finding.kind}", style="bold red", markup=False)
        console.print(f"{finding.given!r}\n{finding.report}", markup=False)
    return 1 if found or any(tally.complaints for tally in tallies) else 0


if __name__ == "__main__":
    sys.exit(main())

"""``python -m tests.oracle --seed 7 --events 1000000 --faults 1000``: a long run, ending in a report.

Without ``--out`` the report is only printed. The first wrong thing ends the run with 1 and is said in words, with the
seed, and the processes' logs are kept.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from tests.databases import fresh_database
from tests.oracle.faults import FAULTS, NATS_FAULTS
from tests.oracle.fleet import Fleet, running_fleet
from tests.oracle.report import as_json, as_markdown, draw
from tests.oracle.run import Found, Run, Shape, Wrong, prepare
from tests.servers import VERSIONS, temporary_server


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--faults", type=int, default=100)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--writers", type=int, default=5)
    parser.add_argument("--postgres", type=int, choices=VERSIONS, default=VERSIONS[-1])
    parser.add_argument("--two-phase", action="store_true", help="prepared transactions, too; writers never ring then")
    parser.add_argument("--alone", action="store_true", help="one fault at a time, to measure recovery")
    parser.add_argument("--nats", action="store_true", help="the bus on a NATS server, which fails, too")
    parser.add_argument("--only", help="kinds of faults that hold one of these texts, comma separated")
    parser.add_argument("--out", type=Path, help="directory for the report, such as docs/oracle")
    asked = parser.parse_args()
    texts = "" if asked.only is None else asked.only
    every = NATS_FAULTS if asked.nats else FAULTS
    kinds = {kind: every[kind] for kind in every if any(text in kind for text in texts.split(","))}
    rounds = max(1, round(asked.faults / 25))
    shape = Shape(
        asked.seed, rounds, -(-asked.faults // rounds), asked.events // rounds, kinds, asked.clients, asked.writers,
        two_phase=asked.two_phase, alone=asked.alone,
    )  # fmt: skip
    console = Console()
    try:
        found = asyncio.run(carry_out(shape, asked.postgres, console, over_nats=asked.nats))
    except BaseExceptionGroup as group:
        wrong, others = group.split(Wrong)
        if wrong is None or others is not None:
            raise
        console.print(str(wrong.exceptions[0]), style="bold red", markup=False)
        return 1
    _report(shape, found, asked.out, console)
    return 0


async def carry_out(shape: Shape, version: int, console: Console, *, over_nats: bool = False) -> Found:
    """Run everything on a server of its own."""
    with temporary_server(version, max_prepared_transactions="20" if shape.two_phase else "0") as server:
        async with fresh_database(server, "installed") as url:
            await prepare(url)
            database = url.partition("@/")[2].partition("?")[0]
            async with running_fleet(server, database, over_nats=over_nats) as fleet:
                try:
                    return await _with_progress(fleet, shape, console)
                except BaseException:
                    _keep_logs(fleet, console)
                    raise


async def _with_progress(fleet: Fleet, shape: Shape, console: Console) -> Found:
    with Progress(console=console) as progress:
        task = progress.add_task(f"seed {shape.seed}", total=shape.rounds)

        def show(found: Found) -> None:
            progress.update(
                task,
                advance=1,
                description=f"seed {shape.seed}: {found.events:,} events, {found.faults.total()} faults",
            )

        return await Run(fleet, shape, show, lambda text: progress.console.print(text, highlight=False)).rounds()


def _keep_logs(fleet: Fleet, console: Console) -> None:
    kept = tempfile.mkdtemp(prefix="oracle-logs-")
    for child in fleet.children:
        shutil.copy(child.log, kept)
    console.print(f"the processes' logs are in {kept}")


def _report(shape: Shape, found: Found, out: Path | None, console: Console) -> None:
    command = "python -m tests.oracle " + shlex.join(sys.argv[1:])
    if "--seed" not in sys.argv:
        command += f" --seed {shape.seed}"
    console.print(as_json(shape, found, command), highlight=False)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "report.json").write_text(as_json(shape, found, command), encoding="utf-8")
        (out / "README.md").write_text(as_markdown(shape, found, command, "recovery.svg"), encoding="utf-8")
        draw(found, out / "recovery.svg")


if __name__ == "__main__":
    sys.exit(main())

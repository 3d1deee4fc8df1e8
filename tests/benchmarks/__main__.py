"""The front of all benchmarks.

    ./bench [--quick] [--rounds N] [--only PART ...] [--output DIRECTORY] [NAME ...]
    ./bench --list | --install-peers | --draw

Without names everything runs, which takes about an hour; --quick takes minutes and says little but that it works.
Each scenario leaves NAME.json and NAME.svg in the output directory, and figures.md tells of all that are there: in
docs/benchmarks for a full run, in .benchmarks for a quick one.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tests.benchmarks.drawing import draw
from tests.benchmarks.gateway_load import allow_files
from tests.benchmarks.load.generator import compiler
from tests.benchmarks.peers.installed import install
from tests.benchmarks.results import read, write
from tests.benchmarks.running import ROOT
from tests.benchmarks.scenarios import PROGRAMS, SCENARIOS
from tests.benchmarks.tables import markdown, show
from tests.benchmarks.turns import Options

MOST_FILES = 20_000
HEADER = "# Figures\n\nWritten by `./bench`; what they mean is told in [README.md](README.md).\n"
console = Console(width=120)


def main() -> int:
    """Do what the command line asks for; return the exit code."""
    asked = _arguments()
    output = asked.output or ROOT / (".benchmarks" if asked.quick else "docs/benchmarks")
    if asked.list:
        for name in [*SCENARIOS, *PROGRAMS]:
            console.print(f"{name:12} {(SCENARIOS.get(name) or PROGRAMS[name]).about}")
        return 0
    if asked.install_peers:
        install()
        return 0
    if asked.draw:
        redraw(output)
        return 0
    if (reason := cannot_measure()) is not None:
        console.print(f"bench: {reason}", highlight=False, soft_wrap=True)
        return 2
    # Whoever ends the suite ends what it started, too: blocks are left in order.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    allow_files(MOST_FILES)
    options = Options(asked.quick, asked.rounds or (1 if asked.quick else 3), asked.only)
    return max([run(name, options, output) for name in asked.names or [*SCENARIOS, *PROGRAMS]], default=0)


def run(name: str, options: Options, output: Path) -> int:
    """Run one benchmark, keep what it found, and return 0 where everything that could be measured was."""
    if name in PROGRAMS:
        program = PROGRAMS[name]
        arguments = program.quick if options.quick else program.full
        command = [sys.executable, "-m", f"tests.benchmarks.{program.module}", *arguments]
        return subprocess.run(command, cwd=ROOT, check=False).returncode
    result = asyncio.run(SCENARIOS[name].measure(options))
    show(result, console)
    if options.only:
        console.print("not kept: only some were asked for")
    else:
        console.print(f"kept: {write(result, output)}")
        redraw(output)
    return 1 if result.failed else 0


def cannot_measure() -> str | None:
    """Return what this machine lacks for any measurement; None where nothing."""
    if not Path("/proc/self/schedstat").exists():
        return f"expected Linux with /proc/PID/schedstat, which says what a process used, got {platform.system()}"
    try:
        compiler()
    except FileNotFoundError as error:
        return str(error)
    return None


def redraw(directory: Path) -> None:
    """Draw every result that is kept in a directory, and write the page of figures."""
    kept = [directory / f"{name}.json" for name in SCENARIOS]
    results = [read(path) for path in kept if path.exists()]
    for result in results:
        draw(result, directory)
    (directory / "figures.md").write_text("\n".join([HEADER, *map(markdown, results)]), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="what to measure; everything by default")
    parser.add_argument("--quick", action="store_true", help="small numbers, one round")
    parser.add_argument("--rounds", type=int, help="rounds in which everybody has a turn (3; quick: 1)")
    parser.add_argument("--only", nargs="+", default=(), metavar="PART", help="subjects whose name holds one of these")
    parser.add_argument("--output", type=Path, help="where results are kept")
    parser.add_argument("--list", action="store_true", help="list what can be measured")
    parser.add_argument("--install-peers", action="store_true", help="install the peers of PyPI and npm")
    parser.add_argument("--draw", action="store_true", help="draw the kept results again")
    asked = parser.parse_args()
    _refuse_unknown(parser, asked.names)
    return asked


def _refuse_unknown(parser: argparse.ArgumentParser, names: Sequence[str]) -> None:
    known = [*SCENARIOS, *PROGRAMS]
    for name in names:
        if name not in known:
            parser.error(f"expected one of {', '.join(known)}, got {name}")


if __name__ == "__main__":
    sys.exit(main())

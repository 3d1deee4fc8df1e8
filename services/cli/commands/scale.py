"""``wasla scale N``: another number of gateway workers, through supervisord."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.places import supervisor_configuration, supervisor_socket
from services.cli.progress import Work, working
from services.cli.scaling import is_running, plan, workers
from services.cli.supervision import Supervisor, supervisor
from services.cli.terminal import say, say_json
from shared.errors import ConfigurationError


def _numbers(incomplete: str) -> list[str]:
    return [number for number in map(str, range(1, 9)) if number.startswith(incomplete)]


def scale(
    workers_wanted: Annotated[
        int, typer.Argument(metavar="N", min=1, max=8, help="How many gateway workers run.", autocompletion=_numbers)
    ],
    configuration: Annotated[
        Path | None,
        typer.Option("--configuration", "-c", metavar="PATH", help="The supervisord.conf that runs here."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")] = False,
) -> None:
    """Run exactly N gateway workers.

    From 1 to 8, until supervisord itself is started again.

    New workers are up before others are stopped, and one that is stopped sees its clients off to the others.

    \b
    Examples:
      wasla scale 4
      wasla scale 2 --json
    """
    address = supervisor_socket(configuration or supervisor_configuration())
    with supervisor(address) as running:
        started, stopped = _scale(running, workers_wanted, quiet=as_json)
        now = [program.full_name for program in workers(running.programs()) if is_running(program)]
    if as_json:
        say_json({"started": started, "stopped": stopped, "running": now})
    else:
        say(f"{len(now)} gateway worker{'s' if len(now) != 1 else ''} running: {', '.join(now)}")


def _scale(running: Supervisor, wanted: int, *, quiet: bool) -> tuple[list[str], list[str]]:
    """Start first, stop after: clients of a worker that goes find the others already there."""
    try:
        planned = plan(running.programs(), wanted)
    except ValueError as error:
        raise ConfigurationError(f"{error}; raise numprocs of gateway-extra in supervisord.conf") from None
    with working("scaling", total=len(planned.start) + len(planned.stop)) as work:
        for program in planned.start:
            work.now(f"starting {program.full_name}")
            running.start(program)
            _tell(f"started {program.full_name}", work, quiet=quiet)
        for program in planned.stop:
            work.now(f"stopping {program.full_name}, which sees its clients off")
            running.stop(program)
            _tell(f"stopped {program.full_name}", work, quiet=quiet)
    return [program.full_name for program in planned.start], [program.full_name for program in planned.stop]


def _tell(text: str, work: Work, *, quiet: bool) -> None:
    work.advance()
    if not quiet:
        say(text)

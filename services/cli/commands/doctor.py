"""``wasla doctor``: what is wrong, and what to do."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from services.cli.database import url_in_force
from services.cli.doctor.examine_database import examine_database
from services.cli.doctor.examine_machine import examine_machine
from services.cli.doctor.facts import DatabaseFacts, Facts
from services.cli.doctor.finding import Finding
from services.cli.doctor.verdicts import is_healthy, judge, summary
from services.cli.exits import Exit
from services.cli.progress import working
from services.cli.terminal import OUTCOMES, outcome_pieces, say, say_coloured, say_json, say_outcome
from services.monitor.settings import MonitorSettings
from services.pg_listener.settings import ListenerSettings
from shared.errors import ConfigurationError


def doctor(
    *,
    configuration: Annotated[
        Path | None,
        typer.Option("--configuration", "-c", metavar="PATH", help="The supervisord.conf that runs here."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as a JSON array.")] = False,
) -> None:
    """Find what is wrong and say what to do.

    Looks at the database, this machine's ports, keys and processes, and the measured delivery.

    Exits 1 on a problem; a warning is something to look after that stops no delivery.

    \b
    Examples:
      wasla doctor
      wasla doctor --json | jq -r '.[] | select(.level != "ok") | .advice'
    """
    monitor, listener = MonitorSettings.load(), ListenerSettings.load()
    findings = _look(monitor, listener, configuration)
    if as_json:
        say_json(findings)
    else:
        _show(findings)
    if not is_healthy(findings):
        raise typer.Exit(Exit.FAILED)


def _look(monitor: MonitorSettings, listener: ListenerSettings, configuration: Path | None) -> list[Finding]:
    with working("looking at the database") as work:
        database = _database()
        work.now("looking at this machine's ports, keys and processes")
        return judge(Facts(database, examine_machine(monitor, listener, configuration)))


def _show(findings: list[Finding]) -> None:
    for finding in findings:
        parts = [*outcome_pieces(finding.level, ""), (f"{finding.subject}: ", "bold"), (finding.what, None)]
        if finding.advice:
            parts += [("; ", None), (finding.advice, OUTCOMES[finding.level])]
        say_coloured(parts)
    say("")
    say_outcome(*summary(findings))


def _database() -> DatabaseFacts:
    try:
        url = url_in_force()
    except ConfigurationError as error:
        return DatabaseFacts(address="", failure=str(error))
    return asyncio.run(examine_database(url))

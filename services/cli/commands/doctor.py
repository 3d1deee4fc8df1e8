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
from services.cli.doctor.verdicts import is_healthy, judge
from services.cli.exits import Exit
from services.cli.terminal import say_json, say_outcome
from services.monitor.settings import MonitorSettings
from services.pg_listener.settings import ListenerSettings
from shared.errors import ConfigurationError


def doctor(
    configuration: Annotated[
        Path | None, typer.Option("--configuration", "-c", help="The supervisord.conf that runs here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as a JSON array.")] = False,
) -> None:
    """Find what is wrong and say what to do.

    Looks at the database, this machine's ports and processes, and the measured delivery. Exits 1 on a problem.
    """
    monitor, listener = MonitorSettings.load(), ListenerSettings.load()
    findings = judge(Facts(_database(), examine_machine(monitor, listener, configuration)))
    if as_json:
        say_json(findings)
    else:
        for finding in findings:
            say_outcome(finding.level, finding.sentence)
    if not is_healthy(findings):
        raise typer.Exit(Exit.FAILED)


def _database() -> DatabaseFacts:
    try:
        url = url_in_force()
    except ConfigurationError as error:
        return DatabaseFacts(address="", failure=str(error))
    return asyncio.run(examine_database(url))

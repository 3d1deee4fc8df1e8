"""``wasla status``: is it delivering, and what runs."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.addresses import authority
from services.cli.exits import Exit
from services.cli.monitor_page import fetch_status, read_status
from services.cli.status_lines import LINE_HEADERS, PROCESS_HEADERS, indicators, line_rows, process_rows
from services.cli.terminal import say, say_outcome, say_table
from services.monitor.settings import MonitorSettings
from services.monitor.status import Status


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print the monitor's /status.json as it is.")] = False,
) -> None:
    """Show what the monitor measures.

    Exits 1 while changes are not delivered in time.
    """
    settings = MonitorSettings.load()
    address = authority(settings.status_host, settings.status_port)
    body = fetch_status(address)
    found = read_status(body, address)
    if as_json:
        typer.echo(body.decode())
    else:
        _show(found)
    if not found.ready:
        raise typer.Exit(Exit.FAILED)


def _show(found: Status) -> None:
    for word, text in indicators(found):
        say_outcome(word, text)
    for headers, rows in ((PROCESS_HEADERS, process_rows(found)), (LINE_HEADERS, line_rows(found))):
        if rows:
            say("")
            say_table(headers, rows)

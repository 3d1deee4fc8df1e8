"""``wasla status``: is it delivering, and what runs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from services.cli.addresses import authority
from services.cli.exits import Exit
from services.cli.live_status import watch_status
from services.cli.progress import working
from services.cli.snapshot import Snapshot, look
from services.cli.status_lines import (
    GATEWAY_HEADERS,
    LINE_HEADERS,
    PROCESS_HEADERS,
    STYLES,
    gateway_rows,
    indicators,
    line_rows,
    process_rows,
)
from services.cli.terminal import say, say_json, say_outcome, say_table
from services.monitor.settings import MonitorSettings


def status(
    *,
    once: Annotated[bool, typer.Option("--once", help="Print it once, as in a pipe.")] = False,
    interval: Annotated[
        float, typer.Option("--interval", "-i", metavar="SECONDS", min=0.2, max=3600, help="Between two looks.")
    ] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was seen once, as one JSON object.")] = False,
) -> None:
    """Show what is measured, and what runs.

    On a terminal it refreshes in place until q or Ctrl-C; in a pipe it is printed once.

    Exits 1 while changes are not delivered in time.

    \b
    Examples:
      wasla status
      wasla status --once
      wasla status --json | jq .realtime.seconds
    """
    settings = MonitorSettings.load()
    address = authority(settings.status_host, settings.status_port)
    if sys.stdout.isatty() and not (once or as_json):
        ready = watch_status(address, interval)
    else:
        ready = _print_once(address, as_json=as_json)
    if not ready:
        raise typer.Exit(Exit.FAILED)


def _print_once(address: str, *, as_json: bool) -> bool:
    with working(f"asking the monitor at {address}"):
        seen = look(address)
    if as_json:
        say_json(seen.fields())
    else:
        _show(seen)
    return seen.status.ready


def _show(seen: Snapshot) -> None:
    for word, text in indicators(seen.status):
        say_outcome(word, text)
    for headers, rows in (
        (PROCESS_HEADERS, process_rows(seen.status)),
        (GATEWAY_HEADERS, gateway_rows(seen.gateways)),
        (LINE_HEADERS, line_rows(seen.status)),
    ):
        if rows:
            say("")
            say_table(headers, rows, STYLES)

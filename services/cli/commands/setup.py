"""``wasla setup``: install, watch tables, and see test events arrive."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from services.cli.addresses import gateway_url
from services.cli.completion import unwatched_names
from services.cli.database import url_in_force
from services.cli.exits import Exit
from services.cli.journal import Journal
from services.cli.setting_up import Request, configuration, set_up
from services.cli.targets import Target
from services.cli.terminal import say, say_json, say_table
from services.monitor.settings import MonitorSettings
from services.setup import LeastRights


def setup(
    *,
    watch: Annotated[
        list[str] | None,
        typer.Option(
            "--watch",
            metavar="TABLE[:CHANNEL[:CAPTURE]]",
            help="Watch this table, too; repeatable. CAPTURE: notify_change, notify_booking_change or "
            "notify_vehicle_queue_change.",
            autocompletion=unwatched_names,
        ),
    ] = None,
    station: Annotated[bool, typer.Option("--station", help="Make and watch the station's demo tables.")] = False,
    roles: Annotated[
        bool, typer.Option("--roles", help="Least rights: give the schema to a role of its own, for good.")
    ] = False,
    listener: Annotated[
        str | None,
        typer.Option("--listener", metavar="ROLE", help="Grant what the processes need to this role; means --roles."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, change nothing.")] = False,
    verify: Annotated[bool, typer.Option(help="Send test events and see them arrive at a WebSocket.")] = True,
    verify_timeout: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="How long the test events have to arrive.")
    ] = 15.0,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Another gateway to see the events arrive at.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the steps and the configuration as JSON.")] = False,
) -> None:
    """Install, and prove that changes arrive.

    Connects to the database, and creates schema and triggers in one transaction. Repeatable.

    Then sends a test event of every watched table, sees it arrive at a WebSocket, and prints the configuration.

    Exits non-zero when any step failed, and when no gateway answers to see the events arrive at.

    \b
    Examples:
      wasla setup --dry-run
      wasla setup --watch orders --watch audit.entries:audit_events
      wasla setup --station --no-verify
      wasla setup --listener wasla_processes
    """
    settings = MonitorSettings.load()
    request = Request(
        database_url=url_in_force(),
        gateway_url=url or gateway_url(settings),
        targets=_targets(watch or []),
        station=station,
        least_rights=LeastRights(login=listener) if roles or listener is not None else None,
        dry_run=dry_run,
        verify_timeout=verify_timeout if verify else None,
    )
    journal = Journal(quiet=as_json)
    code, watched = asyncio.run(set_up(request, journal))
    _show(journal, code, configuration(request, settings, watched), as_json=as_json)
    raise typer.Exit(code)


def _targets(words: list[str]) -> tuple[Target, ...]:
    try:
        return tuple(Target.parse(word) for word in words)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--watch") from None


def _show(journal: Journal, code: Exit, shown: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json({"ok": code is Exit.OK, "steps": journal.steps, "configuration": shown})
    elif code is Exit.OK:
        tables = shown.pop("tables")
        say("")
        say_table(("configuration", "value"), [(name.replace("_", " "), value) for name, value in shown.items()])
        if tables:
            say("")
            say_table(("table", "channel"), list(tables.items()))

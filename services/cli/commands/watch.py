"""``wasla watch`` and ``wasla unwatch``: which tables are watched, one more, one less."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from services.cli.completion import capture_names, table_names, unwatched_names
from services.cli.database import connection, url_in_force
from services.cli.progress import working
from services.cli.terminal import say, say_json, say_table
from services.cli.watched import Watched, watched_tables
from services.setup import unwatch as unwatch_table
from services.setup import watch as watch_table
from services.setup.watching import DEFAULT_CAPTURE
from shared.errors import DatabaseRefused
from shared.queries import query

HEADERS = ("table", "channel", "capture", "triggers")
_STYLES = {"in place": "green", "see wasla doctor": "red"}


def watch(
    *,
    table: Annotated[
        str | None,
        typer.Argument(
            metavar="TABLE",
            help="As in SQL: bookings, audit.entries. Without one the watched tables are listed.",
            autocompletion=unwatched_names,
        ),
    ] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="NAME", help="Default: the table's name and _events.")
    ] = None,
    capture: Annotated[
        str,
        typer.Option(
            "--capture",
            metavar="FUNCTION",
            help="notify_change, or with business events notify_booking_change, notify_vehicle_queue_change.",
            autocompletion=capture_names,
        ),
    ] = DEFAULT_CAPTURE,
    as_json: Annotated[bool, typer.Option("--json", help="Print the watched tables as a JSON array.")] = False,
) -> None:
    """Watch a table from now on, or list the watched ones.

    Repeat it for a partitioned table that got new partitions.

    \b
    Examples:
      wasla watch
      wasla watch orders
      wasla watch audit.entries --channel audit_events
      wasla watch --json | jq -r '.[].table'
    """
    url = url_in_force()
    if table is not None:
        with working(f"watching {table}"):
            asyncio.run(_watch(url, table, channel, capture))
    elif channel is not None or capture != DEFAULT_CAPTURE:
        raise typer.BadParameter("expected the table that --channel and --capture are for, got none")
    found = asyncio.run(_list(url)) if as_json or table is None else []
    if as_json:
        say_json(found)
    elif table is not None:
        say(f"{table} is watched")
    else:
        _show(found)


def unwatch(
    table: Annotated[
        str, typer.Argument(metavar="TABLE", help="As in SQL: bookings, audit.entries.", autocompletion=table_names)
    ],
) -> None:
    """Stop watching a table.

    Its rows stay as they are.

    \b
    Example:
      wasla unwatch orders
    """
    with working(f"taking the triggers off {table}"):
        asyncio.run(_unwatch(url_in_force(), table))
    say(f"{table} is not watched")


def _show(found: list[Watched]) -> None:
    if not found:
        say("no table is watched; run wasla watch TABLE")
        return
    rows = [(it.table, it.channel, it.capture, "in place" if it.triggered else "see wasla doctor") for it in found]
    say_table(HEADERS, rows, _STYLES)


async def _list(url: str) -> list[Watched]:
    async with connection(url) as database:
        if not await database.fetchval(query("setup/is_installed")):
            raise DatabaseRefused("expected schema wasla in the database, found none; run wasla setup")
        return await watched_tables(database)


async def _watch(url: str, table: str, channel: str | None, capture: str) -> None:
    async with connection(url) as database:
        await watch_table(database, table, channel=channel, capture=capture)


async def _unwatch(url: str, table: str) -> None:
    async with connection(url) as database:
        was_watched = await unwatch_table(database, table)
    if not was_watched:
        raise DatabaseRefused(f"expected a watched table, but {table} is not watched; correct the name, or leave it")

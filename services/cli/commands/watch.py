"""``wasla watch`` and ``wasla unwatch``: one table more, one less."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from services.cli.database import connection, url_in_force
from services.cli.terminal import say
from services.setup import unwatch as unwatch_table
from services.setup import watch as watch_table
from services.setup.watching import DEFAULT_CAPTURE
from shared.errors import DatabaseRefused

Table = Annotated[str, typer.Argument(metavar="TABLE", help="As in SQL: bookings, audit.entries.")]


def watch(
    table: Table,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="NAME", help="Default: the table's name and _events.")
    ] = None,
    capture: Annotated[
        str,
        typer.Option(
            "--capture",
            metavar="FUNCTION",
            help="notify_change, or with business events notify_booking_change, notify_vehicle_queue_change.",
        ),
    ] = DEFAULT_CAPTURE,
) -> None:
    """Watch a table from now on.

    Repeat it for a partitioned table that got new partitions.
    """
    asyncio.run(_watch(url_in_force(), table, channel, capture))
    say(f"{table} is watched")


def unwatch(table: Table) -> None:
    """Stop watching a table.

    Its rows stay as they are.
    """
    asyncio.run(_unwatch(url_in_force(), table))
    say(f"{table} is not watched")


async def _watch(url: str, table: str, channel: str | None, capture: str) -> None:
    async with connection(url) as database:
        await watch_table(database, table, channel=channel, capture=capture)


async def _unwatch(url: str, table: str) -> None:
    async with connection(url) as database:
        was_watched = await unwatch_table(database, table)
    if not was_watched:
        raise DatabaseRefused(f"expected a watched table, but {table} is not watched; correct the name, or leave it")

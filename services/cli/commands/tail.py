"""``wasla tail``: live events in the terminal."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Annotated, Any

import typer

from services.cli.addresses import gateway_url
from services.cli.conversation import Conversation, DatabaseStatus, Happened, Item, Registered, Resync
from services.cli.event_lines import event_pieces
from services.cli.filters import FilterError, parse_where
from services.cli.stream import Lost, follow
from services.cli.terminal import remark, say_coloured
from services.monitor.settings import MonitorSettings
from shared.protocol import timestamp

APP_NAME = "wasla tail"


def tail(
    *,
    table: Annotated[
        list[str] | None, typer.Option("--table", metavar="TABLE", help="Only this table; repeatable.")
    ] = None,
    event: Annotated[
        list[str] | None,
        typer.Option("--event", metavar="EVENT", help="Only INSERT, BOOKING_CREATED, ...; repeatable."),
    ] = None,
    channel: Annotated[
        list[str] | None, typer.Option("--channel", metavar="CHANNEL", help="Only this channel; repeatable.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="CONDITION",
            help="Only rows with status=WAITING, available_seats<=2, status in A,B, cancelled_at is null; repeatable, "
            "all have to hold; needs --table or --channel.",
        ),
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", "-n", metavar="N", min=1, help="End after so many events.")
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Another gateway: ws://host:port or wss://host.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print each event as one line of JSON.")] = False,
) -> None:
    """Print every change as it is committed.

    Until Ctrl-C; what happens while the link is down is printed when it is back.
    """
    subscription = _subscription(table, event, channel, where)
    address = url or gateway_url(MonitorSettings.load())
    asyncio.run(_tail(address, Conversation(APP_NAME, subscription), count, as_json=as_json))


def _subscription(
    tables: list[str] | None, events: list[str] | None, channels: list[str] | None, where: list[str] | None
) -> dict[str, Any] | None:
    """Return the subscription that the options mean, None for every event."""
    try:
        conditions = parse_where(where or ())
    except FilterError as error:
        raise typer.BadParameter(str(error), param_hint="--where") from None
    if conditions and not (tables or channels):
        raise typer.BadParameter("expected --table or --channel beside it, got neither", param_hint="--where")
    parts = {"tables": tables, "events": events, "channels": channels, "where": conditions}
    return {name: value for name, value in parts.items() if value} or None


async def _tail(url: str, conversation: Conversation, count: int | None, *, as_json: bool) -> None:
    remaining = count
    database = "up"
    async with contextlib.aclosing(follow(url, conversation)) as items:
        async for item in items:
            if isinstance(item, Happened):
                _show(item, as_json=as_json)
                remaining = None if remaining is None else remaining - 1
            elif not isinstance(item, DatabaseStatus) or item.database != database:
                remark(f"{timestamp(time.time())}  {_remark(item, url)}")
            if isinstance(item, DatabaseStatus):
                database = item.database
            if remaining == 0:
                return


def _show(event: Happened, *, as_json: bool) -> None:
    if as_json:
        typer.echo(event.text)
    else:
        say_coloured(event_pieces(event))


def _remark(item: Item | Lost, url: str) -> str:
    match item:
        case Registered():
            return f"{'resumed' if item.resumed else 'connected'} at {url}, gateway {item.gateway}, seq {item.seq}"
        case Lost():
            return f"connection lost: {item.reason}; next try in {item.retry_in:.1f} s"
        case Resync():
            what = ", ".join(item.tables) if item.tables else "every table"
            return f"events of {what} were missed ({item.reason}); going on from seq {item.seq}"
        case DatabaseStatus():
            return f"database {item.database}"
        case Happened():
            raise AssertionError("events are printed, not remarked on")

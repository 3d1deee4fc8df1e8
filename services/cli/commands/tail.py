"""``wasla tail``: live events in the terminal."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from services.cli import beginning
from services.cli.addresses import gateway_url
from services.cli.completion import channel_names, event_names, table_names
from services.cli.conversation import Conversation, DatabaseStatus, Happened, Item, Reached, Registered, Resync
from services.cli.event_lines import EventLines
from services.cli.filters import FilterError, parse_where
from services.cli.introducing import withheld
from services.cli.progress import working
from services.cli.stream import Lost, follow
from services.cli.terminal import remark, say_coloured
from services.monitor.settings import MonitorSettings
from shared.positions import Position
from shared.protocol import timestamp

APP_NAME = "wasla tail"


@dataclass(frozen=True, slots=True)
class _Beginning:
    """Where the stream begins: after a seq, so many events back, or in the present."""

    since: int | None
    last: int | None

    async def position(self, url: str, subscription: dict[str, Any] | None) -> Position | None:
        if self.since is not None:
            return await beginning.after(url, APP_NAME, self.since)
        if self.last is None:
            return None
        with working(f"looking for the last {self.last} events"):
            return await beginning.back(url, APP_NAME, subscription, self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """How events are printed: as JSON, or as lines that are cut at a terminal's edge unless ``full``."""

    as_json: bool
    full: bool


def tail(
    *,
    table: Annotated[
        list[str] | None,
        typer.Option("--table", "-t", metavar="TABLE", help="Only this table; repeatable.", autocompletion=table_names),
    ] = None,
    event: Annotated[
        list[str] | None,
        typer.Option(
            "--event",
            "-e",
            metavar="EVENT",
            help="Only INSERT, BOOKING_CREATED, ...; repeatable.",
            autocompletion=event_names,
        ),
    ] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            "--channel", metavar="CHANNEL", help="Only this channel; repeatable.", autocompletion=channel_names
        ),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            "-w",
            metavar="CONDITION",
            help="Only rows with status=WAITING, available_seats<=2, status in A,B, cancelled_at is null; repeatable, "
            "all have to hold; needs --table or --channel.",
        ),
    ] = None,
    since: Annotated[
        int | None, typer.Option("--since", metavar="SEQ", min=0, help="Begin after this seq, not in the present.")
    ] = None,
    last: Annotated[
        int | None, typer.Option("--last", metavar="N", min=1, help="Begin with the last N such events.")
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", "-n", metavar="N", min=1, help="End after so many events.")
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Another gateway: ws://host:port or wss://host.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Do not cut long lines at the terminal's edge.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print each event as one line of JSON.")] = False,
) -> None:
    """Print every change as it is committed.

    Until Ctrl-C; what happens while the link is down is printed when it is back.

    Events go to standard output, what becomes of the link to standard error.

    \b
    Examples:
      wasla tail
      wasla tail --table bookings --event INSERT --where destination_id=jemmal
      wasla tail --last 20
      wasla tail --since 4711 --json | jq .data
    """
    subscription = _subscription(table, event, channel, where)
    if since is not None and last is not None:
        raise typer.BadParameter("expected --since or --last, got both", param_hint="--last")
    address = url or gateway_url(MonitorSettings.load())
    if (sentence := withheld(address)) is not None:
        remark(sentence, "yellow")
    asyncio.run(_tail(address, subscription, _Beginning(since, last), count, _Form(as_json=as_json, full=full)))


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


async def _tail(
    url: str, subscription: dict[str, Any] | None, begin: _Beginning, count: int | None, form: _Form
) -> None:
    conversation = Conversation(APP_NAME, subscription, position=await begin.position(url, subscription))
    remaining, database, lines, told, has_stood = count, "up", EventLines(), "", False
    async with contextlib.aclosing(follow(url, conversation)) as items:
        async for item in items:
            if isinstance(item, Happened):
                _show(item, lines, form)
                remaining = None if remaining is None else remaining - 1
            elif not _says_nothing(item, database):
                text, style = _remark(item, url, told, has_stood=has_stood)
                remark(f"{timestamp(time.time())}  {text}", style)
                told = item.reason if isinstance(item, Lost) else ""
                has_stood = True
            if isinstance(item, DatabaseStatus):
                database = item.database
            if remaining == 0:
                return


def _says_nothing(item: Item | Lost, database: str) -> bool:
    """Tell whether there is no news for people in it: a position, or a database that is as it was."""
    return isinstance(item, Reached) or (isinstance(item, DatabaseStatus) and item.database == database)


def _show(event: Happened, lines: EventLines, form: _Form) -> None:
    if form.as_json:
        typer.echo(event.text)
    else:
        say_coloured(lines.pieces(event), cut=not form.full)


def _remark(item: Item | Lost, url: str, told: str, *, has_stood: bool) -> tuple[str, str]:
    """Return what to say of something that is no event, and its colour; a reason that was *told* is not told again.

    A first connection resumes, too, where it begins in the past: for people that is a beginning.
    """
    match item:
        case Registered() if item.resumed and not has_stood:
            return f"connected at {url}, gateway {item.gateway}, beginning after seq {item.seq}", "green"
        case Registered():
            how = "resumed" if item.resumed else "connected"
            return f"{how} at {url}, gateway {item.gateway}, seq {item.seq}", "green"
        case Lost(reason=reason) if reason == told:
            return f"still so; next try in {item.retry_in:.1f} s", "yellow"
        case Lost():
            return f"connection lost: {item.reason}; next try in {item.retry_in:.1f} s", "yellow"
        case Resync():
            what = ", ".join(item.tables) if item.tables else "every table"
            missed = f"RESYNC: events of {what} were missed ({item.reason}); load it again"
            return f"{missed}; going on from seq {item.seq}", "bold white on red"
        case DatabaseStatus():
            return f"database {item.database}", "green" if item.database == "up" else "bold red"
        case Happened() | Reached():
            raise AssertionError("events are printed, and positions are nobody's business")

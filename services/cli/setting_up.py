"""The steps of ``wasla setup``, in order; the first that fails ends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.cli.addresses import status_url
from services.cli.database import connection
from services.cli.errors import PeerUnreachable
from services.cli.exits import Exit, exit_code
from services.cli.journal import Journal
from services.cli.status_lines import duration
from services.cli.targets import Target
from services.cli.verification import verify
from services.cli.watched import watched_tables
from services.monitor.settings import MonitorSettings
from services.setup import install, install_station, watch
from services.setup.watching import DEFAULT_CAPTURE
from shared.database import describe
from shared.errors import DatabaseRefused, WaslaError
from shared.queries import query


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be set up; ``verify_timeout`` is in seconds, None to leave the proof out."""

    database_url: str
    gateway_url: str
    targets: tuple[Target, ...] = ()
    station: bool = False
    dry_run: bool = False
    verify_timeout: float | None = 15.0


async def set_up(request: Request, journal: Journal) -> tuple[Exit, dict[str, str]]:
    """Do it, telling the journal each step; return the exit code, and the channels of the watched tables."""
    watched: dict[str, str] = {}
    try:
        async with connection(request.database_url) as database:
            journal.add("ok", f"connected to {describe(request.database_url)}")
            await _check_tables(database, request)
            if request.dry_run:
                await _rehearse(database, request, journal)
                return Exit.OK, watched
            await _install(database, request, journal)
            watched = await watched_tables(database)
            await _verify(database, request, journal)
    except WaslaError as error:
        journal.add("failed", str(error))
        return exit_code(error), watched
    return Exit.OK, watched


async def _check_tables(database: Any, request: Request) -> None:
    """Refuse a name that is no table before anything is changed; --station is about to make some."""
    for target in () if request.station else request.targets:
        if not await database.fetchval(query("cli/table_exists"), target.table):
            raise DatabaseRefused(f"expected a table {target.table}, found none; create it first, or correct the name")


async def _rehearse(database: Any, request: Request, journal: Journal) -> None:
    report = await install(database, dry_run=True)
    journal.add("ok", "server, rights and tables are as needed")
    for name in report.applied:
        journal.add("note", f"would run {name}.sql")
    if request.station:
        journal.add("note", "would make and watch the station's demo tables")
    for target in request.targets:
        journal.add("note", f"would watch {target.table}")


async def _install(database: Any, request: Request, journal: Journal) -> None:
    """Install and watch, whole or not at all; nothing is called done before it is committed."""
    async with database.transaction():
        # An install looks for no unqualified name, until the transaction ends; the targets are named as the user would.
        search_path = await database.fetchval(query("cli/search_path"))
        report = await install(database)
        if request.station:
            await install_station(database)
        await database.execute(query("cli/set_search_path"), search_path)
        for target in request.targets:
            await watch(database, target.table, channel=target.channel, capture=target.capture or DEFAULT_CAPTURE)
    journal.add("ok", f"schema wasla is installed and current ({len(report.applied)} files run)")
    if request.station:
        journal.add("ok", "the station's demo tables are made and watched")
    for target in request.targets:
        journal.add("ok", f"{target.table} is watched")


async def _verify(database: Any, request: Request, journal: Journal) -> None:
    if request.verify_timeout is None:
        journal.add("skipped", "no test event was sent, as asked")
        return
    try:
        arrivals = await verify(database, request.gateway_url, timeout=request.verify_timeout)
    except PeerUnreachable as error:
        raise PeerUnreachable(
            f"no test event was seen arriving: {error}; then run this again, or leave the proof out with --no-verify"
        ) from None
    for arrival in arrivals:
        journal.add("ok", f"{arrival.channel}: test event of {arrival.table} arrived after {duration(arrival.seconds)}")
    if not arrivals:
        journal.add("note", "no table is watched, so no test event was sent; run wasla watch TABLE")


def configuration(request: Request, settings: MonitorSettings, watched: dict[str, str]) -> dict[str, Any]:
    """Return what to tell whoever configures an application: addresses, and the watched tables' channels."""
    return {
        "database": describe(request.database_url),
        "websocket": request.gateway_url,
        "status page": status_url(settings),
        "tables": watched,
    }

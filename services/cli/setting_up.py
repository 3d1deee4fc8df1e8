"""The steps of ``wasla setup``, in order; the first that fails ends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from services.cli.addresses import status_url
from services.cli.database import connection
from services.cli.errors import PeerUnreachable
from services.cli.exits import Exit, exit_code
from services.cli.journal import Journal
from services.cli.progress import working
from services.cli.status_lines import duration
from services.cli.targets import Target
from services.cli.verification import verify
from services.cli.watched import Watched, watched_tables
from services.monitor.settings import MonitorSettings
from services.setup import InstallReport, LeastRights, install, install_station, watch
from services.setup.plan import REPEATABLE_PREFIX
from services.setup.role_checks import LISTENER, OWNER
from services.setup.watching import DEFAULT_CAPTURE
from shared.database import describe
from shared.errors import DatabaseRefused, WaslaError
from shared.queries import query


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be set up; ``verify_timeout`` is in seconds, None to leave the proof out.

    ``least_rights`` None leaves the roles as they are.
    """

    database_url: str
    gateway_url: str
    targets: tuple[Target, ...] = ()
    station: bool = False
    least_rights: LeastRights | None = None
    dry_run: bool = False
    verify_timeout: float | None = 15.0


async def set_up(request: Request, journal: Journal) -> tuple[Exit, list[Watched]]:
    """Do it, telling the journal each step; return the exit code, and the watched tables."""
    watched: list[Watched] = []
    try:
        async with _connected(request, journal) as database:
            await _check_tables(database, request)
            if request.dry_run:
                await _rehearse(database, request, journal)
                return Exit.OK, watched
            await _install(database, request, journal)
            watched = await watched_tables(database)
            _tell_triggers(watched, journal)
            await _verify(database, request, journal)
    except WaslaError as error:
        journal.add("failed", str(error))
        return exit_code(error), watched
    return Exit.OK, watched


@asynccontextmanager
async def _connected(request: Request, journal: Journal) -> AsyncIterator[Any]:
    async with AsyncExitStack() as stack:
        with working(f"connecting to {describe(request.database_url)}"):
            database = await stack.enter_async_context(connection(request.database_url))
        journal.add("ok", f"connected to {describe(request.database_url)}")
        yield database


async def _check_tables(database: Any, request: Request) -> None:
    """Refuse a name that is no table before anything is changed; --station is about to make some."""
    for target in () if request.station else request.targets:
        if not await database.fetchval(query("cli/table_exists"), target.table):
            raise DatabaseRefused(f"expected a table {target.table}, found none; create it first, or correct the name")


async def _rehearse(database: Any, request: Request, journal: Journal) -> None:
    report = await install(database, dry_run=True, least_rights=request.least_rights)
    journal.add("ok", "server, rights and tables are as needed")
    for name in report.applied:
        journal.add("note", f"would run {name}.sql")
    if report.least_rights:
        journal.add("note", f"would give schema wasla to role {OWNER}, and others what they need of it")
    if request.least_rights is not None and request.least_rights.login is not None:
        journal.add("note", f"would grant {LISTENER} to {request.least_rights.login}")
    if request.station:
        journal.add("note", "would make and watch the station's demo tables")
    for target in request.targets:
        journal.add("note", f"would watch {target.table}")


async def _install(database: Any, request: Request, journal: Journal) -> None:
    """Install and watch, whole or not at all; nothing is called done before it is committed."""
    with working("installing, in one transaction"):
        await _install_all(database, request, journal)
    if request.station:
        journal.add("ok", "the station's demo tables are made and watched")
    for target in request.targets:
        journal.add("ok", f"{target.table} is watched")


async def _install_all(database: Any, request: Request, journal: Journal) -> None:
    async with database.transaction():
        # An install looks for no unqualified name, until the transaction ends; the targets are named as the user would.
        search_path = await database.fetchval(query("cli/search_path"))
        report = await install(database, least_rights=request.least_rights)
        if request.station:
            await install_station(database)
        await database.execute(query("cli/set_search_path"), search_path)
        for target in request.targets:
            await watch(database, target.table, channel=target.channel, capture=target.capture or DEFAULT_CAPTURE)
    journal.add("ok", f"schema wasla is {_brought_up_to_date(report)}")
    _tell_rights(report, request, journal)


def _tell_rights(report: InstallReport, request: Request, journal: Journal) -> None:
    if not report.least_rights:
        return
    journal.add("ok", f"schema wasla belongs to role {OWNER}; {LISTENER} has what the processes need")
    if request.least_rights is None:
        return
    if request.least_rights.login is None:
        journal.add("note", f"grant {LISTENER} to the role that the processes connect as: wasla setup --listener ROLE")
    else:
        journal.add("ok", f"role {request.least_rights.login} has it: let WASLA_DATABASE_URL of the processes name it")


def _brought_up_to_date(report: InstallReport) -> str:
    """Say what an install did; functions are written anew each time, whether they changed or not."""
    made = [name for name in report.applied if not name.startswith(REPEATABLE_PREFIX)]
    if report.unchanged and not made:
        return "already current, its functions renewed"
    return f"installed and current ({len(report.applied)} files run)"


def _tell_triggers(watched: list[Watched], journal: Journal) -> None:
    """Say what each table's triggers are, as the database has them now."""
    for table in watched:
        if table.triggered:
            journal.add("ok", f"{table.table}: triggers are in place ({table.capture}), channel {table.channel}")
        else:
            journal.add("note", f"{table.table}: triggers are missing or disabled; run wasla doctor")


async def _verify(database: Any, request: Request, journal: Journal) -> None:
    if request.verify_timeout is None:
        journal.add("skipped", "no test event was sent, as asked")
        return
    try:
        with working("sending test events, waiting for them at the WebSocket") as work:
            arrivals = await verify(database, request.gateway_url, work, timeout=request.verify_timeout)
    except PeerUnreachable as error:
        raise PeerUnreachable(
            f"no test event was seen arriving: {error}; then run this again, or leave the proof out with --no-verify"
        ) from None
    for arrival in arrivals:
        journal.add("ok", f"{arrival.channel}: test event of {arrival.table} arrived after {duration(arrival.seconds)}")
    if not arrivals:
        journal.add("note", "no table is watched, so no test event was sent; run wasla watch TABLE")


def configuration(request: Request, settings: MonitorSettings, watched: list[Watched]) -> dict[str, Any]:
    """Return what to tell whoever configures an application: addresses, and the watched tables' channels."""
    return {
        "database": describe(request.database_url),
        "websocket": request.gateway_url,
        "status_page": status_url(settings),
        "tables": {table.table: table.channel for table in watched},
    }

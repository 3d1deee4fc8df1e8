"""``wasla policy check``: is the policy file sound, and what may a client see and do by it?"""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.cli.claims import claims_of
from services.cli.database import connection, url_in_force
from services.cli.places import resolve
from services.cli.terminal import remark, say
from services.gateway.access.admission import Admission, Entrance
from services.gateway.rights.explaining import explain
from services.gateway.rights.misfits import misfits
from services.gateway.rights.opening import read_policy
from services.gateway.rights.policy import ANY_TABLE, Policy
from services.gateway.settings import GatewaySettings
from services.pg_listener.archive import catalog_of
from shared.catalog import Catalog
from shared.errors import ConfigurationError, DatabaseError, DatabaseRefused, WaslaError
from shared.queries import query


class Action(StrEnum):
    """What is to be done with the policy."""

    CHECK = "check"


def policy(
    action: Annotated[Action, typer.Argument(metavar="check", help="The one thing there is to do.")],
    *,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="PATH", help="Instead of the one that WASLA_POLICY names.")
    ] = None,
    role: Annotated[str | None, typer.Option("--role", metavar="ROLE", help="Explain what this role may.")] = None,
    claim: Annotated[
        list[str] | None,
        typer.Option("--claim", metavar="NAME=VALUE", help="A claim of the client's token; JSON, or else a text."),
    ] = None,
    key: Annotated[bool, typer.Option("--key", help="Explain what holders of the client key may.")] = False,
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Explain what clients without anything may.")] = False,
    table: Annotated[str | None, typer.Option("--table", metavar="TABLE", help="Only this table.")] = None,
) -> None:
    """Check the policy file, and explain what it says.

    Its names are compared with the watched tables.

    Nothing is put in force: the gateways read the file at their start and on SIGHUP.

    \b
    Examples:
      wasla policy check
      wasla policy check --role cashier --claim station_id=S1
      wasla policy check --claim role=cashier --claim station_id=S1 --table bookings
      wasla policy check --key
    """
    del action  # there is one
    if sum((role is not None or bool(claim), key, anonymous)) > 1:
        raise typer.BadParameter("expected one of --key, --anonymous, and --role or --claim, got several")
    policy_file = _configured() if file is None else file
    found = read_policy(policy_file)
    if found is None:
        raise AssertionError("a path was given")
    catalog = _catalog()
    wrong = [] if catalog is None else list(misfits(found, catalog))
    if wrong:
        raise WaslaError("; ".join(wrong))
    fits = "" if catalog is None else ", and every name in it is there"
    say(f"{policy_file} is sound{fits}. Roles: {', '.join(found.roles)}.")
    if role is not None or claim or key or anonymous:
        admission = _admission(found, role, claim or [], key=key, anonymous=anonymous)
        _explain(found, admission, table, catalog)


def _configured() -> Path:
    configured = GatewaySettings.load().policy
    if configured is None:
        raise ConfigurationError(
            "WASLA_POLICY: expected a policy file, it is not set, so everybody sees everything; set it, or name a file "
            "with --file"
        )
    return resolve(configured)


def _admission(found: Policy, role: str | None, claim: list[str], *, key: bool, anonymous: bool) -> Admission:
    if key or anonymous:
        return Admission(by=Entrance.KEY if key else Entrance.NOTHING)
    claims = claims_of(claim)
    if role is not None:
        if role not in found.roles:
            raise typer.BadParameter(f"expected a role of the file ({', '.join(found.roles)}), got {role}")
        claims[found.claim] = role
    return Admission("somebody", by=Entrance.TOKEN, claims=claims)


def _explain(found: Policy, admission: Admission, table: str | None, catalog: Catalog | None) -> None:
    watched = {} if catalog is None else {name: it.channel for name, it in catalog.tables.items() if not it.internal}
    if table is not None and catalog is not None and table not in watched:
        raise typer.BadParameter(f"expected a watched table ({', '.join(sorted(watched))}), got {table}")
    named = {name for role in found.roles.values() for name in role.tables} - {ANY_TABLE}
    for sentence in explain(found, admission, [table] if table else sorted(named | watched.keys()), watched):
        say(sentence)


def _catalog() -> Catalog | None:
    """Return what is watched, None where the database cannot be asked."""
    try:
        return asyncio.run(_ask(url_in_force()))
    except (DatabaseError, ConfigurationError) as error:
        remark(f"names of tables and columns are not checked: {error}")
        return None


async def _ask(url: str) -> Catalog:
    async with connection(url) as database:
        if not await database.fetchval(query("setup/is_installed")):
            raise DatabaseRefused("expected schema wasla in the database, found none; run wasla setup")
        return catalog_of(await database.fetch(query("catalog")))

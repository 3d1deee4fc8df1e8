"""``wasla revoke``: take tokens back, on every gateway within a second."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, NamedTuple

import jwt
import msgspec
import typer

from services.cli.database import connection, url_in_force
from services.cli.terminal import say, say_json, say_table
from shared.errors import DatabaseRefused
from shared.queries import query

HEADERS = ("what", "whose", "revoked at")


class _What(NamedTuple):
    """``kind`` is user or token, ``until`` the end of that token in Unix seconds, None where it is not known."""

    kind: str
    value: str
    until: float | None = None


class Revoked(msgspec.Struct):
    """One line of the list."""

    kind: str
    value: str
    revoked_at: str


def revoke(
    *,
    user: Annotated[
        str | None, typer.Option("--user", metavar="SUB", help="Everything this user (sub) was issued so far.")
    ] = None,
    token_id: Annotated[
        str | None, typer.Option("--token-id", metavar="JTI", help="The token with this id (jti).")
    ] = None,
    token: Annotated[str | None, typer.Option("--token", metavar="TOKEN", help="This token, by its own id.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Let what was revoked hold again.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what is revoked as a JSON array.")] = False,
) -> None:
    """Take tokens back, or list what was taken back.

    Whoever is connected by one is closed with 4501, on every gateway within a second; restarts change nothing.

    A user who is issued a token afterwards may connect again: have the issuer stop that first.

    \b
    Examples:
      wasla revoke
      wasla revoke --user amine
      wasla revoke --token-id 9f2c --undo
    """
    asked = [what for what in (_user(user), _token_id(token_id), _token(token)) if what is not None]
    if len(asked) > 1:
        raise typer.BadParameter("expected one of --user, --token-id and --token, got several")
    url = url_in_force()
    if not asked:
        _show(asyncio.run(_list(url)), as_json=as_json)
        return
    asyncio.run(_unrevoke(url, asked[0]) if undo else _revoke(url, asked[0]))
    say(f"{asked[0].kind} {asked[0].value} is {'no longer revoked' if undo else 'revoked'}")


def _user(user: str | None) -> _What | None:
    return None if user is None else _What("user", user)


def _token_id(token_id: str | None) -> _What | None:
    return None if token_id is None else _What("token", token_id)


def _token(token: str | None) -> _What | None:
    """Read a token's id and end; whoever signed it, naming it is enough to have it taken back."""
    if token is None:
        return None
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError):
        raise typer.BadParameter("expected a JSON Web Token, got something else", param_hint="--token") from None
    token_id, until = claims.get("jti"), claims.get("exp")
    if not isinstance(token_id, str) or not token_id:
        raise typer.BadParameter("expected a token with an id (jti), it has none; use --user", param_hint="--token")
    return _What("token", token_id, until if isinstance(until, int | float) else None)


def _show(found: list[Revoked], *, as_json: bool) -> None:
    if as_json:
        say_json(found)
    elif found:
        say_table(HEADERS, [(item.kind, item.value, item.revoked_at) for item in found])
    else:
        say("nothing is revoked")


async def _list(url: str) -> list[Revoked]:
    async with connection(url) as database:
        return [Revoked(**row) for row in await _asked(database, "cli/revocations")]


async def _revoke(url: str, what: _What) -> None:
    async with connection(url) as database:
        await _asked(database, "cli/revoke", *what)


async def _unrevoke(url: str, what: _What) -> None:
    async with connection(url) as database:
        ((was_revoked,),) = await _asked(database, "cli/unrevoke", what.kind, what.value)
    if not was_revoked:
        raise DatabaseRefused(f"expected something that is revoked, but {what.kind} {what.value} is not")


async def _asked(database: Any, name: str, *arguments: object) -> Any:
    if not await database.fetchval(query("setup/is_installed")):
        raise DatabaseRefused("expected schema wasla in the database, found none; run wasla setup")
    return await database.fetch(query(name), *arguments)

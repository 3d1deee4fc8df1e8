"""What must hold before least rights are set, and the sentences for what does not. Pure.

Three roles of the server, none of which logs in by itself: one owns the schema, one is what the capture triggers run
as, one holds what the processes need and is granted to the role that they connect as.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

OWNER = "wasla_owner"
CAPTURE = "wasla_capture"
LISTENER = "wasla_listener"

_WITHOUT_MIGHT = "NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastRights:
    """A wish for the roles; ``login`` is to be the role that the processes connect as, None: granted by hand."""

    login: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFacts:
    """One of the three roles; ``may_act`` and ``may_grant``: what the connected role may do with it.

    Of a role that does not exist yet ``may_grant`` tells whether the connected role may create it.
    """

    name: str
    exists: bool
    logs_in: bool
    is_mighty: bool
    may_act: bool
    may_grant: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginFacts:
    """The role that the processes are to connect as."""

    name: str
    logs_in: bool
    inherits: bool
    is_superuser: bool
    is_owner: bool
    is_listener: bool
    may_connect: bool


def role_refusals(roles: Sequence[RoleFacts], connected: str) -> Iterator[str]:
    """Yield a sentence for each reason not to set the roles up; *connected* is the role that would."""
    if lacking := "".join(_lacking(roles, connected)):
        yield f"role {quoted(connected)} may not make or grant the roles; have an administrator run{lacking[1:]}"
    for role in roles:
        if role.is_mighty or (role.logs_in and role.name != LISTENER):
            login = "" if role.name == LISTENER else "NOLOGIN "
            yield (
                f"role {role.name} can do more than its purpose needs; have an administrator run "
                f"ALTER ROLE {role.name} {login}{_WITHOUT_MIGHT}"
            )


def _lacking(roles: Sequence[RoleFacts], connected: str) -> Iterator[str]:
    """Yield what the connected role would have to run and may not, in order, each behind a semicolon."""
    for role in roles:
        if not role.exists and not role.may_grant:
            yield f"; CREATE ROLE {role.name}"
    by_name = {role.name: role for role in roles}
    for name, member in ((CAPTURE, OWNER), (OWNER, quoted(connected))):
        if not by_name[name].may_act and not by_name[name].may_grant:
            yield f"; GRANT {name} TO {member}"


def login_refusals(login: LoginFacts | None, name: str, roles: Sequence[RoleFacts], connected: str) -> Iterator[str]:
    """Yield a sentence for each reason why the role *name* cannot be what the processes connect as."""
    if login is None:
        yield f"expected a role {quoted(name)}, found none; run CREATE ROLE {quoted(name)} LOGIN PASSWORD '...'"
        return
    if login.is_superuser or login.is_owner:
        what = "is a superuser" if login.is_superuser else f"may act as {OWNER}"
        yield f"role {quoted(name)} {what} and so may do everything; name one that is for the processes alone"
    if not login.logs_in:
        yield f"role {quoted(name)} may not log in; run ALTER ROLE {quoted(name)} LOGIN"
    if not login.inherits:
        yield f"role {quoted(name)} would not use what it is granted; run ALTER ROLE {quoted(name)} INHERIT"
    if not login.may_connect:
        yield f"role {quoted(name)} may not connect to this database; grant it CONNECT on the database"
    listener = next(role for role in roles if role.name == LISTENER)
    if not login.is_listener and not listener.may_grant:
        yield (
            f"role {quoted(connected)} may not grant {LISTENER}; "
            f"have an administrator run GRANT {LISTENER} TO {quoted(name)}"
        )


def quoted(name: str) -> str:
    """Return a name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'

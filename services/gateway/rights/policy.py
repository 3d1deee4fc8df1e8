"""A policy in force: which role a client has, and the rights that follow from it and from the client's claims. Pure.

A client has one role: the first of the file's that its token names, or the one that the file gives to holders of the
key, to tokens without a role, to whoever presents nothing. Without a role it may connect and sees nothing.

``"claims.NAME"`` stands for a claim of the token, with further dots for objects within. A table whose condition names
a claim that the client has not, or that does not fit the operator, is not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from services.gateway.access.admission import Admission, Entrance
from services.gateway.conditions import Condition
from services.gateway.errors import Refusal
from services.gateway.rights.views import CLEAR, FULL_SIGHT, Lens, Rights, Sight, View
from services.gateway.subscribing import condition

ANY_TABLE: Final = "*"
CLAIMS: Final = "claims."

Claims = Mapping[str, Any]


class FromClaim(NamedTuple):
    """A condition whose operand is the claim at *path*."""

    column: str
    operator: str
    path: str


@dataclass(frozen=True, slots=True)
class TableRule:
    """What a role may see of a table, before claims are known."""

    where: tuple[Condition | FromClaim, ...] = ()
    lens: Lens = CLEAR

    def sight(self, claims: Claims) -> Sight | None:
        """Return what a client with *claims* sees, None where one that is needed is not there or does not fit."""
        try:
            return Sight(frozenset(resolved(item, claims) for item in self.where), self.lens)
        except Refusal:
            return None


@dataclass(frozen=True, slots=True)
class Role:
    """``tables`` by name, None for a table that is not seen; ``channels``: the only ones, None for any."""

    tables: Mapping[str, TableRule | None] = field(default_factory=dict)
    channels: frozenset[str] | None = None
    broadcast: bool = False
    clients: bool = False

    def rights(self, claims: Claims, *, internal: bool) -> Rights:
        """Return the rights of a client with *claims*."""
        sights = {name: None if rule is None else rule.sight(claims) for name, rule in self.tables.items()}
        others = sights.pop(ANY_TABLE, None)
        view: View | None = View(frozenset(sights.items()), others, self.channels, internal)
        if others == FULL_SIGHT and not sights and self.channels is None and internal:
            view = None  # everything: served like everybody where there is no policy
        return Rights(view, self.broadcast, self.clients)


NO_ROLE: Final = Role()


@dataclass(frozen=True, slots=True)
class Policy:
    """Roles in the file's order, and who has which without naming it in a token."""

    roles: Mapping[str, Role]
    claim: str = "role"
    by_key: str | None = None
    by_nothing: str | None = None
    by_token: str | None = None

    def role_of(self, admission: Admission) -> str | None:
        """Return the name of a client's role, None where it has none."""
        if admission.by is Entrance.KEY:
            return self.by_key
        if admission.by is Entrance.NOTHING:
            return self.by_nothing
        named = self.named(admission)
        return next((role for role in self.roles if role in named), self.by_token)

    def named(self, admission: Admission) -> frozenset[str]:
        """Return the names in the claim that names roles."""
        return frozenset(_texts(claim_at(admission.claims, self.claim)))

    def rights(self, admission: Admission) -> Rights:
        """Return what a client may do; the probe's events are for this machine's tools, which bring no token."""
        name = self.role_of(admission)
        role = NO_ROLE if name is None else self.roles[name]
        return role.rights(admission.claims, internal=admission.by is not Entrance.TOKEN)


def resolved(item: Condition | FromClaim, claims: Claims) -> Condition:
    """Return a condition with the claim's value in it; raise Refusal where that does not fit."""
    if isinstance(item, Condition):
        return item
    value = claim_at(claims, item.path)
    if item.operator == "in" and not isinstance(value, list):
        value = [value]
    return condition(item.column, item.operator, value, None)


def claim_at(claims: Claims, path: str) -> Any:
    """Return a claim by its name, or by names with dots between for objects within; None where there is none."""
    if path in claims:
        return claims[path]  # names that are addresses (https://example.com/role) hold dots themselves
    found: Any = claims
    for name in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return (value,)
    return (item for item in value if isinstance(item, str)) if isinstance(value, list) else ()

"""A decision in sentences: which role a client has, what it sees of a table and why, what it may do. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from services.gateway.access.admission import Admission, Entrance
from services.gateway.conditions import Condition
from services.gateway.errors import Refusal
from services.gateway.rights.policy import ANY_TABLE, NO_ROLE, FromClaim, Policy, Role, TableRule, resolved
from services.gateway.rights.views import Lens

_WORDS = {
    "eq": "is",
    "neq": "is not",
    "in": "is one of",
    "lt": "is below",
    "lte": "is at most",
    "gt": "is above",
    "gte": "is at least",
}


def explain(policy: Policy, admission: Admission, tables: Iterable[str], channels: dict[str, str]) -> Iterator[str]:
    """Yield the sentences about a client; *channels* by table, as far as they are known."""
    name = policy.role_of(admission)
    role = NO_ROLE if name is None else policy.roles[name]
    yield _about_role(policy, admission, name)
    for table in tables:
        yield f"{table}: {_about_table(role, table, channels.get(table), admission)}"
    yield f"It {'may' if role.broadcast else 'may not'} broadcast."
    yield f"It {'may' if role.clients else 'may not'} list clients."


def _about_role(policy: Policy, admission: Admission, name: str | None) -> str:
    if admission.by is Entrance.KEY:
        why = "as everybody who presents the client key (who.key)"
    elif admission.by is Entrance.NOTHING:
        why = "as everybody who presents nothing (who.anonymous)"
    elif name is not None and name == policy.by_token and name not in policy.named(admission):
        why = f"since its claim {policy.claim} names no role of the file (who.token)"
    else:
        why = f"by its claim {policy.claim}"
    if name is None:
        return "The client has no role: it may connect, and neither sees nor does anything."
    return f"The client has the role {name}, {why}."


def _about_table(role: Role, table: str, channel: str | None, admission: Admission) -> str:
    if role.channels is not None and channel is not None and channel not in role.channels:
        return (
            f"not seen, for its channel {channel} is none of the role's ({', '.join(sorted(role.channels)) or 'none'})."
        )
    if table not in role.tables and ANY_TABLE not in role.tables:
        return "not seen, for the role has no rule for it."
    rule = role.tables.get(table, role.tables.get(ANY_TABLE))
    by = "" if table in role.tables else ' (by the rule "*")'
    if rule is None:
        return f"not seen, for the role says false{by}."
    for item in rule.where:
        try:
            resolved(item, admission.claims)
        except Refusal as refusal:
            claim = item.path if isinstance(item, FromClaim) else ""
            return f"not seen, for the claim {claim} is missing or does not fit{by}: {refusal.reason}."
    return f"{_rows(rule, admission)}{_left_out(rule.lens)}{by}."


def _rows(rule: TableRule, admission: Admission) -> str:
    if not rule.where:
        return "every row"
    return "rows where " + " and ".join(_worded(item, resolved(item, admission.claims)) for item in rule.where)


def _worded(item: Condition | FromClaim, condition: Condition) -> str:
    origin = f" (claim {item.path})" if isinstance(item, FromClaim) else ""
    if condition.operator == "is_null":
        return f"{condition.column} is {'' if condition.operand else 'not '}null"
    return (
        f"{condition.column} {_WORDS[condition.operator]} {json.dumps(condition.operand, ensure_ascii=False)}{origin}"
    )


def _left_out(lens: Lens) -> str:
    parts = []
    if lens.metadata_only:
        parts.append("only that they changed, no values")
    if lens.hidden:
        parts.append(f"without {', '.join(sorted(lens.hidden))}")
    parts += [f"{column} always as {json.dumps(text, ensure_ascii=False)}" for column, text in sorted(lens.masked)]
    if not lens.business_events:
        parts.append("business events unnamed")
    return "".join(f"; {part}" for part in parts)

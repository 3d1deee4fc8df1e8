"""What a client is to be told of a change, said by somebody who knows nothing of views, lenses, groups and indexes.

It works on the rows themselves, one client and one change at a time, to the last field of the message.
"""

from __future__ import annotations

from typing import Any

from services.gateway.subscriptions import Interest
from tests.properties.gateway.drawn_policies import COLUMNS, TABLES, RoleRules, Row, Rule, Told


def claimed(rule: Rule, claims: dict[str, Any]) -> list[str] | None:
    """Return the stations whose rows a client may see, None for any; none where its token does not say so."""
    if rule.station is None or not rule.station.startswith("claims."):
        return None if rule.station is None else [rule.station]
    value = claims.get(rule.station.removeprefix("claims."), [])
    return value if isinstance(value, list) else [value]


def may_see(rule: Rule, claims: dict[str, Any], row: Row | None) -> bool:
    if row is None:
        return False
    stations = claimed(rule, claims)
    if stations is not None and row["station"] not in stations:
        return False
    spot, (least, most) = row["spot"], rule.spots
    if least is None and most is None:
        return True
    return isinstance(spot, int) and (least is None or spot >= least) and (most is None or spot <= most)


def part(rule: Rule, row: dict[str, Any] | None) -> dict[str, Any] | None:
    if row is None or rule.metadata_only:
        return None
    return {name: "***" if name in rule.mask else value for name, value in row.items() if name not in rule.hide}


def expected(role: RoleRules | None, claims: dict[str, Any], told: Told, seq: int, epoch: str) -> dict[str, Any] | None:
    """Return the data of the message that a client gets, None for none; *epoch* is what it was told when it came."""
    rule = None if role is None else role.rule(told.table)
    if rule is None or claimed(rule, claims) == []:
        return None
    reload = {"reason": "capture_failed", "tables": [told.table], "epoch": epoch, "seq": seq}
    if told.event_type == "CAPTURE_FAILED":
        return reload
    bound = rule.station is not None or rule.spots != (None, None)
    event_type, row, changed, business = told.event_type, told.new or told.old, told.changed, told.business_event
    if told.event_type in ("INSERT", "UPDATE", "DELETE") and bound:
        if told.is_long:
            return reload
        before, after = may_see(rule, claims, told.old), may_see(rule, claims, told.new)
        if not before and not after:
            return None
        if told.event_type == "UPDATE" and before != after:
            event_type, row, business = ("INSERT", told.new, None) if after else ("DELETE", told.old, None)
    business = business if rule.business_events else None
    is_update = event_type == "UPDATE"
    if is_update and changed and set(changed) <= set(rule.hide) and business is None:
        return None
    old = {column: told.old[column] for column in changed} if is_update and told.old and not told.is_long else None
    hides_key = "id" in rule.hide or "id" in rule.mask
    return {
        "event_type": event_type,
        "table": told.table,
        "id": None if row is None or hides_key else row["id"],
        "data": part(rule, None if told.is_long else row),
        "seq": seq,
        "channel": TABLES[told.table],
        "business_event": business,
        "changed": [column for column in changed if column not in rule.hide] if is_update else None,
        "old": part(rule, old),
        "origin": "writer",
        "tx": {"id": "1", "index": 0, "size": 1},
    }


def marks(role: RoleRules | None, claims: dict[str, Any], told: Told) -> set[str]:
    """Return the marked values that a client may learn from a change."""
    rule = None if role is None else role.rule(told.table)
    if rule is None:
        return set()
    rows = [row for row in (told.old, told.new) if row is not None and may_see(rule, claims, row)]
    columns = ("id",) if rule.metadata_only else COLUMNS
    return {str(row[column]) for row in rows for column in columns if column not in (*rule.hide, *rule.mask)}


def wanted(interest: Interest, message: dict[str, Any]) -> bool:
    """Tell whether a client that asked so gets what its rights leave of a change: by the message and nothing else."""
    (asked,) = interest
    if (
        asked.channels
        and message.get("channel", TABLES[message.get("table") or message["tables"][0]]) not in asked.channels
    ):
        return False
    if "reason" in message:
        return True
    if asked.events and not {message["event_type"], message["business_event"]} & asked.events:
        return False
    if not asked.where or message["data"] is None:
        return True
    versions = [message["data"], {**message["data"], **(message["old"] or {})}]
    return any(all(condition.holds(version) for condition in asked.where) for version in versions)

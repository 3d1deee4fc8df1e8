"""Policies and histories of changes, drawn at random: the ground of the properties about rights.

A policy is drawn as data that an oracle can read, and written as the file that the gateway reads. Every value of every
row is marked by row and column, but for the columns that conditions are about.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from shared.catalog import Catalog, Table

TABLES = {"bookings": "booking_events", "audit.entries": "audit_events"}
COLUMNS = ("id", "station", "code", "amount", "spot")
CATALOG = Catalog(
    {name: Table(channel, dict.fromkeys(COLUMNS, "string"), key=("id",)) for name, channel in TABLES.items()}
)
STATIONS = ("S1", "S2")

Row = dict[str, str | int | None]


@dataclass
class Rule:
    """What a role may see of a table; by ``station`` (None, a value or a claim) and ``spots`` (its bounds, or None)."""

    station: str | None = None
    spots: tuple[int | None, int | None] = (None, None)
    hide: list[str] = field(default_factory=list)
    mask: list[str] = field(default_factory=list)
    metadata_only: bool = False
    business_events: bool = True

    def toml(self) -> str:
        where = {}
        if self.station is not None:
            where["station"] = f'{{ {"in" if self.station == "claims.stations" else "eq"} = "{self.station}" }}'
        bounds = [
            f"{name} = {bound}" for name, bound in zip(("gte", "lte"), self.spots, strict=True) if bound is not None
        ]
        if bounds:
            where["spot"] = f"{{ {', '.join(bounds)} }}"
        return "\n".join(
            [
                "where = { " + ", ".join(f"{column} = {tests}" for column, tests in where.items()) + " }",
                f"hide = {json.dumps(self.hide)}",
                "mask = { " + ", ".join(f'{column} = "***"' for column in self.mask) + " }",
                f"metadata_only = {str(self.metadata_only).lower()}",
                f"business_events = {str(self.business_events).lower()}",
            ]
        )


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    concealed = draw(st.lists(st.sampled_from(["code", "station", "amount", "id", "spot"]), unique=True, max_size=3))
    hidden = len(concealed) - draw(st.integers(0, len(concealed)))
    return Rule(
        draw(st.sampled_from(["S1", "claims.station", "claims.station", "claims.stations", None, "claims.missing"])),
        draw(st.sampled_from([*[(None, None)] * 4, (None, 2), (1, None), (1, 2)])),
        concealed[:hidden],
        concealed[hidden:],
        draw(st.booleans()) and draw(st.booleans()),
        draw(st.booleans()),
    )


@dataclass
class RoleRules:
    tables: dict[str, Rule | None]
    channels: list[str] | None

    def toml(self, name: str) -> str:
        lines = [f"[roles.{name}]"]
        if self.channels is not None:
            lines.append(f"channels = {json.dumps(self.channels)}")
        lines += [f"tables.{json.dumps(table)} = false" for table, rule in self.tables.items() if rule is None]
        for table, rule in self.tables.items():
            if rule is not None:
                lines += [f"[roles.{name}.tables.{json.dumps(table)}]", rule.toml()]
        return "\n".join(lines)

    def rule(self, table: str) -> Rule | None:
        if self.channels is not None and TABLES[table] not in self.channels:
            return None
        return self.tables.get(table, self.tables.get("*"))


roles = st.builds(
    RoleRules,
    st.fixed_dictionaries(
        {"bookings": st.one_of(rules(), rules(), rules(), st.none())},
        optional={"audit.entries": st.one_of(rules(), st.none()), "*": st.one_of(rules(), st.none())},
    ),
    st.sampled_from([None, None, None, ["booking_events"], []]),
)
policies = st.lists(roles, min_size=1, max_size=3)


@dataclass
class Told:
    """One change as the database knows it."""

    event_type: str
    table: str
    old: Row | None = None
    new: Row | None = None
    is_long: bool = False
    business_event: str | None = None

    def logged(self, seq: int) -> dict[str, Any]:
        """Return the log's row."""
        is_update = self.event_type == "UPDATE"
        shown = None if self.is_long else self.new or self.old
        former = {column: self.old[column] for column in self.changed} if self.old and is_update else None
        return {
            "seq": seq,
            "event_type": self.event_type,
            "table_name": self.table,
            "channel": TABLES[self.table],
            "business_event": self.business_event,
            "captured_at": 1.0,
            "sequenced_at": 1.0,
            "internal": False,
            "row_id": str((self.new or self.old or {}).get("id")) if self.new or self.old else None,
            "data": None if shown is None else json.dumps(shown),
            "changed": self.changed if is_update else None,
            "old": None if former is None or self.is_long else json.dumps(former),
            "origin": "writer",
            "tx_id": "1",
            "tx_index": 0,
            "tx_size": 1,
        }

    @property
    def changed(self) -> list[str]:
        if self.old is None or self.new is None:
            return []
        return [column for column in COLUMNS if self.old[column] != self.new[column]]


def write(draw: st.DrawFn, tables: dict[str, list[Row]], number: int) -> Told:
    """Draw a change and make it."""
    table = draw(st.sampled_from(["bookings", "bookings", "bookings", "audit.entries"]))
    rows = tables[table]
    kind = draw(st.sampled_from([*["INSERT"] * 3, *["UPDATE"] * 8, "DELETE", "DELETE", "TRUNCATE", "TEST", "MARK"]))
    is_long = draw(st.integers(0, 11)) == 11
    business = draw(st.sampled_from([None, None, "BOOKING_CREATED"]))
    if kind in ("UPDATE", "DELETE") and not rows:
        kind = "INSERT"
    if kind == "INSERT":
        row: Row = {name: f"<{name}-{number}>" for name in COLUMNS}
        row |= {"station": draw(st.sampled_from(STATIONS)), "spot": draw(st.integers(0, 3))}
        rows.append(row)
        return Told("INSERT", table, None, row, is_long, business)
    if kind == "TRUNCATE":
        rows.clear()
        return Told(kind, table)
    if kind in ("TEST", "MARK"):
        return Told("CAPTURE_FAILED" if kind == "MARK" else kind, table)
    former = draw(st.sampled_from(rows))
    rows.remove(former)
    if kind == "DELETE":
        return Told(kind, table, former, None, is_long, business)
    changes: Row = {}
    for column in draw(st.lists(st.sampled_from([*COLUMNS, "station", "station"]), min_size=1, max_size=4)):
        changes[column] = f"<{column}-{number}>"
        if column == "station":
            changes[column] = draw(st.sampled_from([*STATIONS, None]))
        if column == "spot":
            changes[column] = draw(st.sampled_from([0, 1, 2, 3, None]))
    rows.append({**former, **changes})
    return Told(kind, table, former, rows[-1], is_long, business)


@st.composite
def histories(draw: st.DrawFn) -> list[Told]:
    tables: dict[str, list[Row]] = {name: [] for name in TABLES}
    return [write(draw, tables, number) for number in range(draw(st.integers(1, 25)))]

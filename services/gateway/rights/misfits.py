"""Where a policy does not fit the watched tables: a name spelt wrongly protects nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.gateway.errors import Refusal
from services.gateway.rights.policy import ANY_TABLE, FromClaim, Policy, TableRule
from services.gateway.subscribing import condition
from shared.catalog import Catalog, Table


def misfits(policy: Policy, catalog: Catalog) -> Iterator[str]:
    """Yield a sentence for each name of the policy that nothing in the catalogue has."""
    tables = {name: table for name, table in catalog.tables.items() if not table.internal}
    channels = {table.channel for table in tables.values()}
    for name, role in policy.roles.items():
        for channel in sorted((role.channels or frozenset()) - channels):
            yield _sentence(f"roles.{name}.channels", "a channel of a watched table", channels, channel)
        for table, rule in role.tables.items():
            key = f"roles.{name}.tables.{table}"
            if table == ANY_TABLE:
                yield from _columns(key, rule, "a column of some watched table", _of_all(tables.values()))
            elif table in tables:
                yield from _columns(key, rule, f"a column of {table}", tables[table])
            else:
                yield _sentence(key, "a watched table", tables, table)


def _of_all(tables: Iterable[Table]) -> set[str]:
    return {column for table in tables for column in table.columns}


def _columns(key: str, rule: TableRule | None, expected: str, of: Table | set[str]) -> Iterator[str]:
    if rule is None:
        return
    known = set(of.columns) if isinstance(of, Table) else of
    masked = {column for column, _ in rule.lens.masked}
    named = {"where": {item.column for item in rule.where}, "hide": rule.lens.hidden, "mask": masked}
    for part, columns in named.items():
        for column in sorted(columns - known):
            yield _sentence(f"{key}.{part}", expected, known, column)
    if isinstance(of, Table):
        yield from _kinds(key, rule, of)


def _kinds(key: str, rule: TableRule, table: Table) -> Iterator[str]:
    for item in rule.where:
        if isinstance(item, FromClaim) or item.column not in table.columns:
            continue
        operand = list(item.operand) if item.operator == "in" else item.operand
        try:
            condition(item.column, item.operator, operand, {table.columns[item.column]})
        except Refusal as refusal:
            yield f"{key}.where: {refusal.reason}; correct it"


def _sentence(key: str, expected: str, known: Iterable[str], got: str) -> str:
    return f"{key}: expected {expected} ({', '.join(sorted(known)) or 'there is none'}), got {got}; correct it"

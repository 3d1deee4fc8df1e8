"""From what a client sent to a :class:`Subscription`, checked against the catalogue of watched tables.

A filter that could never match because of a spelling is refused with a sentence. While the catalogue is not known
(no listener has answered yet) names and kinds are taken as they come: a client is not kept out for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Annotated, Any, Final

import msgspec

from services.gateway.conditions import OPERATORS, ORDERINGS, Condition, kind_of
from services.gateway.errors import Refusal, Slug
from services.gateway.subscriptions import Subscription
from shared.catalog import Catalog, ColumnKind, Table

KNOWN_EVENTS: Final = (
    "INSERT",
    "UPDATE",
    "DELETE",
    "TRUNCATE",
    "TEST",
    "BOOKING_CREATED",
    "BOOKING_CANCELLED",
    "VEHICLE_ENTERED",
    "VEHICLE_UPDATED",
    "VEHICLE_EXITED",
)
_NAMES_SHOWN: Final = 20
SCALARS: Final[AbstractSet[ColumnKind]] = frozenset({"number", "string", "boolean"})


class Asked(msgspec.Struct):
    """The data of ``subscribe``."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    channels: list[str] = []
    tables: list[str] = []
    events: list[str] = []
    where: dict[str, dict[str, Any]] = {}


def subscription(asked: Asked, catalog: Catalog | None, *, max_conditions: int) -> Subscription:
    """Return the subscription, or raise :exc:`Refusal`."""
    _limit("channels, tables and events", len(asked.channels) + len(asked.tables) + len(asked.events), 1000)
    _known(Slug.UNKNOWN_EVENT, asked.events, KNOWN_EVENTS)
    if asked.where and not asked.tables and not asked.channels:
        raise Refusal(Slug.WHERE_WITHOUT_TABLE)
    if catalog is not None:
        _known(Slug.UNKNOWN_CHANNEL, asked.channels, catalog.channels, _public_channels(catalog))
        _known(Slug.UNKNOWN_TABLE, asked.tables, catalog.tables, _public_tables(catalog))
    columns = None if catalog is None else _columns(asked, catalog)
    return Subscription(
        frozenset(asked.channels),
        frozenset(asked.tables),
        frozenset(asked.events),
        frozenset(_conditions(asked.where, columns, max_conditions)),
    )


def _public_channels(catalog: Catalog) -> list[str]:
    return sorted({table.channel for table in catalog.tables.values() if not table.internal})


def _public_tables(catalog: Catalog) -> list[str]:
    return sorted(name for name, table in catalog.tables.items() if not table.internal)


def _known(slug: Slug, given: Iterable[str], known: Iterable[str], shown: Iterable[str] | None = None) -> None:
    for name in given:
        if name not in known:
            raise Refusal(slug, got=_shown(name), known=_listed(known if shown is None else shown))


def _columns(asked: Asked, catalog: Catalog) -> Mapping[str, set[ColumnKind]]:
    """Return the columns of every table that the subscription could concern, with their kinds."""
    kinds: dict[str, set[ColumnKind]] = {}
    for name, table in catalog.tables.items():
        if _concerns(asked, name, table):
            for column, kind in table.columns.items():
                kinds.setdefault(column, set()).add(kind)
    return kinds


def _concerns(asked: Asked, name: str, table: Table) -> bool:
    return (not asked.tables or name in asked.tables) and (not asked.channels or table.channel in asked.channels)


def _conditions(
    where: Mapping[str, Mapping[str, Any]], columns: Mapping[str, AbstractSet[ColumnKind]] | None, limit: int
) -> Iterable[Condition]:
    _limit("conditions in where", sum(len(tests) for tests in where.values()), limit)
    for column, tests in where.items():
        if columns is not None and column not in columns:
            raise Refusal(Slug.UNKNOWN_COLUMN, got=_shown(column), known=_listed(columns))
        if not tests:
            raise Refusal(Slug.UNKNOWN_OPERATOR, got="none", column=_shown(column), known=", ".join(OPERATORS))
        for operator, operand in tests.items():
            yield condition(column, operator, operand, None if columns is None else columns[column])


def condition(column: str, operator: str, operand: Any, kinds: AbstractSet[ColumnKind] | None) -> Condition:
    """Return one condition on a column of one of *kinds* (None: not known), or raise :exc:`Refusal`."""
    if operator not in OPERATORS:
        raise Refusal(Slug.UNKNOWN_OPERATOR, got=_shown(operator), column=column, known=", ".join(OPERATORS))
    if operator == "is_null":
        return Condition(column, operator, "boolean", _checked(column, operator, operand, {"boolean"}))
    allowed = (SCALARS if kinds is None else kinds) - {"json"}
    if operator in ORDERINGS:
        allowed = allowed - {"boolean"}
    if operator == "in":
        return _membership(column, operand, allowed)
    return Condition(column, operator, _kind(operand), _checked(column, operator, operand, allowed))


def _membership(column: str, operand: Any, allowed: AbstractSet[ColumnKind]) -> Condition:
    expected = f"a list of 1 to 100 values, each {_expected(allowed)}"
    if not isinstance(operand, list) or not 1 <= len(operand) <= 100:
        raise Refusal(Slug.WRONG_VALUE_TYPE, operator="in", column=column, expected=expected, got=_shown(operand))
    kinds = {kind_of(value) for value in operand}
    if len(kinds) > 1 or not kinds <= allowed:
        raise Refusal(Slug.WRONG_VALUE_TYPE, operator="in", column=column, expected=expected, got=_shown(operand))
    return Condition(column, "in", _kind(operand[0]), tuple(sorted(set(operand))))


def _checked(column: str, operator: str, operand: Any, allowed: AbstractSet[ColumnKind]) -> Any:
    if kind_of(operand) not in allowed:
        expected = _expected(allowed)
        raise Refusal(Slug.WRONG_VALUE_TYPE, operator=operator, column=column, expected=expected, got=_shown(operand))
    return operand


def _kind(operand: Any) -> ColumnKind:
    """Return the kind of an operand; ``json`` (which is refused right after) for what is no scalar."""
    return kind_of(operand) or "json"


def _expected(allowed: AbstractSet[ColumnKind]) -> str:
    if not allowed:
        return "no value (this column can be tested with is_null only)"
    return " or ".join(f"a {kind}" for kind in sorted(allowed))


def _limit(what: str, got: int, limit: int) -> None:
    if got > limit:
        raise Refusal(Slug.TOO_MANY_CONDITIONS, what=what, limit=limit, got=got)


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - _NAMES_SHOWN} more" if len(ordered) > _NAMES_SHOWN else ""
    return ", ".join(ordered[:_NAMES_SHOWN]) + more or "none"


def _shown(value: object) -> str:
    """Return what came, as JSON, shortened; a claim may hold what JSON cannot: half a surrogate pair."""
    try:
        text = msgspec.json.encode(value).decode()
    except (ValueError, RecursionError):
        text = f"a {type(value).__name__} that cannot be shown"
    return text if len(text) <= 80 else text[:77] + "..."

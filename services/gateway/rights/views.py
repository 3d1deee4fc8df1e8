"""Views: what a client may see, as values that are equal where the rights are. Pure.

Everything here says what is allowed; whatever is not named is not seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from services.gateway.conditions import Condition
from shared.catalog import Catalog, Table

MARK_BYTES: Final = 6


@dataclass(frozen=True, slots=True)
class Lens:
    """What is left of a row that may be seen: ``masked`` holds columns with the text that stands in for any value.

    ``metadata_only``: no row at all. ``business_events``: whether those are named.
    """

    hidden: frozenset[str] = frozenset()
    masked: frozenset[tuple[str, str]] = frozenset()
    metadata_only: bool = False
    business_events: bool = True

    @property
    def concealed(self) -> frozenset[str]:
        """Columns whose values are not to be told."""
        return self.hidden | {column for column, _ in self.masked}


CLEAR: Final = Lens()


@dataclass(frozen=True, slots=True)
class Sight:
    """What may be seen of one table: the rows that satisfy every condition of ``where``, through ``lens``."""

    where: frozenset[Condition] = frozenset()
    lens: Lens = CLEAR


FULL_SIGHT: Final = Sight()


@dataclass(frozen=True, slots=True)
class View:
    """``tables`` by name, None for one that is not seen; ``others`` is for tables not named.

    ``channels``: the only ones, None for any. ``internal``: whether the probe's events may be asked for.
    ``mark``: a short text that is the same for equal views, in every gateway.
    """

    tables: frozenset[tuple[str, Sight | None]] = frozenset()
    others: Sight | None = None
    channels: frozenset[str] | None = None
    internal: bool = False
    mark: str = field(init=False, compare=False)
    _by_name: Mapping[str, Sight | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", dict(self.tables))
        object.__setattr__(self, "mark", _mark(self))

    @property
    def names(self) -> frozenset[str]:
        """The tables that are named."""
        return frozenset(self._by_name)

    def sight(self, table: str, channel: str) -> Sight | None:
        """Return what may be seen of a table, None for nothing."""
        if self.channels is not None and channel not in self.channels:
            return None
        return self._by_name.get(table, self.others)

    def narrowed(self, catalog: Catalog) -> Catalog:
        """Return the catalogue as this view knows it, so that what is not seen is refused like what is not there."""
        seen = {name: self._narrowed(name, table) for name, table in catalog.tables.items()}
        return Catalog({name: table for name, table in seen.items() if table is not None})

    def _narrowed(self, name: str, table: Table) -> Table | None:
        if table.internal:
            return table if self.internal else None
        sight = self.sight(name, table.channel)
        if sight is None:
            return None
        concealed = frozenset(table.columns) if sight.lens.metadata_only else sight.lens.concealed
        columns = {column: kind for column, kind in table.columns.items() if column not in concealed}
        return Table(table.channel, columns, table.internal)


def _mark(view: View) -> str:
    """Digest a view, in an order that does not follow from how this process happens to hash."""
    tables = [(name, _spelt_sight(sight)) for name, sight in sorted(view.tables, key=lambda item: item[0])]
    channels = None if view.channels is None else sorted(view.channels)
    spelt = repr((tables, _spelt_sight(view.others), channels, view.internal))
    return hashlib.blake2b(spelt.encode(), digest_size=MARK_BYTES).hexdigest()


def _spelt_sight(sight: Sight | None) -> object:
    if sight is None:
        return None
    lens = sight.lens
    seen = (sorted(lens.hidden), sorted(lens.masked), lens.metadata_only, lens.business_events)
    return sorted(map(_spelt_condition, sight.where)), seen


def _spelt_condition(condition: Condition) -> str:
    operand = condition.operand
    operands = tuple(map(_spelt, operand)) if isinstance(operand, tuple) else _spelt(operand)
    return repr((condition.column, condition.operator, condition.kind, operands))


def _spelt(value: object) -> object:
    """Return equal values in one spelling: a claim may say 1 to one gateway and 1.0 to another."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(frozen=True, slots=True)
class Rights:
    """What one client may do; ``view`` None: it sees everything, as where there is no policy."""

    view: View | None = None
    broadcast: bool = False
    clients: bool = False


ALL_RIGHTS: Final = Rights(None, broadcast=True, clients=True)

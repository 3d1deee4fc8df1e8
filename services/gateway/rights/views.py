"""Views: what a client may see, as values that are equal where the rights are. Pure.

Everything here says what is allowed; whatever is not named is not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from services.gateway.conditions import Condition
from shared.catalog import Catalog, Table


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
    """

    tables: frozenset[tuple[str, Sight | None]] = frozenset()
    others: Sight | None = None
    channels: frozenset[str] | None = None
    internal: bool = False
    _by_name: Mapping[str, Sight | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", dict(self.tables))

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


@dataclass(frozen=True, slots=True)
class Rights:
    """What one client may do; ``view`` None: it sees everything, as where there is no policy."""

    view: View | None = None
    broadcast: bool = False
    clients: bool = False


ALL_RIGHTS: Final = Rights(None, broadcast=True, clients=True)

"""Which views an event may concern, found at a cost that follows those views. Pure.

A view stands under each table that it names, by its conditions on that table's rows, and with all others that name the
same tables under "any other table". Roles name tables, so there are as many sets of names as roles, however many views
their claims make of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from services.gateway.rights.seeing import Glance
from services.gateway.rights.views import Sight, View
from services.gateway.row_index import RowIndex

ItemT = TypeVar("ItemT")


class ViewIndex(Generic[ItemT]):
    """Items by views; each is hashable, cheaply, and here once."""

    __slots__ = ("_by_name", "_by_others", "_items")

    def __init__(self) -> None:
        self._items: dict[ItemT, None] = {}
        self._by_name: dict[str, RowIndex[ItemT]] = {}
        self._by_others: dict[frozenset[str], RowIndex[ItemT]] = {}

    def __bool__(self) -> bool:
        return bool(self._items)

    def add(self, item: ItemT, view: View) -> None:
        """Add an item, which is not here."""
        self._items[item] = None
        for name, sight in _sights(view):
            self._by_name.setdefault(name, RowIndex()).add(item, sight.where)
        if view.others is not None:
            self._by_others.setdefault(view.names, RowIndex()).add(item, view.others.where)

    def discard(self, item: ItemT, view: View) -> None:
        """Take out an item that was added with this very *view*: an equal one may spell its conditions otherwise."""
        del self._items[item]
        for name, sight in _sights(view):
            self._by_name[name].discard(item, sight.where)
            if not self._by_name[name]:
                del self._by_name[name]
        if view.others is not None:
            self._by_others[view.names].discard(item, view.others.where)
            if not self._by_others[view.names]:
                del self._by_others[view.names]

    def candidates(self, glance: Glance) -> Iterable[ItemT]:
        """Return every item whose view may see something of the event, each once; the vision has the last word."""
        if glance.entry.internal:
            return self._items
        return self._concerned(glance)

    def _concerned(self, glance: Glance) -> Iterator[ItemT]:
        table = glance.entry.table
        named = self._by_name.get(table)
        if named is not None:
            yield from named.candidates(glance)
        for names, others in self._by_others.items():
            if table not in names:
                yield from others.candidates(glance)


def _sights(view: View) -> Iterator[tuple[str, Sight]]:
    for name, sight in view.tables:
        if sight is not None:
            yield name, sight

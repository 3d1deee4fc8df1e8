"""Which groups of readers an entry concerns, at a cost that follows the groups that match.

Readers with equal interests form one group. Subscriptions are found by the entry's table or channel and, where they
test a column for equality (``eq``, ``in``), by the value the row has there; each one found is then asked itself, so
that the answer is exactly that of :meth:`Subscription.matches`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from services.gateway.conditions import Condition, kind_of
from services.gateway.entries import Entry, Rows
from services.gateway.subscriptions import Interest, Subscription


class HasInterest(Protocol):
    """What is indexed: anything with an interest, compared by identity."""

    @property
    def interest(self) -> Interest:
        """What the group's readers asked for."""


GroupT = TypeVar("GroupT", bound=HasInterest)

Value = tuple[str, object]
"""A scalar with its kind, because Python holds True equal to 1."""


class _Holder(Generic[GroupT]):
    """A subscription and the groups that hold it; indexed by identity."""

    __slots__ = ("groups", "subscription")

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self.groups: dict[GroupT, None] = {}


class _Address(Generic[GroupT]):
    """The subscriptions of one table or channel; ``by_value`` holds those found by a column's value."""

    __slots__ = ("by_value", "plain")

    def __init__(self) -> None:
        self.plain: dict[_Holder[GroupT], None] = {}
        self.by_value: dict[str, dict[Value, dict[_Holder[GroupT], None]]] = {}

    @property
    def empty(self) -> bool:
        return not self.plain and not self.by_value

    def add(self, holder: _Holder[GroupT]) -> None:
        places = _places(holder.subscription)
        for column, value in places:
            self.by_value.setdefault(column, {}).setdefault(value, {})[holder] = None
        if not places:
            self.plain[holder] = None

    def discard(self, holder: _Holder[GroupT]) -> None:
        self.plain.pop(holder, None)
        for column, value in _places(holder.subscription):
            values = self.by_value[column]
            del values[value][holder]
            if not values[value]:
                del values[value]
            if not values:
                del self.by_value[column]

    def found_by_value(self, entry: Entry, rows: Rows) -> dict[_Holder[GroupT], None]:
        """Return the candidates among the indexed; all of them when there is no row to look at."""
        found: dict[_Holder[GroupT], None] = {}
        versions = () if entry.is_mark else rows.versions
        for column, values in self.by_value.items():
            if not versions:
                for holders in values.values():
                    found.update(holders)
            for row in versions:
                value = row.get(column)
                kind = kind_of(value)
                if kind is not None:
                    found.update(values.get((kind, value), ()))
        return found


class Matcher(Generic[GroupT]):
    """Groups by interest; ``make`` builds the group of an interest that nobody had before."""

    def __init__(self, make: Callable[[Interest], GroupT]) -> None:
        self._make = make
        self._groups: dict[Interest, GroupT] = {}
        self._sizes: dict[Interest, int] = {}
        self._holders: dict[Subscription, _Holder[GroupT]] = {}
        self._tables: dict[str, _Address[GroupT]] = {}
        self._channels: dict[str, _Address[GroupT]] = {}
        self._anywhere: dict[str, _Address[GroupT]] = {}

    def __len__(self) -> int:
        return len(self._groups)

    def __iter__(self) -> Iterator[GroupT]:
        return iter(self._groups.values())

    def enter(self, interest: Interest) -> GroupT:
        """Count one more reader with this interest and return its group."""
        group = self._groups.get(interest)
        if group is None:
            group = self._groups[interest] = self._make(interest)
            for subscription in interest:
                self._index(subscription, group)
        self._sizes[interest] = self._sizes.get(interest, 0) + 1
        return group

    def leave(self, group: GroupT) -> None:
        """Count one reader less; a group without readers is forgotten."""
        self._sizes[group.interest] -= 1
        if self._sizes[group.interest]:
            return
        del self._sizes[group.interest], self._groups[group.interest]
        for subscription in group.interest:
            self._unindex(subscription, group)

    def match(self, entry: Entry) -> dict[GroupT, None]:
        """Return the groups that are to receive *entry*, each once."""
        rows = Rows(entry)
        found: dict[GroupT, None] = {}
        for addresses, name in (
            (self._anywhere, ""),
            (self._channels, entry.channel),
            (self._tables, entry.table),
        ):
            address = addresses.get(name)
            if address is None:
                continue
            for holder in address.plain:
                if holder.subscription.matches(entry, rows):
                    found.update(holder.groups)
            if address.by_value:
                for holder in address.found_by_value(entry, rows):
                    if holder.subscription.matches(entry, rows):
                        found.update(holder.groups)
        return found

    def _index(self, subscription: Subscription, group: GroupT) -> None:
        holder = self._holders.get(subscription)
        if holder is None:
            holder = self._holders[subscription] = _Holder(subscription)
            addresses, names = self._addresses(subscription)
            for name in names:
                addresses.setdefault(name, _Address()).add(holder)
        holder.groups[group] = None

    def _unindex(self, subscription: Subscription, group: GroupT) -> None:
        holder = self._holders[subscription]
        del holder.groups[group]
        if holder.groups:
            return
        del self._holders[subscription]
        addresses, names = self._addresses(subscription)
        for name in names:
            addresses[name].discard(holder)
            if addresses[name].empty:
                del addresses[name]

    def _addresses(self, subscription: Subscription) -> tuple[dict[str, _Address[GroupT]], Iterable[str]]:
        """Return where a subscription is found: its tables, else its channels, else everywhere; never two of these."""
        if subscription.tables:
            return self._tables, subscription.tables
        if subscription.channels:
            return self._channels, subscription.channels
        return self._anywhere, ("",)


def _places(subscription: Subscription) -> list[tuple[str, Value]]:
    """Return the column values that an indexed subscription is found by; nothing for a plain one."""
    equalities = [condition for condition in subscription.where if condition.operator in ("eq", "in")]
    if not equalities:
        return []
    chosen = min(equalities, key=_selectivity)
    operands = chosen.operand if chosen.operator == "in" else (chosen.operand,)
    return [(chosen.column, (chosen.kind, operand)) for operand in operands]


def _selectivity(condition: Condition) -> tuple[bool, str, str]:
    """Order conditions: equality first, then in any order that is the same for equal subscriptions."""
    return (condition.operator != "eq", condition.column, repr(condition.operand))

"""Which groups of readers an entry concerns, at a cost that follows the groups that match.

Readers with equal interests form one group. Subscriptions are found by the entry's table or channel and there by the
values the row has; each one found is then asked itself, so that the answer is exactly that of
:meth:`Subscription.matches`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from services.gateway.entries import Entry, Rows
from services.gateway.row_index import RowIndex
from services.gateway.subscriptions import Interest, Subscription


class HasInterest(Protocol):
    """What is indexed: anything with an interest, compared by identity."""

    @property
    def interest(self) -> Interest:
        """What the group's readers asked for."""


GroupT = TypeVar("GroupT", bound=HasInterest)


class _Holder(Generic[GroupT]):
    """A subscription and the groups that hold it; indexed by identity."""

    __slots__ = ("groups", "subscription")

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self.groups: dict[GroupT, None] = {}


class Matcher(Generic[GroupT]):
    """Groups by interest; ``make`` builds the group of an interest that nobody had before."""

    def __init__(self, make: Callable[[Interest], GroupT]) -> None:
        self._make = make
        self._groups: dict[Interest, GroupT] = {}
        self._sizes: dict[Interest, int] = {}
        self._holders: dict[Subscription, _Holder[GroupT]] = {}
        self._tables: dict[str, RowIndex[_Holder[GroupT]]] = {}
        self._channels: dict[str, RowIndex[_Holder[GroupT]]] = {}
        self._anywhere: dict[str, RowIndex[_Holder[GroupT]]] = {}

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
            if address is not None:
                for holder in address.candidates(rows):
                    if holder.subscription.matches(entry, rows):
                        found.update(holder.groups)
        return found

    def _index(self, subscription: Subscription, group: GroupT) -> None:
        holder = self._holders.get(subscription)
        if holder is None:
            holder = self._holders[subscription] = _Holder(subscription)
            addresses, names = self._addresses(subscription)
            for name in names:
                addresses.setdefault(name, RowIndex()).add(holder, subscription.where)
        holder.groups[group] = None

    def _unindex(self, subscription: Subscription, group: GroupT) -> None:
        holder = self._holders[subscription]
        del holder.groups[group]
        if holder.groups:
            return
        del self._holders[subscription]
        addresses, names = self._addresses(subscription)
        for name in names:
            addresses[name].discard(holder, holder.subscription.where)
            if not addresses[name]:
                del addresses[name]

    def _addresses(self, subscription: Subscription) -> tuple[dict[str, RowIndex[_Holder[GroupT]]], Iterable[str]]:
        """Return where a subscription is found: its tables, else its channels, else everywhere; never two of these."""
        if subscription.tables:
            return self._tables, subscription.tables
        if subscription.channels:
            return self._channels, subscription.channels
        return self._anywhere, ("",)

"""Items by the range of values they ask for: which ranges hold a value is found by bisection.

Ranges that are open on one side stand sorted by their bound, so that those which hold a value are one slice. A range
with two bounds stands by its lower and by its upper one; the side with fewer that may hold the value is taken, and the
other bound compared. That looks at a quarter of evenly spread ranges, in one pass without a call for any of them.

Bounds count as part of their range here: what a strict one leaves out is for the condition itself to say.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import chain
from typing import Any, Generic, NamedTuple, TypeVar

ItemT = TypeVar("ItemT")


class Range(NamedTuple):
    """From ``low`` to ``high``, of which one may be None: no bound."""

    low: Any
    high: Any


class Ranges(Generic[ItemT]):
    """Items by ranges over values of one kind."""

    __slots__ = ("_downward", "_upward", "_windows_by_high", "_windows_by_low")

    def __init__(self) -> None:
        self._upward: _Sorted[ItemT] = _Sorted()
        self._downward: _Sorted[ItemT] = _Sorted()
        self._windows_by_low: _Sorted[ItemT] = _Sorted()
        self._windows_by_high: _Sorted[ItemT] = _Sorted()

    def __len__(self) -> int:
        return len(self._upward) + len(self._downward) + len(self._windows_by_low)

    def __iter__(self) -> Iterator[ItemT]:
        return chain(self._upward.items, self._downward.items, self._windows_by_low.items)

    def add(self, item: ItemT, over: Range) -> None:
        """Add an item, which is not here."""
        if over.high is None:
            self._upward.add(item, over.low)
        elif over.low is None:
            self._downward.add(item, over.high)
        else:
            self._windows_by_low.add(item, over.low, over.high)
            self._windows_by_high.add(item, over.high, over.low)

    def discard(self, item: ItemT, over: Range) -> None:
        """Take out an item, which is here."""
        if over.high is None:
            self._upward.discard(item, over.low)
        elif over.low is None:
            self._downward.discard(item, over.high)
        else:
            self._windows_by_low.discard(item, over.low)
            self._windows_by_high.discard(item, over.high)

    def holding(self, value: Any) -> list[ItemT]:
        """Return the items whose range holds *value*."""
        upward, downward = self._upward, self._downward
        open_ended = upward.items[: bisect_right(upward.bounds, value)]
        open_ended += downward.items[bisect_left(downward.bounds, value) :]
        return open_ended + self._windows(value)

    def _windows(self, value: Any) -> list[ItemT]:
        low, high = self._windows_by_low, self._windows_by_high
        begun, not_ended = bisect_right(low.bounds, value), bisect_left(high.bounds, value)
        if begun <= len(high) - not_ended:
            return [item for item, end in zip(low.items[:begun], low.others, strict=False) if end >= value]
        pairs = zip(high.items[not_ended:], high.others[not_ended:], strict=True)
        return [item for item, start in pairs if start <= value]


class _Sorted(Generic[ItemT]):
    """Items in the order of a bound, with their other bound, if any, beside them."""

    __slots__ = ("bounds", "items", "others")

    def __init__(self) -> None:
        self.bounds: list[Any] = []
        self.items: list[ItemT] = []
        self.others: list[Any] = []

    def __len__(self) -> int:
        return len(self.items)

    def add(self, item: ItemT, bound: Any, other: Any = None) -> None:
        place = bisect_right(self.bounds, bound)
        self.bounds.insert(place, bound)
        self.items.insert(place, item)
        self.others.insert(place, other)

    def discard(self, item: ItemT, bound: Any) -> None:
        place = self.items.index(item, bisect_left(self.bounds, bound))
        del self.bounds[place], self.items[place], self.others[place]

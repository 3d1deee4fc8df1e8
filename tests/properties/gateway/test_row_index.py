"""An index finds every item that a row may satisfy, whatever was added and taken out, and forgets what is taken out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.conditions import Condition, kind_of
from services.gateway.ranges import Range, Ranges
from services.gateway.row_index import RowIndex

numbers = st.one_of(st.integers(-2, 4), st.sampled_from([0.5, 1.0, 2.5]))
texts = st.sampled_from(["", "a", "b", "ba"])
scalars: st.SearchStrategy[Any] = st.one_of(numbers, texts, st.booleans())
values = st.one_of(scalars, st.none(), st.just([1]))
rows = st.dictionaries(st.sampled_from(["spot", "town"]), values, max_size=2)


class Seen:
    """Versions of a row, which note that they were looked at."""

    def __init__(self, *versions: dict[str, Any]) -> None:
        self._versions = versions
        self.looks = 0

    @property
    def versions(self) -> tuple[dict[str, Any], ...]:
        self.looks += 1
        return self._versions


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    column = draw(st.sampled_from(["spot", "spot", "town"]))
    name = draw(st.sampled_from(["eq", "neq", "in", "lt", "lte", "gt", "gte", "gte", "lt", "is_null"]))
    if name == "is_null":
        return Condition(column, name, "boolean", draw(st.booleans()))
    if name in ("lt", "lte", "gt", "gte"):
        operand = draw(st.one_of(numbers, numbers, texts, st.just(float("nan"))))
        return Condition(column, name, kind_of(operand) or "json", operand)
    operand = draw(scalars)
    kind = kind_of(operand)
    assert kind is not None
    if name == "in":
        others = draw(st.lists(scalars.filter(lambda value: kind_of(value) == kind), max_size=2))
        return Condition(column, name, kind, tuple({operand, *others}))
    return Condition(column, name, kind, operand)


wheres = st.frozensets(conditions(), max_size=4)


def holds(where: frozenset[Condition], row: dict[str, Any]) -> bool:
    return all(condition.holds(row) for condition in where)


@settings(max_examples=400, deadline=None)
@given(st.lists(wheres, max_size=8), st.lists(rows, max_size=2), st.data())
def test_whatever_a_row_satisfies_is_found(
    drawn: list[frozenset[Condition]], versions: list[dict[str, Any]], data: st.DataObject
) -> None:
    index: RowIndex[int] = RowIndex()
    for item, where in enumerate(drawn):
        index.add(item, where)
    kept = dict(enumerate(drawn))
    for item in data.draw(st.lists(st.sampled_from(list(kept)), unique=True) if kept else st.just([])):
        index.discard(item, kept.pop(item))
    found = list(index.candidates(Seen(*versions)))
    assert len(found) == len(set(found))
    assert set(found) <= kept.keys()
    due = {item for item, where in kept.items() if not versions or any(holds(where, row) for row in versions)}
    assert due <= set(found)
    for item, where in kept.items():
        index.discard(item, where)
    assert not index


@given(st.lists(wheres.filter(lambda where: all(item.operator in ("neq", "is_null") for item in where))))
def test_nothing_is_read_of_a_row_where_no_index_can_use_it(drawn: list[frozenset[Condition]]) -> None:
    index: RowIndex[int] = RowIndex()
    for item, where in enumerate(drawn):
        index.add(item, where)
    seen = Seen({"spot": 1})
    assert list(index.candidates(seen)) == list(range(len(drawn)))
    assert not seen.looks


@st.composite
def ranges_of(draw: st.DrawFn, bounds: Callable[[], st.SearchStrategy[Any]]) -> Range:
    low, high = draw(st.none() | bounds()), draw(st.none() | bounds())
    return Range(draw(bounds()), high) if low is None and high is None else Range(low, high)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([numbers, texts]), st.data())
def test_a_value_is_held_by_exactly_the_ranges_around_it(bounds: st.SearchStrategy[Any], data: st.DataObject) -> None:
    drawn = data.draw(st.lists(ranges_of(lambda: bounds), max_size=12))
    ranges: Ranges[int] = Ranges()
    for item, over in enumerate(drawn):
        ranges.add(item, over)
    kept = dict(enumerate(drawn))
    for item in data.draw(st.lists(st.sampled_from(list(kept)), unique=True) if kept else st.just([])):
        ranges.discard(item, kept.pop(item))
    assert sorted(ranges) == sorted(kept)
    value = data.draw(bounds)
    found = list(ranges.holding(value))
    around = [
        item for item, (low, high) in kept.items() if (low is None or low <= value) and (high is None or value <= high)
    ]
    assert sorted(found) == around


def test_a_number_that_is_none_puts_no_other_out_of_order() -> None:
    """A policy's file may say ``nan``, beside which nothing is in order; who asks for it comes and goes here."""
    index: RowIndex[str] = RowIndex()
    wanted = {
        name: frozenset({Condition("spot", "gte", "number", operand)})
        for name, operand in {"0": 0, "3": 3, "none": float("nan"), "5": 5, "1": 1}.items()
    }
    for name, where in wanted.items():
        index.add(name, where)
    for name in ("none", "5"):
        index.discard(name, wanted[name])
    assert set(index.candidates(Seen({"spot": 1}))) == {"0", "1"}
